import { setTimeout as sleep } from "node:timers/promises";
import { jobEnvelope } from "./job-host.js";
import type { AnyJobEnvelope } from "./job-host.js";
import { KillHost } from "./kill-host.js";
import type { FinalState } from "./kill-host.js";

/** How many moments; `DATAPY_KILLS` tries more. */
const KILLS = Number(process.env["DATAPY_KILLS"] ?? 12);
const SEED = Number(process.env["DATAPY_SEED"] ?? 20_240_812);

/** Numbers in [0, 1) that are the same for the same seed (Park and Miller, "Random number generators: good ones are hard to find"). */
function randomFrom(seed: number): () => number {
  let state = seed % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}

/** Runs the job once without a fault; gives how long that took between the first record of it and the last. */
async function uninterrupted(): Promise<{ readonly state: FinalState; readonly milliseconds: number }> {
  const host = new KillHost();
  try {
    const began = performance.now();
    const { code, envelope } = await host.runJob(undefined);
    expect(code).toBe(0);
    return { state: await host.finalState(envelope), milliseconds: performance.now() - began };
  } finally {
    host.remove();
  }
}

/** Kills the processes of a job after a while, wherever it is then; then goes on with it until it has ended. */
async function killedAfter(milliseconds: number): Promise<FinalState> {
  const host = new KillHost();
  try {
    const running = host.startJob(undefined);
    const stderr = await running.shows("runner ");
    await sleep(milliseconds);
    // The whole group at once, and the one that watches over it: as a machine that loses power, but for its disks.
    for (const pid of [-Number(/runner (\d+)/.exec(stderr)?.[1]), running.child.pid ?? 0]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It had ended.
      }
    }
    await running.ended;
    let envelope: AnyJobEnvelope;
    const resumed = await host.startJob(undefined, { resume: "last" }).ended;
    envelope = jobEnvelope(resumed);
    // Killed before it had begun: there is nothing to go on with.
    if (envelope.errors[0]?.startsWith("DATAPY_RESUME_UNKNOWN") === true)
      envelope = (await host.runJob(undefined)).envelope;
    expect(envelope.errors).toEqual([]);
    return await host.finalState(envelope);
  } finally {
    host.remove();
  }
}

it(`a job of twenty steps that is killed at ${KILLS} moments ends, gone on with, as if nothing had happened`, async () => {
  const { state, milliseconds } = await uninterrupted();
  expect(state.steps).toHaveLength(20);
  expect(state.target).toHaveLength(6);
  expect(state.bookmarks).toEqual({ at: 5 });
  const random = randomFrom(SEED);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const after = random() * milliseconds;
    const ended = await killedAfter(after);
    expect({ kill, after, ...ended }).toEqual({ kill, after, ...state });
  }
}, 900_000);
