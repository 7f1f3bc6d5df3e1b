import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onScreen } from "./screen.js";

const DIST = path.resolve(__dirname, "../../dist");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "datapy-progress-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program with two runs that report progress, log and print, for a little more than a second. */
function program(runs = 2): string {
  return `
    const { showLiveProgress } = require(${JSON.stringify(DIST)} + "/progress/live-progress.js");
    const { stderrTerminal } = require(${JSON.stringify(DIST)} + "/progress/stderr-terminal.js");
    const { openSessionLog } = require(${JSON.stringify(DIST)} + "/logging/session-log.js");
    const masker = { add() {}, mask: (text) => text, maskJson: (value) => value };
    const log = openSessionLog({ sessionId: "s", stem: "x", startedAt: new Date(), directory: ${JSON.stringify(directory)}, masker });
    const live = showLiveProgress(stderrTerminal());
    for (let run = 1; run <= ${runs}; run += 1) live.started("run" + run, "mod-" + run);
    let n = 0;
    const timer = setInterval(async () => {
      n += 1;
      live.progress("run1", n * 1000, 60000, "rows");
      live.progress("run2", n * 100000, undefined, "bytes");
      if (n % 5 === 0) log.lifecycle("info", "log line " + n, { mod: "mod-1" });
      if (n % 7 === 0) console.log("printed " + n);
      if (n === 10) process.stdout.write("half a line");
      if (n === 34) process.stdout.write(", the rest\\n");
      if (n === 40) live.ended("run1");
      if (n < 60) return;
      clearInterval(timer);
      live.close();
      await log.close();
      console.log("the end");
    }, 20);`;
}

/** Everything but live lines, which no program wrote on purpose. */
const written = [
  ...[5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60].map((n) => `log line ${n}`),
  ...[7, 14, 21, 28, 35, 42, 49, 56].map((n) => `printed ${n}`),
];

it("keeps a line per run below the log, whatever is logged or printed, and leaves none behind", async () => {
  const screen = await onScreen([process.execPath, "-e", program()]);
  expect(screen.exitCode).toBe(0);
  const live = screen.moments.filter((lines) =>
    lines.some((line) => /^mod-1 {2}[\d,]+ of 60,000 rows \(\d+ %\), [\d,]+ rows\/s {2}\d s, \d+ s left$/.test(line)),
  );
  expect(live.length).toBeGreaterThan(3);
  for (const lines of screen.moments) {
    // One line a run at most, and nothing below them.
    const places = lines.flatMap((line, index) => (/^mod-\d {2}/.test(line) ? [index] : []));
    expect(places.length).toBeLessThanOrEqual(2);
    for (const place of places) expect(place).toBeGreaterThanOrEqual(lines.length - places.length);
  }
  expect(screen.lines.filter((line) => /^mod-\d {2}/.test(line))).toEqual([]);
  for (const text of written)
    expect(screen.lines.filter((line) => line.replace(", the rest", "").endsWith(text))).toHaveLength(1);
  expect(screen.lines.join("\n")).toContain("half a line");
  expect(screen.lines.at(-1)).toBe("the end");
});

it("never reaches the log file", async () => {
  await onScreen([process.execPath, "-e", program()]);
  const [file = ""] = readdirSync(directory);
  const lines = readFileSync(path.join(directory, file), "utf8").trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
    "session started",
    ...written.filter((text) => text.startsWith("log")),
  ]);
});

it("shows nothing off a terminal", () => {
  const done = spawnSync(process.execPath, ["-e", program()], { encoding: "utf8" });
  expect(done.stderr).not.toContain("\u001b");
  expect(done.stderr).not.toContain("rows");
  expect(done.stderr.trim().split("\n")).toHaveLength(12);
});

it("shows nothing on a terminal that cannot move its cursor", async () => {
  const screen = await onScreen([process.execPath, "-e", program()], { env: { TERM: "dumb" } });
  expect(screen.raw).not.toContain("\u001b[0J");
  expect(screen.lines.join("\n")).not.toContain("rows/s");
});

it("uses no colours with NO_COLOR, and colours without", async () => {
  const [plain, colored] = await Promise.all([
    onScreen([process.execPath, "-e", program()], { env: { NO_COLOR: "1" } }),
    onScreen([process.execPath, "-e", program()]),
  ]);

  expect(plain.raw).not.toMatch(/\u001b\[[\d;]*m/);

  expect(colored.raw).toMatch(/\u001b\[[\d;]*m/);
});

it("fits small terminals: no line wraps, and more runs than rows are counted", async () => {
  const screen = await onScreen([process.execPath, "-e", program(30)], { columns: 30, rows: 8 });
  for (const lines of screen.moments)
    expect(lines.filter((line) => /^mod-\d+ {2}/.test(line)).length).toBeLessThanOrEqual(6);
  expect(screen.moments.some((lines) => lines.some((line) => line === "… and 25 more"))).toBe(true);
  expect(screen.lines.filter((line) => /^mod-\d+ {2}|more$/.test(line))).toEqual([]);
});
