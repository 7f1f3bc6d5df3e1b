import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "@datapy/mod-kit";
import { FIXTURE_MODS, Workspace } from "../support/workspace.js";

const mod = (name: string): string => path.join(FIXTURE_MODS, name);

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
});
afterEach(() => workspace.remove());

/** Whether a process is there; one that has ended may take a moment to vanish. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(100);
  }
  return false;
}

/** Process ids that `waits.js` shows: its own and its child's. */
function pidsIn(stderr: string): number[] {
  const [, own, child] = /running (\d+) (\d+)/.exec(stderr) ?? [];
  return [Number(own), Number(child)];
}

describe("--timeout", () => {
  test("ends a mod that blocks its event loop for ever", async () => {
    const outcome = await workspace.run(["run-mod", mod("blocks.js"), "--timeout", "500ms"]);
    expect(outcome).toMatchObject({ code: 40, signal: null });
    const envelope = JSON.parse(outcome.stdout) as Envelope;
    expect(envelope).toMatchObject({
      status: "error",
      exit_code: 40,
      errors: [expect.stringMatching(/^DATAPY_TIMEOUT: blocks did not finish within 500ms/)],
    });
    expect(envelope.logs.run_id).toMatch(/^blocks_[0-9a-f]{8}$/);
    expect(envelope.logs.log_file).not.toBe("");
    expect(envelope.execution_time).toBeLessThan(3);
    expect(outcome.stderr).toContain("error DATAPY_TIMEOUT");
  });

  test("ends a mod that waits, and the children that it started", async () => {
    const running = workspace.start(["run-mod", mod("waits.js"), "--timeout", "2s"]);
    const pids = pidsIn(await running.shows("running"));
    const outcome = await running.ended;
    expect(outcome.code).toBe(40);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      exit_code: 40,
      errors: [expect.stringMatching(/^DATAPY_TIMEOUT: /)],
    });
    for (const pid of pids) expect(await isGone(pid)).toBe(true);
  });

  test("bounds the wait for standard input, too", async () => {
    const outcome = await workspace.run(["run-mod", mod("outcome.js"), "-p", "-", "--timeout", "500ms"], {
      stdin: { open: true },
    });
    expect(outcome.code).toBe(40);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      exit_code: 40,
      errors: [expect.stringContaining("standard input")],
    });
  });
});

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (signal) => {
  test("cancels a run: 50, one envelope, no process left", async () => {
    const running = workspace.start(["run-mod", mod("waits.js")]);
    const pids = pidsIn(await running.shows("running"));
    running.process.kill(signal);
    const outcome = await running.ended;
    expect(outcome).toMatchObject({ code: 50, signal: null });
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      status: "error",
      exit_code: 50,
      errors: [expect.stringMatching(new RegExp(`^DATAPY_CANCELED: .*${signal}`))],
    });
    for (const pid of pids) expect(await isGone(pid)).toBe(true);
  });

  test("ends a mod that ignores it after the grace period", async () => {
    const running = workspace.start(["run-mod", mod("waits.js"), "--set", "stubborn=true"], {
      env: { DATAPY_GRACE: "0.3" },
    });
    const pids = pidsIn(await running.shows("running"));
    running.process.kill(signal);
    const outcome = await running.ended;
    expect(outcome).toMatchObject({ code: 50, signal: null });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ exit_code: 50 });
    for (const pid of pids) expect(await isGone(pid)).toBe(true);
  });
});

test("a second signal ends a stubborn mod at once", async () => {
  const running = workspace.start(["run-mod", mod("waits.js"), "--set", "stubborn=true"], {
    env: { DATAPY_GRACE: "600" },
  });
  await running.shows("running");
  running.process.kill("SIGINT");
  await sleep(200);
  running.process.kill("SIGINT");
  const outcome = await running.ended;
  expect(outcome).toMatchObject({ code: 50, signal: null });
  expect(JSON.parse(outcome.stdout)).toMatchObject({ exit_code: 50 });
});

test("a signal ends a mod that blocks its event loop", async () => {
  const running = workspace.start(["run-mod", mod("blocks.js")], { env: { DATAPY_GRACE: "0.3" } });
  await running.shows("running");
  running.process.kill("SIGTERM");
  const outcome = await running.ended;
  expect(outcome).toMatchObject({ code: 50, signal: null });
  expect(JSON.parse(outcome.stdout)).toMatchObject({ status: "error", exit_code: 50 });
});

test("a signal while parameters are awaited on standard input cancels, with an envelope", async () => {
  const running = workspace.start(["run-mod", mod("outcome.js"), "-p", "-"], { stdin: { open: true } });
  await sleep(1_000);
  running.process.kill("SIGTERM");
  const outcome = await running.ended;
  expect(outcome).toMatchObject({ code: 50, signal: null });
  expect(JSON.parse(outcome.stdout)).toMatchObject({ status: "error", exit_code: 50 });
});

test("signals at any moment of the start give 50 and one envelope", async () => {
  for (const delay of [150, 250, 350, 450]) {
    const running = workspace.start(["run-mod", mod("waits.js")]);
    await sleep(delay);
    running.process.kill("SIGTERM");
    const outcome = await running.ended;
    // Before Node has read the first line of the program, nothing can catch a signal.
    if (outcome.signal === "SIGTERM") continue;
    expect([delay, outcome.code]).toEqual([delay, 50]);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ exit_code: 50 });
  }
});

test("a supervisor that is killed takes the runner and its children along", async () => {
  for (const args of [[mod("waits.js")], [mod("waits.js"), "--set", "stubborn=true"]]) {
    const running = workspace.start(["run-mod", ...args]);
    const pids = pidsIn(await running.shows("running"));
    running.process.kill("SIGKILL");
    await running.ended;
    for (const pid of pids) expect(await isGone(pid)).toBe(true);
  }
});
