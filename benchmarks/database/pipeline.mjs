// The script of four mods, in a process of its own: CSV → clean → validate → PostgreSQL. Prints rows and peak memory as JSON.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runMod, setGlobalConfig } from "@datapy/sdk";

const { csv, table, connection, workPath } = JSON.parse(process.argv[2]);
const plugins = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../plugins");
// What does not fit into this is spilled to disk; it bounds DuckDB's part of the memory of the process.
setGlobalConfig({ work_path: workPath, log_level: "error", duckdb_memory_limit: "800MB" });

async function step(mod, params) {
  const began = performance.now();
  const { user, system } = process.cpuUsage();
  const envelope = await runMod(path.join(plugins, `mod-${mod}/dist/index.js`), params);
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  const worked = process.cpuUsage({ user, system });
  seconds[mod] = Math.round((performance.now() - began) / 10) / 100;
  processor[mod] = Math.round((worked.user + worked.system) / 10_000) / 100;
  return envelope;
}
const seconds = {};
const processor = {};

const read = await step("csv-reader", { input_path: csv });
const cleaned = await step("data-cleaner", {
  input_artifact: read.artifacts.output_data,
  trim: true,
  cast: { day: { type: "DATE", formats: ["%d/%m/%Y"] }, amount: "DECIMAL(12,2)", active: "BOOLEAN" },
  fill: { amount: { value: 0 } },
  deduplicate: { keys: ["id"] },
});
const valid = await step("validator", {
  input_artifact: cleaned.artifacts.output_data,
  rules: [
    { column: "id", check: "required" },
    { column: "name", check: "required" },
    { column: "amount", check: "range", min: 0, max: 100000 },
    { column: "code", check: "pattern", pattern: "^ABCDE[0-9a-f]{14}$" },
  ],
});
const written = await step("database-writer", {
  input_artifact: valid.artifacts.output_data,
  connection_string: connection,
  table_name: table,
  write_mode: "replace",
});
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(
  JSON.stringify({
    rows: written.metrics.rows_output,
    peak_mib: Math.round(maxRSS / 1024),
    cpu_seconds: Math.round((userCPUTime + systemCPUTime) / 10_000) / 100,
    clean: valid.artifacts.output_data,
    seconds,
    processor,
  }),
);
