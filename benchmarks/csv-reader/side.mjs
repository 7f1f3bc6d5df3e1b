// One side of the comparison, as a process of its own: `node side.mjs duckdb|declared|inferred INPUT OUTPUT-FOLDER`.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const [side, input, folder] = process.argv.slice(2);
const types = {
  id: "BIGINT",
  name: "VARCHAR",
  day: "DATE",
  ts: "TIMESTAMP",
  amount: "DECIMAL(12,2)",
  score: "DOUBLE",
  active: "BOOLEAN",
  code: "VARCHAR",
};
mkdirSync(folder, { recursive: true });
if (side === "duckdb") {
  const { DuckDBInstance } = require("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { enable_external_file_cache: "false" });
  const connection = await instance.connect();
  const columns = Object.entries(types).map(([name, type]) => `'${name}': '${type}'`);
  await connection.run(
    `COPY (FROM read_csv('${input}', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {${columns}})) TO '${path.join(folder, "duckdb.parquet")}' (FORMAT parquet)`,
  );
  connection.closeSync();
} else {
  const { runMod, setGlobalConfig } = require("@datapy/sdk");
  setGlobalConfig({ work_path: folder, log_level: "error" });
  const declared = { delimiter: ",", quote: '"', header: true, skip_rows: 0, columns: types };
  const envelope = await runMod(require.resolve("@datapy/mod-csv-reader"), {
    input_path: input,
    ...(side === "declared" ? declared : {}),
  });
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  process.stdout.write(`${JSON.stringify({ rows: envelope.metrics.rows_output })}\n`);
}
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const cpu = (userCPUTime + systemCPUTime) / 1e6;
process.stdout.write(`${JSON.stringify({ peak_mib: Math.round(maxRSS / 1024), cpu })}\n`);
