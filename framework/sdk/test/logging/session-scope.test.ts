import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSessionLog } from "../../src/logging/session-log.js";
import type { SessionLog } from "../../src/logging/session-log-types.js";
import { enterSession, leaveSession, withLogScope } from "../../src/logging/session-scope.js";
import { setupLogger } from "../../src/logging/setup-logger.js";
import { createMasker } from "../../src/secrets/masker.js";
import { captureStderr } from "./capture-stderr.js";

const DIST = path.resolve(__dirname, "../../dist/logging");

let directory: string;
let stderr: ReturnType<typeof captureStderr>;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "datapy-scope-"));
  stderr = captureStderr();
});
afterEach(() => {
  stderr.release();
  rmSync(directory, { recursive: true, force: true });
});

function open(sessionId: string): SessionLog {
  return openSessionLog({ sessionId, stem: sessionId, startedAt: new Date(), directory, masker: createMasker() });
}

function messages(log: SessionLog): unknown[] {
  return readFileSync(log.file, "utf8")
    .split("\n")
    .slice(1, -1)
    .map((line) => {
      const { message, run_id, logger } = JSON.parse(line) as Record<string, unknown>;
      return { message, run_id, logger };
    });
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

it("a logger made before there is a session joins each run's own, also when several runs go on at once", async () => {
  const logger = setupLogger("my_pipeline");
  const [one, two] = [open("one"), open("two")];
  const run = async (log: SessionLog, runId: string): Promise<void> =>
    withLogScope({ log, context: { mod: "m", run_id: runId } }, async () => {
      for (const n of [1, 2, 3]) {
        await later();
        logger.info(`${runId} ${n}`);
      }
    });
  await Promise.all([run(one, "a"), run(one, "b"), run(two, "c")]);
  const of = (runId: string): unknown[] =>
    [1, 2, 3].map((n) => ({ message: `${runId} ${n}`, run_id: runId, logger: "my_pipeline" }));
  expect(messages(one)).toEqual(expect.arrayContaining([...of("a"), ...of("b")]));
  expect(messages(one)).toHaveLength(6);
  expect(messages(two)).toEqual(of("c"));
});

it("outside every run, the newest open session gets the line", () => {
  const [outer, inner] = [open("outer"), open("inner")];
  const logger = setupLogger("script");
  enterSession(outer);
  logger.info("1");
  enterSession(inner);
  logger.info("2");
  leaveSession(inner);
  logger.info("3");
  leaveSession(outer);
  expect(messages(outer).map((line) => (line as { message: string }).message)).toEqual(["1", "3"]);
  expect(messages(inner).map((line) => (line as { message: string }).message)).toEqual(["2"]);
});

it.each([
  ["my_module", "my_module"],
  ["/srv/jobs/daily_etl.ts", "daily_etl"],
  ["file:///srv/jobs/daily%20etl.mjs", "daily etl"],
])("setupLogger(%j) is called %j", (name, expected) => {
  const log = open("named");
  withLogScope({ log, context: {} }, () => setupLogger(name).info("x"));
  expect(messages(log)).toEqual([{ message: "x", run_id: undefined, logger: expected }]);
});

describe("a script", () => {
  const masker = "{ add() {}, mask: (text) => text, maskJson: (value) => value }";
  const prelude = (): string => `
    const load = (name) => require(${JSON.stringify(DIST)} + "/" + name + ".js");
    const { enterSession, onFirstLine, withLogScope } = load("session-scope");
    const { openSessionLog } = load("session-log"); const { setupLogger } = load("setup-logger");
    const openLog = () => openSessionLog({ sessionId: "s", stem: "x", startedAt: new Date(), directory: ${JSON.stringify(directory)}, masker: ${masker} });`;
  const run = (script: string): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } =>
    spawnSync(process.execPath, ["-e", prelude() + script], { encoding: "utf8" });

  it("that logs before its session is open loses no line: they wait, with their own times", () => {
    const done = run(`
      let log; let opened = 0;
      onFirstLine(async () => { opened += 1; await new Promise((r) => setTimeout(r, 20)); log = openLog(); enterSession(log); });
      setupLogger("early").info("first"); setupLogger("early").debug("second"); setupLogger("early").warn("third");
      setTimeout(() => { setupLogger("early").info("fourth"); console.log(JSON.stringify([opened, require("fs").readFileSync(log.file, "utf8")])); }, 100);`);
    const [opened, text] = JSON.parse(done.stdout) as [number, string];
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { message: string; timestamp: string });
    expect(opened).toBe(1);
    expect(lines.map((line) => line.message)).toEqual(["session started", "first", "third", "fourth"]);
    expect(lines[1]?.timestamp).not.toBe(lines[3]?.timestamp);
  });

  it.each([
    ["that never has a session", ""],
    ["whose session cannot be opened", "onFirstLine(() => Promise.reject(new Error('no')));"],
  ])("%s writes to stderr", (_what, setup) => {
    const done = run(`${setup} setupLogger("alone").info("hello"); setupLogger("alone").debug("not shown");`);
    expect(done.status).toBe(0);
    expect(
      done.stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ level: "INFO", message: "hello", logger: "alone" }]);
  });

  it("that loads two copies of the sdk has one session", () => {
    const done = run(`
      const log = openLog();
      for (const file of Object.keys(require.cache)) delete require.cache[file];
      const other = load("setup-logger").setupLogger("other copy");
      withLogScope({ log, context: { run_id: "r" } }, () => other.info("x"));
      enterSession(log); other.info("y");
      console.log(require("fs").readFileSync(log.file, "utf8"));`);
    const lines = done.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines.slice(1)).toMatchObject([
      { message: "x", run_id: "r", logger: "other copy" },
      { message: "y", logger: "other copy" },
    ]);
  });

  it.each(["cjs", "mjs"])("has the lines of a mod's import (%s) in the run that imported it", (ending) => {
    const module = path.join(directory, `mod.${ending}`);
    const get =
      ending === "cjs"
        ? "const { setupLogger } = require("
        : 'import { createRequire } from "node:module"; const { setupLogger } = createRequire(import.meta.url)(';
    writeFileSync(
      module,
      `${get}${JSON.stringify(path.join(DIST, "setup-logger.js"))}); setupLogger("mod").info("imported"); `,
    );
    const done = run(`
      const log = openLog();
      withLogScope({ log, context: { run_id: "r" } }, () => import(${JSON.stringify(module)})).then(() => console.log(require("fs").readFileSync(log.file, "utf8")));`);
    expect(JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      message: "imported",
      run_id: "r",
      logger: "mod",
    });
  });
});
