// Measures what a job costs beside its steps: planning, the overhead of a step, what isolated steps gain from a second processor.
// See README.md.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "1000" },
    planned: { type: "string", default: "10000" },
    runs: { type: "string", default: "3" },
    work: { type: "string", default: "2000" },
  },
});
const [STEPS, PLANNED, RUNS, WORK_MS] = [values.steps, values.planned, values.runs, values.work].map(Number);
const LIMITS = { stepMs: 3, wholeMs: 4_000, planMs: 2_000, speedUp: 1.7 };

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(path.join(root, "framework/sdk/package.json"));
const { planJobFile } = require("@datapy/sdk/jobs");
const datapy = path.join(root, "framework/cli/bin/run.js");
const kit = JSON.stringify(path.join(root, "framework/mod-kit/dist/index.js"));
const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-jobs-"));

const mod = (name, params, body) =>
  writeFileSync(
    path.join(folder, `${name}.mjs`),
    `import { createRequire } from "node:module";
const { Type, defineMod } = createRequire(import.meta.url)(${kit});
export default defineMod({
  metadata: { name: "${name}", version: "1.0.0", description: "For a benchmark" },
  params: Type.Object(${params}),
  run(params, ctx) { ${body} return ctx.result.success(); },
});\n`,
  );
mod("nothing", "{ a: Type.Number({ default: 1 }) }", "");
// The same amount of work, whatever else the machine does.
mod(
  "work",
  "{ rounds: Type.Integer() }",
  "let x = 1; for (let n = 0; n < params.rounds; n += 1) x = (x * 48271) % 2147483647; ctx.result.addMetric('x', x);",
);

/** A graph in which every step needs two earlier ones. */
const graph = (count) =>
  `steps:\n${Array.from({ length: count }, (_, index) => {
    const needs =
      index < 2
        ? ""
        : `, needs: [s${index - 1 - (index % 7) < 0 ? 0 : index - 1 - (index % 7)}, s${Math.floor(index / 2)}]`;
    return `- {id: s${index}, mod: ./nothing.mjs, params: {a: ${index}}${needs}}`;
  }).join("\n")}\n`;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const verdict = (ok) => {
  if (!ok) process.exitCode = 1;
  return ok ? "ok" : "TOO SLOW";
};

function runJob(file, ...args) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [datapy, "run-job", file, "--log-level", "error", ...args],
    {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    },
  );
  const milliseconds = performance.now() - began;
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stdout.slice(0, 500)}${stderr.slice(-2000)}`);
  return { milliseconds, envelope: JSON.parse(stdout) };
}

try {
  console.log(
    `${os.cpus()[0]?.model ?? "?"}, ${os.availableParallelism()} processors, Node ${process.version}, ${process.platform}`,
  );
  console.log(`node benchmarks/jobs/run.mjs ${process.argv.slice(2).join(" ")}`.trimEnd());

  writeFileSync(path.join(folder, "planned.yaml"), graph(PLANNED));
  const plans = [];
  for (let n = 0; n < RUNS; n += 1) {
    const began = performance.now();
    const plan = await planJobFile({ cwd: folder, env: process.env, file: { path: "planned.yaml" } });
    plans.push(performance.now() - began);
    if (plan.steps.length !== PLANNED) throw new Error("steps are missing");
  }
  console.log(
    `plan of ${PLANNED} steps: median ${median(plans).toFixed(0)} ms, first ${plans[0].toFixed(0)} ms (limit ${LIMITS.planMs}): ${verdict(median(plans) <= LIMITS.planMs)}`,
  );

  writeFileSync(path.join(folder, "one.yaml"), graph(1));
  writeFileSync(path.join(folder, "many.yaml"), graph(STEPS));
  const [ones, manies] = [[], []];
  for (let n = 0; n < RUNS; n += 1) {
    ones.push(runJob("one.yaml").milliseconds);
    manies.push(runJob("many.yaml").milliseconds);
  }
  const each = (median(manies) - median(ones)) / (STEPS - 1);
  console.log(`job of 1 step, whole command: median ${median(ones).toFixed(0)} ms`);
  console.log(
    `job of ${STEPS} steps, whole command: median ${median(manies).toFixed(0)} ms (limit ${LIMITS.wholeMs}): ${verdict(median(manies) <= LIMITS.wholeMs)}`,
  );
  console.log(`each further step: ${each.toFixed(2)} ms (limit ${LIMITS.stepMs}): ${verdict(each <= LIMITS.stepMs)}`);

  const rounds = calibrate();
  writeFileSync(
    path.join(folder, "work.yaml"),
    `steps:\n${Array.from({ length: 4 }, (_, n) => `- {id: w${n}, mod: ./work.mjs, isolate: true, params: {rounds: ${rounds}}}`).join("\n")}\n`,
  );
  const [single, double] = [[], []];
  for (let n = 0; n < RUNS; n += 1) {
    single.push(runJob("work.yaml", "--max-parallel", "1").milliseconds);
    double.push(runJob("work.yaml", "--max-parallel", "2").milliseconds);
  }
  const gain = median(single) / median(double);
  console.log(
    `4 isolated CPU-bound steps: one at a time ${median(single).toFixed(0)} ms, two at a time ${median(double).toFixed(0)} ms: ${gain.toFixed(2)} times as fast (limit ${LIMITS.speedUp}): ${verdict(gain >= LIMITS.speedUp)}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function calibrate() {
  let [x, rounds] = [1, 0];
  const began = performance.now();
  while (performance.now() - began < 200)
    for (let n = 0; n < 100_000; n += 1, rounds += 1) x = (x * 48271) % 2147483647;
  return Math.round((rounds / 200) * WORK_MS) + (x > 0 ? 0 : 1);
}
