import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { INDEX_NAME } from "./ledger-files.js";
import { parseLine } from "./ledger-line.js";
import type { RunSummary } from "./run-summary.js";

/** What a day's summary says of the sessions that it tells all of, and the sessions that it does not. */
export interface DayIndex {
  /** Lines of runs, in the order in which they ended, not parsed. */
  readonly lines: readonly string[];
  /** Sessions whose own file has to be read: they have not ended, or lines of the summary are missing. */
  readonly incomplete: readonly string[];
}

const RUN_LINE = '{"run_id":';
const SESSION_MARK = '"session_id":"';
const STARTED_MARK = '"started_at":"';

/** Reads the summary in the folder of a day, `name`. It is derived, and believed only where it is whole. */
export function readDayIndex(folder: string, name: string = INDEX_NAME): DayIndex {
  const index = path.join(folder, name);
  const runs: { readonly line: string; readonly session: string }[] = [];
  const counts = new Map<string, number>();
  /** Runs that a session had, by its last line; `undefined` where the process that ended it did not know. */
  const ended = new Map<string, number | undefined>();
  for (const line of existsSync(index) ? readFileSync(index, "utf8").split("\n") : []) {
    // A line that was torn has no end.
    if (!line.endsWith("}")) continue;
    if (line.startsWith(RUN_LINE)) {
      const session = valueAfter(line, SESSION_MARK);
      runs.push({ line, session });
      counts.set(session, (counts.get(session) ?? 0) + 1);
      continue;
    }
    const entry = parseLine(line);
    if (entry === undefined || typeof entry["session_id"] !== "string") continue;
    ended.set(entry["session_id"], typeof entry["runs"] === "number" ? entry["runs"] : undefined);
  }

  const whole = new Set<string>();
  const incomplete: string[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".ndjson")) continue;
    const session = name.slice(0, -7);
    const isWhole = ended.has(session) && (counts.get(session) ?? 0) >= (ended.get(session) ?? 0);
    if (isWhole) whole.add(session);
    else incomplete.push(session);
  }
  // What is said of a session whose file is gone does not count either.
  return { lines: runs.filter(({ session }) => whole.has(session)).map(({ line }) => line), incomplete };
}

/** When the run of a line started, without parsing it. Texts in a line cannot hold the mark: quotes are escaped in them. */
export function startOfLine(line: string): string {
  return valueAfter(line, STARTED_MARK);
}

/** A line of {@link DayIndex.lines}. */
export function parseRunLine(line: string): RunSummary | undefined {
  return parseLine(line) as RunSummary | undefined; // Our own file; torn lines are out.
}

function valueAfter(line: string, mark: string): string {
  const start = line.indexOf(mark);
  return start < 0 ? "" : line.slice(start + mark.length, line.indexOf('"', start + mark.length));
}
