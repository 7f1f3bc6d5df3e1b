import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { runEvents, runMod, setGlobalConfig } from "@datapy/sdk";

const MOD = path.join(__dirname, "..", "dist", "index.js");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-quality-"));
  setGlobalConfig({ work_path: folder, log_path: folder, log_level: "error" });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("what is done of a profile is told in rows", async () => {
  const file = path.join(folder, "rows.csv");
  writeFileSync(file, `id,kind,name\n${Array.from({ length: 50 }, (_, n) => `${n},${n % 3},n${n}`).join("\n")}\n`);
  const events = runEvents();
  const run = runMod(MOD, { input_path: file, expectations: [{ check: "row_count", min: 1 }] });
  const told: unknown[] = [];
  for await (const event of events) {
    if (event.kind === "progress") told.push({ done: event.done, total: event.total, unit: event.unit });
    if (event.kind === "run-ended") break;
  }
  expect((await run).status).toBe("success");
  expect(told.at(-1)).toEqual({ done: 50, total: 50, unit: "rows" });
});
