import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSessionLog } from "../../src/logging/session-log.js";
import type { SessionLogOptions } from "../../src/logging/session-log-types.js";
import { createMasker } from "../../src/secrets/masker.js";
import { captureStderr } from "./capture-stderr.js";

const DIST = path.resolve(__dirname, "../../dist/logging/session-log.js");
const STARTED = new Date(2024, 7, 12, 14, 30, 22);

let directory: string;
let stderr: ReturnType<typeof captureStderr>;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "datapy-log-"));
  stderr = captureStderr();
});
afterEach(() => {
  stderr.release();
  rmSync(directory, { recursive: true, force: true });
});

function options(more: Partial<SessionLogOptions> = {}): SessionLogOptions {
  return {
    sessionId: "7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10",
    stem: "customer_etl_job",
    startedAt: STARTED,
    directory,
    masker: createMasker(),
    ...more,
  };
}

function linesOf(file: string): Record<string, unknown>[] {
  const text = readFileSync(file, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the log file", () => {
  it("is named after stem and local time, and never shared by two sessions of one second", async () => {
    const logs = [1, 2, 3].map(() => openSessionLog(options()));
    expect(logs.map((log) => path.basename(log.file))).toEqual([
      "customer_etl_job_20240812_143022.log",
      "customer_etl_job_20240812_143022_2.log",
      "customer_etl_job_20240812_143022_3.log",
    ]);
    await Promise.all(logs.map((log) => log.close()));
  });

  it("makes its directory, and a safe name of any stem", () => {
    const file = openSessionLog(options({ directory: path.join(directory, "a/b"), stem: "../é täglich/*?\0" })).file;
    expect(path.dirname(file)).toBe(path.join(directory, "a/b"));
    expect(path.basename(file)).toBe("_é_täglich__20240812_143022.log");
    expect(existsSync(file)).toBe(true);
    expect(path.basename(openSessionLog(options({ stem: "x".repeat(1_000) })).file).length).toBeLessThan(250);
  });

  it("begins with a header by which it is known, and holds every line when the call that logs it returns", () => {
    const log = openSessionLog(options());
    log.lifecycle("info", "run started", { mod: "m", run_id: "m_00000001" });
    log.logger({ mod: "m", run_id: "m_00000001" }).info("first", { rows: 1 });
    log.logger({}).error("second");
    expect(linesOf(log.file)).toMatchObject([
      { level: "INFO", message: "session started", session_id: log.sessionId, datapy: "1.0.0", pid: process.pid },
      { level: "INFO", message: "run started", mod: "m", run_id: "m_00000001", session_id: log.sessionId },
      { level: "INFO", message: "first", mod: "m", run_id: "m_00000001", session_id: log.sessionId, rows: 1 },
      { level: "ERROR", message: "second", session_id: log.sessionId },
    ]);
  });

  it("is added to by other processes of the session, without a second header", () => {
    const first = openSessionLog(options());
    const second = openSessionLog(options({ join: first.file }));
    second.lifecycle("error", "killed");
    first.lifecycle("info", "end");
    expect(second.file).toBe(first.file);
    expect(linesOf(first.file).map((line) => line["message"])).toEqual(["session started", "killed", "end"]);
  });

  it("masks secrets, those too that are learned later", () => {
    const { masker } = options();
    const log = openSessionLog(options({ masker }));
    masker.add("hunter2!");
    log.logger({}).info("login hunter2!", { url: "postgres://u:hunter2%21@h/d", deep: [{ "hunter2!": "x" }] });
    expect(readFileSync(log.file, "utf8") + stderr.text()).not.toMatch(/hunter2/);
  });
});

describe("levels", () => {
  it.each([
    ["DEBUG", ["d", "i", "w", "e"]],
    ["info", ["i", "w", "e"]],
    ["Warning", ["w", "e"]],
    ["warn", ["w", "e"]],
    ["ERROR", ["e"]],
    ["critical", ["e"]],
    ["silly", ["d", "i", "w", "e"]],
  ])("%s lets through %j", (level, expected) => {
    const log = openSessionLog(options({ level }));
    const logger = log.logger({});
    logger.debug("d");
    logger.info("i");
    logger.warn("w");
    logger.error("e");
    expect(
      linesOf(log.file)
        .slice(1)
        .map((line) => line["message"]),
    ).toEqual(expected);
    expect(stderr.lines().map((line) => line["message"])).toEqual(expected);
  });

  it("refuses any other", () => {
    expect(() => openSessionLog(options({ level: "loud" }))).toThrow(
      expect.objectContaining({ code: "DATAPY_LOG_LEVEL_UNKNOWN", exitCode: 20 }) as Error,
    );
    expect(() => openSessionLog(options({ level: "constructor" }))).toThrow('"constructor" is not a log level');
  });
});

