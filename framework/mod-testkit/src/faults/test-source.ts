import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { isParquet } from "../checks/check-run.js";
import { openSampleTables } from "../samples/sample-tables.js";
import type { SampleTables } from "../samples/sample-tables.js";
import { testApi } from "../test-api.js";
import { openWorkplace } from "../workplace.js";
import type { Workplace } from "../workplace.js";
import type { FaultAdapter } from "./fault-adapter.js";
import { chooseKills, killableRuns } from "./killable-runs.js";
import type { Kill, KillableRuns } from "./killable-runs.js";
import { describeKill, runSuffix, succeeded } from "./test-sink.js";
import { none, same } from "../expect.js";

/** A source, and a way to fill what it reads. */
export interface SourceAdapter extends FaultAdapter {
  /** Makes a source of that name, which nothing else uses. Gives the parameters that read it. */
  prepare(name: string): Promise<Readonly<Record<string, unknown>>>;
  /** Adds rows to the source of that name, of a source that goes on where the last run that succeeded has ended. */
  advance?(name: string): Promise<void>;
  /** Key of the table that the mod makes. Default `output_data`. */
  readonly artifact?: string;
}

/** Where the host has kept a bookmark: from here on the run's rows count as read. */
const BOOKMARK = "after rename .json";

/**
 * Declares the test that every source passes: its process is ended for real, with `SIGKILL`, at every step. What is there under its final
 * name is whole, and a rerun reads exactly the same rows. Where the source remembers how far it has read (`advance`), a killed run
 * moves nothing: the rows that it had in hand come again.
 */
export function testSource(title: string, open: () => Promise<SourceAdapter> | SourceAdapter): void {
  const { describe, test, beforeAll, afterAll } = testApi();
  describe(title, () => {
    let place: Workplace;
    let source: SourceAdapter;
    let runs: KillableRuns;
    let tables: SampleTables;

    beforeAll(async () => {
      place = openWorkplace();
      source = await open();
      tables = openSampleTables();
      runs = killableRuns(source, place.folder);
    }, 120_000);
    afterAll(async () => {
      runs.close();
      await tables.close();
      await source.close?.();
      place.close();
    }, 60_000);

    test("killed at every step: no half table, no bookmark moved, and a rerun reads all", async () => {
      const rowsOf = async (envelope: Envelope | undefined, context: string): Promise<string[]> => {
        succeeded(envelope, context);
        const uri = envelope?.status === "error" ? undefined : envelope?.artifacts[source.artifact ?? "output_data"];
        return uri === undefined ? [] : (await tables.read(uri)).rows.map((row) => JSON.stringify(row)).sort();
      };
      const job = async (name: string, suffix: string) => ({
        mod: source.mod,
        params: await source.prepare(name),
        runSuffix: suffix,
        workPath: path.join(place.workPath, name),
        cwd: place.folder,
      });
      const begin = async (name: string, index: number) => {
        const made = await job(name, runSuffix(index));
        if (source.advance === undefined) return made;
        // The bookmark stands after the first rows; the run that is killed reads the next.
        const before = await place.run(made.mod, { ...made, runSuffix: runSuffix(9000 + index) });
        assert.ok((await rowsOf(before, "the first run")).length > 0, "the first run reads the first rows");
        await source.advance(name);
        return made;
      };

      const whole = await runs.record(await begin("whole", 0));
      const wanted = await rowsOf(whole.envelope, whole.output);
      assert.ok(wanted.length > 0, "the source has rows");
      const lacking = (source.steps ?? ["open", "batch"]).filter((step) => !whole.moments.includes(step));
      none(lacking, `the run came by every step; it came by ${[...new Set(whole.moments)].join(", ")}`);

      let killed = 0;
      for (const [index, kill] of chooseKills(whole.moments, source.kills ?? 16).entries()) {
        const name = `kill${String(index + 1)}`;
        const again = await begin(name, index + 1);
        const ended = await runs.kill(again, kill);
        if (ended.killed) killed += 1;
        else succeeded(ended.envelope, ended.output);
        nothingHalf(again.workPath, kill);
        const read = await rowsOf(await place.run(again.mod, again), `${describeKill(kill)}, then a rerun`);
        const isDone = source.advance !== undefined && (!ended.killed || kill.name === BOOKMARK);
        same(read, isDone ? [] : wanted, `${describeKill(kill)}, then a rerun: exactly the same rows`);
      }
      assert.ok(killed >= Math.min(3, whole.moments.length), "the process was really ended");
    }, 600_000);
  });
}

/** Tables under their final names are whole; what is not lies in temporary folders, which go with the next session. */
function nothingHalf(workPath: string, kill: Kill): void {
  const folder = path.join(workPath, "artifacts");
  if (!existsSync(folder)) return;
  const half = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet") && !path.basename(name).startsWith("."))
    .filter((name) => !isParquet(path.join(folder, name)));
  none(half, `${describeKill(kill)}: tables under their final names are whole`);
}
