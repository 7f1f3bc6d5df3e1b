// How long `datapy lineage` and `datapy artifacts` take with many runs in the ledger, and what the checksum of an artifact costs.
//
//   node benchmarks/lineage/run.mjs [--runs 100000] [--bytes 268435456] [--rounds 5]
import { spawnSync } from "node:child_process";
import { randomUUID, randomFillSync } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fileChecksum } from "../../framework/sdk/dist/artifacts/file-checksum.js";
import { openLedger } from "../../framework/sdk/dist/ledger/ledger.js";
import { createMasker } from "../../framework/sdk/dist/secrets/masker.js";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    bytes: { type: "string", default: String(256 * 1024 * 1024) },
    rounds: { type: "string", default: "5" },
  },
});
const [runs, bytes, rounds] = [values.runs, values.bytes, values.rounds].map(Number);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-lineage-benchmark-"));
const STEPS = 5;
const columns = Array.from({ length: 12 }, (_, index) => ({ name: `column_${index}`, type: "VARCHAR" }));

/** Two hundred jobs of five steps, run again and again over sixty days. */
async function fill() {
  const masker = createMasker();
  for (let session = 0; session < runs / STEPS; session += 1) {
    const sessionId = randomUUID();
    const startedAt = new Date(Date.now() - (session % 60) * 86_400_000);
    const job = session % 200;
    const ledger = openLedger({ workPath: folder, sessionId, startedAt, masker, job: { name: `job_${job}` }, env: {} });
    let input = `/data/in_${job}.csv`;
    for (let step = 0; step < STEPS; step += 1) {
      const runId = `mod-${step}_${(session * STEPS + step).toString(16).padStart(8, "0")}`;
      const isLast = step === STEPS - 1;
      const uri = isLast
        ? `postgresql://db:5432/shop/public.table_${job}`
        : path.join(folder, "artifacts", sessionId, `step_${step}`, "output_data.parquet");
      const lineage = Object.fromEntries(columns.map(({ name }) => [name, [{ uri: input, column: name }]]));
      const envelope = {
        status: "success",
        execution_time: 1,
        metrics: { rows_output: 5 },
        artifacts: {},
        globals: {},
        warnings: [],
        errors: [],
        logs: { log_file: "", session_id: sessionId, run_id: runId },
      };
      ledger.runStarted({
        runId,
        mod: `mod-${step}`,
        step: `step_${step}`,
        startedAt,
        parameters: {},
        inputs: [{ uri: input }],
        logFile: "",
      });
      const table = { kind: "table", key: "output_data", uri, rows: 5, bytes: 10, columns, lineage };
      const written = isLast
        ? { outputs: [{ uri, columns, rows: 5, lineage }] }
        : { artifacts: [{ ...table, checksum: "0".repeat(64) }] };
      ledger.runEnded(runId, { envelope, exitCode: 0, endedAt: startedAt, ...written });
      input = uri;
    }
    await ledger.sessionEnded({ exitCode: 0 });
  }
}

function seconds(...args) {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const done = spawnSync(process.execPath, [
      path.join(root, "framework/cli/bin/run.js"),
      ...args,
      "--work-path",
      folder,
    ]);
    if (done.status !== 0) throw new Error(`${args.join(" ")}: ${done.stderr}`);
    times.push((performance.now() - began) / 1000);
  }
  return median(times);
}

function median(times) {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** A checksum beside what cannot be left out: writing the file and having it on the disk. */
async function checksum() {
  const file = path.join(folder, "big.bin");
  writeFileSync(file, randomFillSync(Buffer.allocUnsafe(bytes)));
  const [hashing, copying] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    let began = performance.now();
    await fileChecksum(file);
    hashing.push((performance.now() - began) / 1000);
    began = performance.now();
    copyFileSync(file, `${file}.copy`);
    copying.push((performance.now() - began) / 1000);
  }
  return { hashing: median(hashing), copying: median(copying) };
}

try {
  console.log(`${os.cpus()[0]?.model}, ${os.availableParallelism()} processors, Node ${process.version}`);
  console.log(`node benchmarks/lineage/run.mjs --runs ${runs} --bytes ${bytes} --rounds ${rounds}`);
  await fill();
  console.log(
    `${runs} runs: lineage of a table, with columns: ${seconds("lineage", "public.table_7", "--columns").toFixed(2)} s`,
  );
  console.log(
    `${runs} runs: lineage of a file downward: ${seconds("lineage", "/data/in_7.csv", "--down").toFixed(2)} s`,
  );
  console.log(`${runs} runs: the newest artifacts: ${seconds("artifacts", "--all").toFixed(2)} s`);
  const { hashing, copying } = await checksum();
  console.log(
    `${(bytes / 2 ** 20).toFixed(0)} MiB: checksum ${hashing.toFixed(3)} s, copy ${copying.toFixed(3)} s, ratio ${(hashing / copying).toFixed(2)}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
