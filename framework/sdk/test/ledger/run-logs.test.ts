import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readRunLog } from "../../src/ledger/run-logs.js";
import type { LogRequest } from "../../src/ledger/run-logs.js";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "datapy-run-logs-"));
  file = path.join(directory, "x.log");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function line(runId: string, message: string): string {
  return `${JSON.stringify({ timestamp: "t", level: "INFO", message, mod: "m", run_id: runId, session_id: "s" })}\n`;
}

async function read(request: Omit<LogRequest, "file">): Promise<string[]> {
  const found: string[] = [];
  for await (const text of readRunLog({ file, ...request }))
    found.push((JSON.parse(text) as { message: string }).message);
  return found;
}

it("gives the lines of one run, or of the whole session", async () => {
  writeFileSync(file, line("m_1", "a") + line("m_2", "b ü") + line("m_1", "c") + line("m_10", "d"));
  expect(await read({})).toEqual(["a", "b ü", "c", "d"]);
  expect(await read({ runId: "m_1" })).toEqual(["a", "c"]);
});

it("reads files larger than one piece, whatever stands at the borders", async () => {
  const messages = Array.from({ length: 3_000 }, (_, n) => `${n} ${"ü€😀".repeat(50)}`);
  writeFileSync(file, messages.map((message) => line("m_1", message)).join(""));
  expect(await read({ runId: "m_1" })).toEqual(messages);
});

it("follows until the run is over, without losing or tearing a line", async () => {
  writeFileSync(file, line("m_1", "0"));
  let over = false;
  let written = 0;
  const writer = setInterval(() => {
    written += 1;
    const text = line("m_1", String(written));
    // In two pieces, as a slow disk may show it.
    appendFileSync(file, text.slice(0, 20));
    appendFileSync(file, text.slice(20));
    if (written < 100) return;
    clearInterval(writer);
    over = true;
  }, 5);
  const found = await read({ runId: "m_1", follow: { isOver: () => over, signal: new AbortController().signal } });
  expect(found).toEqual(Array.from({ length: 101 }, (_, n) => String(n)));
});

it("ends when it is told to", async () => {
  writeFileSync(file, line("m_1", "a"));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  expect(await read({ follow: { isOver: () => false, signal: stop.signal } })).toEqual(["a"]);
});

it.each(["", "/nowhere/x.log"])("says when there is no file (%j)", async (missing) => {
  file = missing;
  await expect(read({})).rejects.toMatchObject({ code: "DATAPY_LOG_FILE_UNREADABLE", exitCode: 20 });
});
