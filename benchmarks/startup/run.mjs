// What starting costs.
//
//   node benchmarks/startup/run.mjs [--pairs 21]
//
// 1. `datapy run-mod` of a mod that does nothing, against an oclif hello-world with the same Node: at most 1.5 times its time.
// 2. `datapy mods` with 100 installed mods against 1: at most 50 ms more.
// 3. Neither loads DuckDB, winston's transports or a mod that is not run.
//
// Both sides of a comparison run in turn, so that the machine's moods meet both; the median of the pairs counts. Everything is made in
// a temporary folder, as `npm publish` and `datapy plugins install` would leave it. Exit code 1 when a target is missed.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { datapy, makeDataDirectory, makeHello } from "./world.mjs";

const TARGET_RATIO = 1.5;
const TARGET_MILLISECONDS = 50;
/** Files that no start may load. Winston's core is loaded by a run that logs; its transports are not, nor is anything of DuckDB. */
const FORBIDDEN = /[\\/](@duckdb|winston-transport|winston[\\/]lib[\\/]winston[\\/]transports)[\\/]|duckdb\.node$/;

const { values } = parseArgs({ options: { pairs: { type: "string", default: "21" } } });
const pairs = Number(values.pairs);
const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-startup-")));
const project = path.join(folder, "project");
const kept = Object.fromEntries(
  ["PATH", "SystemRoot", "TEMP", "TMP"].flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
);

function environment(dataDirectory, extra = {}) {
  return {
    ...kept,
    HOME: folder,
    USERPROFILE: folder,
    DATAPY_DATA_DIR: dataDirectory,
    NODE_ENV: "production",
    ...extra,
  };
}

function run(args, env) {
  const from = process.hrtime.bigint();
  const done = spawnSync(process.execPath, args, { cwd: project, env, encoding: "utf8" });
  const milliseconds = Number(process.hrtime.bigint() - from) / 1e6;
  if (done.status !== 0) throw new Error(`${args.join(" ")} ended with ${done.status}: ${done.stderr}${done.stdout}`);
  return { milliseconds, stdout: done.stdout };
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];

/** Times of `first` and `second`, taken in turn. */
function inTurn(first, second) {
  for (const warm of [first, second]) warm();
  const times = Array.from({ length: pairs }, () => [first().milliseconds, second().milliseconds]);
  return { first: times.map(([a]) => a), second: times.map(([, b]) => b), pairs: times };
}

/** What every process of one command had loaded. */
function trace(args, dataDirectory) {
  const traces = mkdtempSync(path.join(folder, "trace-"));
  const hook = fileURLToPath(new URL("trace.cjs", import.meta.url));
  run(
    args,
    environment(dataDirectory, { NODE_OPTIONS: `--require ${JSON.stringify(hook)}`, DATAPY_BENCH_TRACE: traces }),
  );
  return readdirSync(traces).map((name) => JSON.parse(readFileSync(path.join(traces, name), "utf8")));
}

let missed = false;
function judge(holds, text) {
  missed ||= !holds;
  console.log(`${holds ? "ok    " : "MISSED"} ${text}`);
}

try {
  mkdirSync(project, { recursive: true });
  const marks = path.join(folder, "marks");
  const one = path.join(folder, "data-1");
  const hundred = path.join(folder, "data-100");
  const others = Array.from({ length: 99 }, (_, index) => `other-${index + 1}`);
  makeDataDirectory(one, ["empty"], marks);
  makeDataDirectory(hundred, ["empty", ...others], marks);
  const hello = await makeHello(path.join(folder, "hello"));

  console.log(
    `machine: ${os.cpus().length} × ${os.cpus()[0].model}, ${os.platform()} ${os.release()}, node ${process.version}`,
  );
  console.log(`command: node benchmarks/startup/run.mjs --pairs ${pairs}`);

  const start = inTurn(
    () => run([hello, "hello", "you", "--from", "me"], environment(one)),
    () => run([datapy, "run-mod", "empty", "--log-level", "error"], environment(one)),
  );
  const ratio = median(start.pairs.map(([a, b]) => b / a));
  console.log(
    `oclif hello-world ${median(start.first).toFixed(0)} ms, datapy run-mod of an empty mod ${median(start.second).toFixed(0)} ms (medians of ${pairs})`,
  );
  judge(ratio <= TARGET_RATIO, `run-mod / hello-world: median ratio ${ratio.toFixed(2)} (target ≤ ${TARGET_RATIO})`);

  const list = inTurn(
    () => run([datapy, "mods"], environment(one)),
    () => run([datapy, "mods"], environment(hundred)),
  );
  const more = median(list.pairs.map(([a, b]) => b - a));
  console.log(
    `datapy mods with 1 installed mod ${median(list.first).toFixed(0)} ms, with 100 ${median(list.second).toFixed(0)} ms`,
  );
  judge(
    more <= TARGET_MILLISECONDS,
    `99 more installed mods: median ${more.toFixed(1)} ms more (target ≤ ${TARGET_MILLISECONDS} ms)`,
  );

  rmSync(marks, { recursive: true });
  mkdirSync(marks);
  for (const [title, args, loaded] of [
    ["datapy mods", [datapy, "mods"], []],
    ["datapy run-mod", [datapy, "run-mod", "empty", "--log-level", "error"], ["empty"]],
  ]) {
    const processes = trace(args, hundred);
    const files = processes.flatMap((process) => process.files);
    const bad = [...files, ...processes.flatMap((process) => process.libraries)].filter((file) => FORBIDDEN.test(file));
    console.log(
      `${title}: ${processes.length} process(es), ${processes.map((process) => process.files.length).join(" + ")} files loaded`,
    );
    judge(
      bad.length === 0,
      `${title} loads no DuckDB and no winston transport${bad.length === 0 ? "" : `: ${bad.slice(0, 3).join(", ")}`}`,
    );
    const marked = readdirSync(marks).sort();
    judge(
      JSON.stringify(marked) === JSON.stringify(loaded),
      `${title} loads these mods of 100: ${marked.join(", ") || "none"}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = missed ? 1 : 0;
