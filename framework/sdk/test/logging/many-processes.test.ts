import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const DIST = path.resolve(__dirname, "../../dist/logging/session-log.js");
const PROCESSES = 8;
const LINES = 10_000;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "datapy-processes-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Starts the processes at once; each logs its lines, some of them long, as fast as it can. */
async function logFromAll(join: string | undefined): Promise<void> {
  const startedAt = JSON.stringify(new Date(2024, 7, 12, 14, 30, 22));
  const script = `
    const { openSessionLog } = require(${JSON.stringify(DIST)});
    const masker = { add() {}, mask: (text) => text, maskJson: (value) => value };
    const log = openSessionLog({ sessionId: "session-" + process.argv[1], stem: "etl", startedAt: new Date(${startedAt}), directory: ${JSON.stringify(directory)}, masker, join: ${JSON.stringify(join)} });
    const logger = log.logger({ mod: "m", run_id: "m_0000000" + process.argv[1] });
    for (let n = 0; n < ${LINES}; n += 1) logger.info("line\\n" + n, { n, pad: n % 100 === 0 ? "x".repeat(30_000) : "" });
    log.close();`;
  const children = Array.from({ length: PROCESSES }, (_, n) =>
    spawn(process.execPath, ["-e", script, String(n)], { stdio: "ignore" }),
  );
  const codes = await Promise.all(children.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  expect(codes).toEqual(Array<number>(PROCESSES).fill(0));
}

/** Numbers of the lines, by session. Fails where a line does not parse. */
function numbersBySession(files: readonly string[]): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const file of files) {
    for (const text of readFileSync(file, "utf8").split("\n").slice(0, -1)) {
      const line = JSON.parse(text) as Record<string, unknown>;
      if (line["n"] === undefined) continue;
      const session = String(line["session_id"]);
      const numbers = found.get(session) ?? [];
      found.set(session, numbers);
      numbers.push(line["n"]);
    }
  }
  return found;
}

it("8 processes × 10,000 lines into one directory: each has its file, every line parses, none is lost", async () => {
  await logFromAll(undefined);
  const files = readdirSync(directory).map((name) => path.join(directory, name));
  expect(files).toHaveLength(PROCESSES);
  expectAllLines(numbersBySession(files));
});

it("8 processes × 10,000 lines into one file: no line is torn or lost, and the sessions can be told apart", async () => {
  const file = path.join(directory, "shared.log");
  await logFromAll(file);
  expectAllLines(numbersBySession([file]));
});

function expectAllLines(found: Map<string, unknown[]>): void {
  const all = Array.from({ length: LINES }, (_, n) => n);
  expect([...found.keys()].sort()).toEqual(Array.from({ length: PROCESSES }, (_, n) => `session-${n}`));
  for (const numbers of found.values()) expect(numbers).toEqual(all);
}
