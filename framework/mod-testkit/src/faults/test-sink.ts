import assert from "node:assert/strict";
import type { Envelope } from "@datapy/mod-kit";
import { testApi } from "../test-api.js";
import { openWorkplace } from "../workplace.js";
import type { Workplace } from "../workplace.js";
import type { FaultAdapter } from "./fault-adapter.js";
import { chooseKills, killableRuns } from "./killable-runs.js";
import type { Kill, KillableRuns } from "./killable-runs.js";
import { none } from "../expect.js";

/** A sink, and a way into its target that has nothing to do with it. */
export interface SinkAdapter extends FaultAdapter {
  /** Puts the old rows into a target of that name, which nothing else uses. Gives the parameters of the run that writes the new ones. */
  prepare(name: string): Promise<Readonly<Record<string, unknown>>>;
  /** What the target of that name holds: a text a row or object, in any order. */
  readBack(name: string): Promise<readonly string[]>;
  /** Staging tables, unfinished files and uploads that are there now, of whichever run. None are expected after a run that succeeded. */
  leftovers(): Promise<readonly string[]>;
}

/** Steps of a sink at which its process is ended in any case. */
const STEPS = ["open", "batch", "before commit", "after commit"];

/**
 * Declares the test that every sink passes: its process is ended for real, with `SIGKILL`, at every step. Afterwards the target holds the
 * old rows or the new ones, never a mix; a rerun of the same run (with the same run id) leaves exactly the new ones; so does a third;
 * and nothing of the killed run is left behind.
 */
export function testSink(title: string, open: () => Promise<SinkAdapter> | SinkAdapter): void {
  const { describe, test, beforeAll, afterAll } = testApi();
  describe(title, () => {
    let place: Workplace;
    let sink: SinkAdapter;
    let runs: KillableRuns;

    beforeAll(async () => {
      place = openWorkplace();
      sink = await open();
      runs = killableRuns(sink, place.folder);
    }, 120_000);
    afterAll(async () => {
      runs.close();
      await sink.close?.();
      place.close();
    }, 60_000);

    test("killed at every step: the old rows or the new ones, and after a rerun exactly the new ones", async () => {
      const job = async (name: string, suffix: string) => ({
        mod: sink.mod,
        params: await sink.prepare(name),
        runSuffix: suffix,
        workPath: place.workPath,
        cwd: place.folder,
      });
      const rows = async (name: string): Promise<string[]> => [...(await sink.readBack(name))].sort();

      const first = await job("whole", runSuffix(0));
      const old = await rows("whole");
      const whole = await runs.record(first);
      succeeded(whole.envelope, whole.output);
      const fresh = await rows("whole");
      assert.notDeepEqual(fresh, old, "the new rows are others than the old ones, or nothing can be told");
      none(await sink.leftovers(), "leftovers of a run that succeeded");
      const lacking = (sink.steps ?? STEPS).filter((step) => !whole.moments.includes(step));
      none(lacking, `the run came by every step; it came by ${[...new Set(whole.moments)].join(", ")}`);

      let killed = 0;
      for (const [index, kill] of chooseKills(whole.moments, sink.kills ?? 16).entries()) {
        const name = `kill${String(index + 1)}`;
        const again = await job(name, runSuffix(index + 1));
        sameRows(await rows(name), old, `${describeKill(kill)}: the old rows are prepared`);
        const ended = await runs.kill(again, kill);
        if (ended.killed) killed += 1;
        // A moment that came in one run need not come in the next: a lock that was free, a timer that was late.
        else succeeded(ended.envelope, ended.output);
        oldOrNew(await rows(name), old, fresh, kill);
        for (const time of ["a rerun", "a second rerun"]) {
          const envelope = await place.run(sink.mod, { params: again.params, runSuffix: again.runSuffix });
          succeeded(envelope, describeKill(kill));
          sameRows(await rows(name), fresh, `${describeKill(kill)}, then ${time}: exactly the new rows`);
        }
        none(await sink.leftovers(), `${describeKill(kill)}, then a rerun: leftovers`);
      }
      assert.ok(killed >= Math.min(3, whole.moments.length), "the process was really ended");
    }, 600_000);
  });
}

/** Eight hexadecimal digits. */
export function runSuffix(index: number): string {
  return (0xfa000000 + index).toString(16);
}

export function succeeded(envelope: Envelope | undefined, context: string): void {
  assert.ok(envelope !== undefined && envelope.status !== "error", `${context}: ${envelope?.errors.join("\n") ?? ""}`);
}

export function describeKill({ name, nth }: Kill): string {
  return `killed at ${name} (${String(nth)})`;
}

/** Like `assert.deepEqual`, with a message that does not list thousands of rows. */
function sameRows(found: readonly string[], wanted: readonly string[], message: string): void {
  if (found.length === wanted.length && found.every((row, index) => row === wanted[index])) return;
  const [extra, lacking] = [difference(found, wanted), difference(wanted, found)];
  assert.fail(
    `${message}; ${String(found.length)} found, ${String(wanted.length)} wanted; not wanted: ${extra}; lacking: ${lacking}`,
  );
}

function oldOrNew(found: readonly string[], old: readonly string[], fresh: readonly string[], kill: Kill): void {
  const equal = (wanted: readonly string[]): boolean =>
    found.length === wanted.length && found.every((row, index) => row === wanted[index]);
  if (equal(old) || equal(fresh)) return;
  assert.fail(
    `${describeKill(kill)}: neither the old rows (${String(old.length)}) nor the new ones (${String(fresh.length)}), but ${String(found.length)}; ` +
      `beside the old: ${difference(found, old)}; beside the new: ${difference(found, fresh)}`,
  );
}

function difference(rows: readonly string[], others: readonly string[]): string {
  const known = new Set(others);
  return JSON.stringify(rows.filter((row) => !known.has(row)).slice(0, 3));
}
