import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { takeLock } from "../../src/locks/lock-file.js";
import type { LockHolder } from "../../src/locks/lock-file.js";
import { processIdentity, stateOf } from "../../src/locks/process-identity.js";

let folder: string;
let file: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-lock-"));
  file = path.join(folder, "locks/job.lock");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const holder = (session: string, owner = processIdentity()): LockHolder => ({
  owner,
  session,
  job: "/job.yaml",
  since: "2026-08-12T00:00:00Z",
});

/** A process of this machine that does nothing. */
async function otherProcess(): Promise<{ readonly pid: number; readonly end: () => Promise<void> }> {
  const child = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => {}, 1000)"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    pid: child.pid ?? 0,
    end: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

function held(outcome: ReturnType<typeof takeLock>): string | undefined {
  return "holder" in outcome ? outcome.holder.session : undefined;
}

test("one holds it, the other is told who does, until it is given back", () => {
  const one = takeLock(file, holder("one"));
  expect(held(takeLock(file, holder("two")))).toBe("one");
  if ("release" in one) one.release();
  expect(existsSync(file)).toBe(false);
  expect(held(takeLock(file, holder("two")))).toBeUndefined();
  // What is given back twice is no longer one's own.
  if ("release" in one) one.release();
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ session: "two" });
});

test("a process that lives keeps it; one that is gone does not", async () => {
  const other = await otherProcess();
  const identity = processIdentity(other.pid);
  expect(stateOf(identity)).toBe("alive");
  takeLock(file, holder("other", identity));
  expect(held(takeLock(file, holder("mine")))).toBe("other");
  await other.end();
  expect(stateOf(identity)).toBe("gone");
  expect(held(takeLock(file, holder("mine")))).toBeUndefined();
});

test("a number that was given to another process, or another start of the machine, is another process", async () => {
  const here = processIdentity();
  if (here.start === null) return;
  expect(stateOf({ ...here, start: String(Number(here.start) - 100) })).toBe("gone");
  expect(stateOf({ ...here, boot: "00000000-0000-0000-0000-000000000000" })).toBe("gone");
  const other = await otherProcess();
  takeLock(file, holder("earlier", { ...processIdentity(other.pid), start: "1" }));
  expect(held(takeLock(file, holder("mine")))).toBeUndefined();
});

test("a process that cannot be seen from here keeps it while it shows that it lives", () => {
  const elsewhere = { ...processIdentity(), host: "elsewhere", pid: 1 };
  expect(stateOf(elsewhere)).toBe("elsewhere");
  expect(stateOf({ ...processIdentity(), space: "pid:[1]" })).toBe("elsewhere");
  takeLock(file, holder("far", elsewhere));
  expect(held(takeLock(file, holder("mine")))).toBe("far");
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(file, longAgo, longAgo);
  expect(held(takeLock(file, holder("mine")))).toBeUndefined();
});

test("a file that is no lock is respected for a while, then replaced", () => {
  takeLock(file, holder("one"));
  writeFileSync(file, "{");
  expect(held(takeLock(file, holder("mine")))).toBe("");
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(file, longAgo, longAgo);
  expect(held(takeLock(file, holder("mine")))).toBeUndefined();
});

test("of many processes that find a stale lock at once, one gets it", async () => {
  const gone = await otherProcess();
  const identity = processIdentity(gone.pid);
  await gone.end();
  takeLock(file, holder("gone", identity));
  const script = path.join(folder, "take.cjs");
  writeFileSync(
    script,
    `const { takeLock } = require(${JSON.stringify(path.resolve(__dirname, "../../dist/locks/lock-file.js"))});
const { processIdentity } = require(${JSON.stringify(path.resolve(__dirname, "../../dist/locks/process-identity.js"))});
const holder = { owner: processIdentity(), session: String(process.pid), job: "", since: "" };
process.stdin.once("data", () => {
  console.log("release" in takeLock(process.argv[2], holder) ? "taken" : "held");
  setTimeout(() => {}, 60000);
});
console.log("ready");`,
  );
  const answers = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, [script, file], { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    let text = "";
    const shows = (word: RegExp): Promise<string> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = word.exec(text);
          if (found !== null) resolve(found[0]);
        };
        child.stdout.on("data", look);
        look();
      });
    child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    return { ready: shows(/ready/), go: () => child.stdin.write("go\n"), answer: shows(/taken|held/) };
  });
  await Promise.all(answers.map((one) => one.ready));
  for (const one of answers) one.go();
  const given = await Promise.all(answers.map((one) => one.answer));
  expect(given.filter((one) => one === "taken")).toHaveLength(1);
});
