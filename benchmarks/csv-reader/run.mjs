// Time and memory of the CSV reader against raw DuckDB (`COPY (FROM read_csv(…)) TO parquet`, which checks nothing).
//
//   node benchmarks/csv-reader/run.mjs [--rows 5000000] [--pairs 5] [--large] [--keep FILE]
//
// Generates the rows, then runs both sides in turn, each in a process of its own, and prints every pair's ratio and the median. Both
// sides run once before, so that the file is in the page cache for all. Where other work shares the machine,
// wall times scatter; the ratio of processor time is printed too, which scatters little. `--large` adds one run of each side on ten times the rows.
// `--keep FILE` leaves the generated file there, and uses it when it is there already.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "5000000" },
    pairs: { type: "string", default: "5" },
    large: { type: "boolean", default: false },
    keep: { type: "string" },
  },
});
const side = path.join(path.dirname(fileURLToPath(import.meta.url)), "side.mjs");
const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-csv-bench-"));

async function generate(file, rows) {
  const { DuckDBInstance } = createRequire(import.meta.url)("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (
    SELECT i AS id, 'customer name ' || (hash(i) % 100000) AS name, DATE '2020-01-01' + (i % 1500)::INT AS day,
      TIMESTAMP '2020-01-01 00:00:00' + INTERVAL (i % 100000000) SECOND AS ts, ((hash(i) % 10000000) / 100.0)::DECIMAL(12,2) AS amount,
      (hash(i * 7) % 1000000) / 1000.0::DOUBLE + 0.5 AS score, i % 2 = 0 AS active, 'ABCDE' || substr(md5(i::VARCHAR), 1, 14) AS code
    FROM range(${rows}) t(i)) TO '${file}' (HEADER)`);
  connection.closeSync();
  instance.closeSync();
}

function run(kind, file) {
  const from = process.hrtime.bigint();
  const done = spawnSync(process.execPath, [side, kind, file, path.join(folder, kind)], { encoding: "utf8" });
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  if (done.status !== 0) throw new Error(`${kind} failed: ${done.stderr}`);
  const { peak_mib: peak, cpu } = JSON.parse(done.stdout.trim().split("\n").at(-1));
  return { seconds, peak, cpu };
}

const show = (name, { seconds, peak, cpu }) =>
  `${name} ${seconds.toFixed(2)} s (processor ${cpu.toFixed(2)} s), ${peak} MiB`;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

try {
  const rows = Number(values.rows);
  const file = values.keep ?? path.join(folder, "rows.csv");
  if (!existsSync(file)) await generate(file, rows);
  const { model } = os.cpus()[0];
  console.log(
    `machine: ${os.cpus().length} × ${model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.release()}, node ${process.version}`,
  );
  console.log(`command: node benchmarks/csv-reader/run.mjs ${process.argv.slice(2).join(" ")}`);
  console.log(`input: ${rows} rows × 8 typed columns, ${Math.round(statSync(file).size / 1e6)} MB`);
  for (const [kind, limit] of [
    ["declared", 1.3],
    ["inferred", 1.6],
  ]) {
    run("duckdb", file);
    run(kind, file);
    const ratios = [];
    const cpuRatios = [];
    for (let pair = 1; pair <= Number(values.pairs); pair++) {
      // Each side goes first in every other pair.
      const order = pair % 2 === 1 ? ["duckdb", kind] : [kind, "duckdb"];
      const result = Object.fromEntries(order.map((name) => [name, run(name, file)]));
      const ratio = result[kind].seconds / result.duckdb.seconds;
      ratios.push(ratio);
      cpuRatios.push(result[kind].cpu / result.duckdb.cpu);
      console.log(
        `types ${kind}, pair ${pair}: ${show("duckdb", result.duckdb)} · ${show("csv-reader", result[kind])} · ratio ${ratio.toFixed(2)}`,
      );
    }
    const middle = median(ratios);
    console.log(
      `types ${kind}: median ratio ${middle.toFixed(2)} (limit ${limit})${middle <= limit ? "" : ": EXCEEDED"}, of processor time ${median(cpuRatios).toFixed(2)}`,
    );
  }
  if (values.large) {
    const large = path.join(folder, "large.csv");
    await generate(large, rows * 10);
    for (const kind of ["duckdb", "declared", "inferred"]) {
      console.log(`${rows * 10} rows, ${show(kind, run(kind, large))} peak`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
