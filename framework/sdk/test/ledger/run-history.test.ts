import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { EarlierRun, HistoryOptions } from "@datapy/mod-kit";
import { Type, defineMod } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "../../src/index.js";

let folder: string;
// The session of a process, and so its work path, is one for all tests.
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-history-"));
  setGlobalConfig({ work_path: folder, log_path: folder, log_level: "error" });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let seen: readonly EarlierRun[] = [];

/** Notes its number, and what it sees of the runs before. */
const counter = (name: string) =>
  defineMod({
    metadata: { name, version: "1.0.0", description: "Counts" },
    params: Type.Object({
      n: Type.Integer(),
      fails: Type.Boolean({ default: false }),
      ask: Type.Unsafe<HistoryOptions>(Type.Object({}, { additionalProperties: true, default: {} })),
    }),
    async run(params, ctx) {
      seen = await ctx.history(params.ask);
      ctx.result.addMetric("n", params.n);
      ctx.result.addMetric("odd", params.n % 2 === 1);
      if (params.fails) throw new Error("no");
      if (params.n === 3) ctx.result.addWarning("three");
      return ctx.result.success();
    },
  });

const numbers = (): unknown[] => seen.map((run) => run.metrics["n"]);

test("earlier successful runs of the same mod, newest first, with their metrics", async () => {
  const mod = counter("counter");
  await runMod(mod, { n: 1 });
  expect(seen).toEqual([]);
  await runMod(mod, { n: 2, fails: true });
  await runMod(counter("another"), { n: 99 });
  await runMod(mod, { n: 3 });
  const last = await runMod(mod, { n: 4 });
  expect(numbers()).toEqual([3, 1]);
  await runMod(mod, { n: 5 });
  expect(numbers()).toEqual([4, 3, 1]);
  expect(seen[0]?.runId).toBe(last.logs.run_id);
  expect(seen[0]?.endedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  await runMod(mod, { n: 6, ask: { limit: 1 } });
  expect(numbers()).toEqual([5]);
  await runMod(mod, { n: 7, ask: { metrics: { odd: false } } });
  expect(numbers()).toEqual([6, 4]);
});

test("runs of another project under the same work path, torn lines and old days are passed over", async () => {
  const mod = counter("later-counter");
  await runMod(mod, { n: 1 });
  await runMod(mod, { n: 2 });
  const [day = ""] = readdirSync(path.join(folder, "runs"));
  const [file = ""] = readdirSync(path.join(folder, "runs", day)).filter((name) => name.endsWith(".ndjson"));
  const session = path.join(folder, "runs", day, file);
  appendFileSync(session, '{"eventType":"COMPLETE","run":{"fac');
  await runMod(mod, { n: 3 });
  expect(numbers()).toEqual([2, 1]);
  writeFileSync(session, readFileSync(session, "utf8").replaceAll('"namespace":"datapy"', '"namespace":"other"'));
  await runMod(mod, { n: 4 });
  expect(numbers()).not.toContain(1);
  utimesSync(session, 0, 0);
  await runMod(mod, { n: 5, ask: { maxAgeDays: 0 } });
  expect(seen).toEqual([]);
});
