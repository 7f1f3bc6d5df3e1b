// One side of the comparison, as a process of its own: `node side.mjs duckdb|declared|inferred INPUT OUTPUT-FOLDER`.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

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
  const { DuckDBInstance } = createRequire(import.meta.url)("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { enable_external_file_cache: "false" });
  const connection = await instance.connect();
  const columns = Object.entries(types).map(([name, type]) => `'${name}': '${type}'`);
  await connection.run(
    `COPY (FROM read_csv('${input}', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {${columns}})) TO '${path.join(folder, "duckdb.parquet")}' (FORMAT parquet)`,
  );
  connection.closeSync();
} else {
  const { openReader } = await import("./run-context.mjs");
  const reader = await openReader();
  const declared = { delimiter: ",", quote: '"', header: true, skip_rows: 0, columns: types };
  const { error, metrics } = await reader.run({ input_path: input, ...(side === "declared" ? declared : {}) }, folder);
  reader.close();
  if (error) throw error;
  process.stdout.write(`${JSON.stringify({ rows: metrics.rows_output })}\n`);
}
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const cpu = (userCPUTime + systemCPUTime) / 1e6;
process.stdout.write(`${JSON.stringify({ peak_mib: Math.round(maxRSS / 1024), cpu })}\n`);
