import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { same } from "../expect.js";

/** How long an imported mod may keep a process from ending, in milliseconds. */
const END_LIMIT_MS = 30_000;

/** What the process that imports a mod has to say. */
interface Report {
  readonly handles: readonly string[];
  readonly globals: readonly string[];
  readonly listeners: readonly string[];
  readonly moved: boolean;
}

/** Compares a process before and after the import, and writes the difference to the file that is named first. */
const PROBE = `
import { writeFileSync } from "node:fs";
const [report, entry] = process.argv.slice(-2);
const see = () => ({
  handles: process.getActiveResourcesInfo().filter((name) => !/^(FSReq|FileHandle|Immediate|CloseReq|TTYWrap|PipeWrap|TickObject|Microtask)/.test(name)).sort(),
  globals: Object.getOwnPropertyNames(globalThis).sort(),
  listeners: process.eventNames().map(String).sort(),
  cwd: process.cwd(),
});
const added = (before, after) => after.filter((name, index) => !before.includes(name) || after.indexOf(name) !== index && before.filter((one) => one === name).length < after.filter((one) => one === name).length);
const before = see();
await import(entry);
await new Promise((resolve) => setImmediate(resolve));
const after = see();
writeFileSync(report, JSON.stringify({
  handles: added(before.handles, after.handles),
  globals: added(before.globals, after.globals),
  listeners: added(before.listeners, after.listeners),
  moved: before.cwd !== after.cwd,
}));
`;

/**
 * Importing a mod does nothing: no output, no open handle that keeps the process alive, no new global, no listener of the process. A host
 * imports mods to describe and to check them.
 */
export async function checkImport(entry: string): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-testkit-import-"));
  try {
    const report = path.join(folder, "report.json");
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", PROBE, "--", report, pathToFileURL(entry).href],
      { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_OPTIONS: "" } },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), END_LIMIT_MS);
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (...end) => resolve(end));
    });
    clearTimeout(timer);
    assert.equal(output, "", "importing a mod prints nothing");
    assert.equal(signal, null, "importing a mod leaves nothing that keeps the process alive");
    assert.equal(code, 0, "importing a mod does not set an exit code");
    assert.ok(existsSync(report), "importing a mod does not end the process");
    const found = JSON.parse(readFileSync(report, "utf8")) as Report;
    same(
      found,
      { handles: [], globals: [], listeners: [], moved: false },
      "importing a mod opens, sets and changes nothing",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