describe("stderr", () => {
  it("gets the same JSON lines off a terminal, and pretty ones when asked", () => {
    const log = openSessionLog(options());
    log.logger({ mod: "m" }).warn("careful");
    expect(stderr.lines()).toMatchObject([{ level: "WARNING", message: "careful", mod: "m" }]);
    openSessionLog(options({ format: "pretty" }))
      .logger({ mod: "m" })
      .warn("pretty");
    expect(stderr.text()).toMatch(/\d\d:\d\d:\d\d\.\d{3} WARNING m pretty\n/);
  });
});

describe("when the file cannot be written", () => {
  it("says so once on stderr and goes on without a file", async () => {
    writeFileSync(path.join(directory, "file"), "");
    const log = openSessionLog(options({ directory: path.join(directory, "file/logs") }));
    expect(log.file).toBe("");
    log.logger({}).info("still here");
    await log.close();
    expect(stderr.lines()).toMatchObject([
      { level: "WARNING", message: "no log file can be made; lines go to stderr only" },
      { level: "INFO", message: "still here" },
    ]);
  });

  it("says once that the disk is full, loses no line of stderr, and tells at the end how many lines are missing", async () => {
    // A device that is always full, where there is one; elsewhere a path that no line can be written to.
    const full = path.join(directory, "full.log");
    if (existsSync("/dev/full")) symlinkSync("/dev/full", full);
    else mkdirSync(full);
    const log = openSessionLog(options({ join: full }));
    for (const message of ["a", "b", "c"]) log.logger({}).info(message);
    await log.close();
    const lines = stderr.lines();
    expect(lines.filter((line) => line["level"] === "INFO").map((line) => line["message"])).toEqual(["a", "b", "c"]);
    expect(lines.filter((line) => String(line["message"]).includes("lines go to stderr only"))).toHaveLength(1);
  });
});

describe("closing", () => {
  it("may be done twice, and lines after it still reach stderr", async () => {
    const log = openSessionLog(options());
    await Promise.all([log.close(), log.close()]);
    log.logger({}).info("late");
    expect(linesOf(log.file)).toHaveLength(1);
    expect(stderr.lines()).toMatchObject([{ message: "late" }]);
  });
});

describe("a process", () => {
  const masker = "{ add() {}, mask: (text) => text, maskJson: (value) => value }";
  const open = (dir: string): string =>
    `const log = require(${JSON.stringify(DIST)}).openSessionLog({ sessionId: "s", stem: "x", startedAt: new Date(), directory: ${JSON.stringify(dir)}, masker: ${masker} });`;

  it("does not load winston for lifecycle lines and lines below the level, and does for the first other", () => {
    const script = `${open(directory)}
      const loaded = () => Object.keys(require.cache).some((file) => /node_modules.(winston|logform|readable-stream)/.test(file));
      log.lifecycle("info", "run started"); log.logger({}).debug("x");
      const before = loaded(); log.logger({}).info("y");
      console.log(JSON.stringify([before, loaded()]));`;
    const done = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    expect(JSON.parse(done.stdout)).toEqual([false, true]);
  });

  it("that is killed, or blocked for ever, right after its first line has that line in the file", () => {
    const script = `${open(directory)} log.logger({ mod: "m" }).info("last words"); process.kill(process.pid, "SIGKILL"); for (;;);`;
    const done = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    expect(done.signal).toBe("SIGKILL");
    const [file = ""] = readdirSync(directory);
    expect(linesOf(path.join(directory, file)).map((line) => line["message"])).toEqual([
      "session started",
      "last words",
    ]);
  });

  it("survives a reader of stderr that goes away", () => {
    const script = `${open(directory)}
      const logger = log.logger({}); let n = 0;
      const timer = setInterval(() => { logger.info("line " + n, { pad: "x".repeat(20_000) }); if (++n === 50) { clearInterval(timer); log.close().then(() => console.log("done")); } }, 2);`;
    const done = spawnSync(
      "sh",
      ["-c", '("$0" -e "$1" 2>&3 | cat >&4) 3>&1 4>&2 | head -c 100 >/dev/null', process.execPath, script],
      { encoding: "utf8", timeout: 30_000 },
    );
    expect(done.stderr).toContain("done");
    const [file = ""] = readdirSync(directory);
    expect(linesOf(path.join(directory, file))).toHaveLength(51);
  });
});
