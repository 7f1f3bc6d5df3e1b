// Measures what `runMod` adds to a mod that does nothing. See README.md.
import { mkdtempSync, readdirSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(path.join(root, "framework/sdk/package.json"));
const folder = mkdtempSync(path.join(tmpdir(), "datapy-overhead-"));
process.chdir(folder);

const CALLS = 1_000;
const LIMIT_MS = 2;
setFlagsFromString("--expose-gc");
const collectGarbage = globalThis.gc ?? runInNewContext("gc");

const mod = path.join(folder, "nothing.mjs");
const kit = path.join(root, "framework/mod-kit/dist/index.js");
writeFileSync(
  mod,
  `import { createRequire } from "node:module";
const { Type, defineMod } = createRequire(import.meta.url)(${JSON.stringify(kit)});
export default defineMod({
  metadata: { name: "nothing", version: "1.0.0", description: "Does nothing" },
  params: Type.Object({ a: Type.Number({ default: 1 }), b: Type.Optional(Type.String()) }),
  run: (_params, ctx) => ctx.result.success(),
});\n`,
);

const { runMod, setGlobalConfig } = require("@datapy/sdk");
setGlobalConfig({ log_level: "ERROR" });

async function call() {
  const before = performance.now();
  const result = await runMod(mod, { b: "x" });
  if (result.status !== "success") throw new Error(JSON.stringify(result));
  return performance.now() - before;
}

async function state() {
  // What is referenced weakly stays until the event loop has turned, and what is finalized until it has turned again.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const { heapUsed, rss } = process.memoryUsage();
  const descriptors = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
  return {
    heap: heapUsed / 2 ** 20,
    rss: rss / 2 ** 20,
    descriptors,
    handles: process.getActiveResourcesInfo().length,
  };
}

const show = ({ heap, rss, descriptors, handles }) =>
  `heap ${heap.toFixed(1)} MiB, resident ${rss.toFixed(0)} MiB, ${descriptors} descriptors, ${handles} handles`;

try {
  for (let n = 0; n < CALLS / 5; n += 1) await call();
  const states = [await state()];
  console.log(`after the warm-up: ${show(states[0])}`);
  for (let round = 1; round <= 3; round += 1) {
    const times = [];
    for (let n = 0; n < CALLS; n += 1) times.push(await call());
    times.sort((a, b) => a - b);
    states.push(await state());
    const mean = times.reduce((sum, one) => sum + one, 0) / CALLS;
    console.log(
      `${CALLS} calls: median ${times[CALLS >> 1].toFixed(2)} ms, 99 % ${times[Math.floor(CALLS * 0.99)].toFixed(2)} ms, mean ${mean.toFixed(2)} ms; ${show(states.at(-1))}`,
    );
    // The mean also counts what other programs on the machine took.
    if (times[CALLS >> 1] > LIMIT_MS) process.exitCode = 1;
  }
  const before = performance.now();
  for (let n = 0; n < CALLS / 10; n += 1) await Promise.all(Array.from({ length: 10 }, call));
  console.log(
    `${CALLS} calls, ten at a time: ${((performance.now() - before) / CALLS).toFixed(2)} ms each; ${show(await state())}`,
  );
  const [first, , , last] = states;
  const grown = ((last.heap - first.heap) * 1024) / (3 * CALLS);
  console.log(
    `heap growth: ${grown.toFixed(2)} KiB a call; descriptors ${last.descriptors - first.descriptors}, handles ${last.handles - first.handles}`,
  );
  if (last.descriptors > first.descriptors || last.handles > first.handles || grown > 1) process.exitCode = 1;
} finally {
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}
