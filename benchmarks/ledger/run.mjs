// Asks `datapy runs` about ledgers of 100,000 runs. See README.md.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(path.join(root, "framework/sdk/package.json"));
const { openLedger } = require("./dist/ledger/ledger.js");

const RUNS = 100_000;
const REPEATS = 5;
const LIMIT = 1.5;
const DAY = 86_400_000;
const MODS = ["csv-reader", "data-cleaner", "database-writer", "api-client"];
const masker = { add: () => undefined, mask: (text) => text, maskJson: (value) => value };

/** A UUID for number `n`. */
function uuid(n) {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

async function writeLedger(workPath, sessions, days) {
  const runsOfSession = RUNS / sessions;
  const now = Date.now();
  for (let session = 0; session < sessions; session += 1) {
    const startedAt = new Date(now - Math.floor(((sessions - session) / sessions) * days * DAY));
    const sessionId = uuid(session);
    const ledger = openLedger({ workPath, sessionId, startedAt, masker, job: { name: "daily_customer_etl" }, env: {} });
    for (let run = 0; run < runsOfSession; run += 1) {
      const number = session * runsOfSession + run;
      const mod = MODS[number % MODS.length];
      const runId = `${mod}_${number.toString(16).padStart(8, "0")}`;
      const logs = {
        log_file: "/logs/etl/daily_customer_etl_20260101_000000.log",
        session_id: sessionId,
        run_id: runId,
      };
      const failed = number % 97 === 0;
      const envelope = failed
        ? {
            status: "error",
            execution_time: 0.5,
            errors: ["CSV_NOT_FOUND: no file /data/customers.csv"],
            exit_code: 20,
            globals: {},
            logs,
          }
        : {
            status: "success",
            execution_time: 2.34,
            metrics: { rows_processed: 10_000, rows_output: 9_876, memory_used_mb: 45.2 },
            artifacts: { output_data: "/data/out.parquet" },
            globals: {},
            warnings: [],
            errors: [],
            logs,
          };
      const began = new Date(startedAt.getTime() + run * 10);
      ledger.runStarted({
        runId,
        mod,
        startedAt: began,
        parameters: { input_path: "/data/customers.csv" },
        logFile: logs.log_file,
      });
      ledger.runEnded(runId, { envelope, exitCode: failed ? 20 : 0, endedAt: began });
    }
    await ledger.sessionEnded({ exitCode: 0 });
  }
}

function ask(workPath, args) {
  const seconds = [];
  let lines = 0;
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const before = process.hrtime.bigint();
    const done = spawnSync(
      process.execPath,
      [path.join(root, "framework/cli/bin/run.js"), "runs", ...args, "--work-path", workPath],
      {
        encoding: "utf8",
        maxBuffer: 1 << 30,
        cwd: workPath,
      },
    );
    seconds.push(Number(process.hrtime.bigint() - before) / 1e9);
    if (done.status !== 0) throw new Error(`datapy runs ${args.join(" ")} ended with ${done.status}: ${done.stderr}`);
    lines = done.stdout.split("\n").length - 1;
  }
  seconds.sort((a, b) => a - b);
  return { median: seconds[REPEATS >> 1], worst: seconds.at(-1), lines };
}

const cache = path.join(root, "benchmarks/.data");
mkdirSync(cache, { recursive: true });
const keep = process.argv.includes("--keep");
let slow = 0;
for (const [name, sessions, days] of [
  ["100,000 sessions of 1 run, 100 days", 100_000, 100],
  ["100 sessions of 1,000 runs, 1 day", 100, 1],
]) {
  const workPath = keep ? path.join(cache, `ledger-${sessions}`) : mkdtempSync(path.join(tmpdir(), "datapy-ledger-"));
  try {
    if (!existsSync(path.join(workPath, "runs"))) {
      const before = process.hrtime.bigint();
      await writeLedger(workPath, sessions, days);
      const seconds = Number(process.hrtime.bigint() - before) / 1e9;
      console.log(`${name}: written in ${seconds.toFixed(1)} s, ${((seconds / RUNS) * 1e6).toFixed(0)} µs a run`);
    }
    const some = `csv-reader_${(4_000).toString(16).padStart(8, "0")}`;
    for (const args of [
      [],
      ["--failed"],
      ["--mod", "csv_reader"],
      ["--since", "2d"],
      ["show", some],
      ["--all", "--json"],
    ]) {
      const { median, worst, lines } = ask(workPath, args);
      if (worst > LIMIT) slow += 1;
      const question = `datapy runs ${args.join(" ")}`.trim().padEnd(40);
      console.log(`  ${question} median ${median.toFixed(2)} s, worst ${worst.toFixed(2)} s, ${lines} lines`);
    }
  } finally {
    if (!keep) rmSync(workPath, { recursive: true, force: true });
  }
}
console.log(slow === 0 ? `every question within ${LIMIT} s` : `${slow} questions took more than ${LIMIT} s`);
process.exitCode = slow === 0 ? 0 : 1;
