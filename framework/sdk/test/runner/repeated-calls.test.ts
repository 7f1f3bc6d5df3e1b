import { HostFolder } from "./host-process.js";

let host: HostFolder;
beforeEach(() => {
  host = new HostFolder();
});
afterEach(() => host.remove());

/** What a process holds, after a collection of garbage and what that finalizes. */
const HELD = `
import { existsSync, readdirSync } from "node:fs";
export async function held() {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  const descriptors = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
  return { descriptors, handles: process.getActiveResourcesInfo().length, heap: process.memoryUsage().heapUsed };
}
`;

it.each([
  ["succeed", `return ctx.result.success();`],
  ["fail", `throw new Error("no");`],
  [
    "have a time to keep, a signal and a logger",
    `ctx.log.info("x"); ctx.signal.addEventListener("abort", () => {}); return ctx.result.success();`,
  ],
])("1,000 calls in a row that %s leave no handle and no memory behind", async (_, body) => {
  host.mod("small", body);
  host.file("held.mjs", HELD);
  const script = host.file(
    "flow.mjs",
    `import { runMod, setGlobalConfig } from "@datapy/sdk";
import { held } from "./held.mjs";
setGlobalConfig({ log_level: "ERROR", log_path: "logs" });
const controller = new AbortController();
const call = () => runMod("./small.mjs", {}, { timeout: "10m", signal: controller.signal, failOnError: false });
for (let n = 0; n < 200; n++) await call();
const before = await held();
for (let n = 0; n < 1000; n++) await call();
const after = await held();
process.stdout.write("held " + JSON.stringify({ before, after }) + "\\n");
`,
  );
  host.linkPackages();
  const outcome = await host.start(["--expose-gc", script]).ended;
  expect(outcome.code).toBe(0);
  const { before, after } = JSON.parse(/held (.*)/.exec(outcome.stdout)?.[1] ?? "") as Record<
    "before" | "after",
    { descriptors: number; handles: number; heap: number }
  >;
  expect([after.descriptors - before.descriptors, after.handles - before.handles]).toEqual([0, 0]);
  // A session remembers that each of its runs was; anything that a run holds would be many times this.
  expect((after.heap - before.heap) / 1000).toBeLessThan(2048);
});
