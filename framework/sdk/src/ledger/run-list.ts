import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { parseRunLine, readDayIndex, startOfLine } from "./day-index.js";
import { INDEX_NAME, ledgerFolder, ledgerRoot } from "./ledger-files.js";
import type { RunSummary } from "./run-summary.js";
import { summarizeSession } from "./session-summary.js";

/** Which runs {@link listRuns} gives. */
export interface RunFilter {
  /** Only runs that failed: `error` and `lost`. */
  readonly failed?: boolean | undefined;
  /** Only runs that started at or after this time. */
  readonly since?: Date | undefined;
  /** Only runs of this mod. `-` and `_` are the same. */
  readonly mod?: string | undefined;
  /** At most this many, the newest. Default all. */
  readonly limit?: number | undefined;
}

/** Sessions that began up to this long before `since` are looked at as a whole. */
const LONGEST_SESSION = 86_400_000;

/**
 * Runs of a project, newest first. Reads the daily summaries and, of sessions that have not ended or whose summary was lost, their
 * own files: 100,000 runs take well under a second. Lines that a kill tore are passed over.
 */
export function listRuns(workPath: string, filter: RunFilter = {}): RunSummary[] {
  const found = newestRuns(filter.limit ?? Infinity);
  for (const folder of foldersNewestFirst(workPath, filter.since)) {
    const oldest = found.oldest();
    // A session that began on an earlier day may have had runs since; its day has changed then.
    if (oldest !== "" && !changedSince(path.join(folder, INDEX_NAME), new Date(oldest))) continue;
    collectDay(folder, filter, found);
  }
  return found.all();
}

/** Collects the newest runs of all that it is given. */
interface NewestRuns {
  add(run: RunSummary): void;
  /** Runs that started before this need not be added; empty while there is room. */
  oldest(): string;
  /** Newest first. */
  all(): RunSummary[];
}

function newestRuns(limit: number): NewestRuns {
  let runs: RunSummary[] = [];
  let oldest = "";
  const cut = (): void => {
    runs.sort(newestFirst);
    if (runs.length < limit) return;
    runs = runs.slice(0, limit);
    oldest = runs.at(-1)?.started_at ?? "";
  };
  return {
    add(run) {
      runs.push(run);
      if (runs.length >= 2 * limit || (runs.length === limit && oldest === "")) cut();
    },
    oldest: () => oldest,
    all() {
      cut();
      return runs;
    },
  };
}

function newestFirst(a: RunSummary, b: RunSummary): number {
  if (a.started_at !== b.started_at) return a.started_at < b.started_at ? 1 : -1;
  return a.run_id < b.run_id ? -1 : 1;
}

/** Folders of the ledger's days that may hold runs since then, newest first. */
export function foldersNewestFirst(workPath: string, since: Date | undefined): string[] {
  const root = ledgerRoot(workPath);
  if (!existsSync(root)) return [];
  const dates = readdirSync(root).filter((name) => /^\d{4,}-\d\d-\d\d$/.test(name));
  const earliest =
    since === undefined ? "" : path.basename(ledgerFolder(workPath, new Date(since.getTime() - LONGEST_SESSION)));
  return dates
    .sort()
    .reverse()
    .map((date) => path.join(root, date))
    .filter((folder) => path.basename(folder) >= earliest || changedSince(path.join(folder, INDEX_NAME), since));
}

function changedSince(file: string, since: Date | undefined): boolean {
  return since === undefined || (existsSync(file) && statSync(file).mtime >= since);
}

/** What is asked of a day besides a {@link RunFilter}: a text that the line of a run holds. */
type DayFilter = RunFilter & { readonly containing?: string };

/** Runs recorded in the folder of one day, newest first. */
export function runsOfDay(folder: string, filter: DayFilter): RunSummary[] {
  const found = newestRuns(Infinity);
  collectDay(folder, filter, found);
  return found.all();
}

/** Adds the runs of a day. Few lines are parsed: most are told to be out by their text. */
function collectDay(folder: string, filter: DayFilter, found: NewestRuns): void {
  const { lines, incomplete } = readDayIndex(folder);
  const isPossible = lineFilter(filter);
  const since = filter.since?.toISOString() ?? "";
  // Newest first, so that the rest is soon too old.
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index] ?? "";
    const start = startOfLine(line);
    if (start < found.oldest() || start < since || !isPossible(line)) continue;
    const run = parseRunLine(line);
    if (run !== undefined && matches(run, filter)) found.add(run);
  }
  for (const session of incomplete) {
    for (const run of summarizeSession(path.join(folder, `${session}.ndjson`))) {
      if (matches(run, filter)) found.add(run);
    }
  }
}

/** A cheap look at the text of a line. Lets too much through, never too little. */
function lineFilter(filter: DayFilter): (line: string) => boolean {
  const texts = [
    ...(filter.failed === true ? ['"status":"error"'] : []),
    ...(filter.containing === undefined ? [] : [JSON.stringify(filter.containing).slice(1, -1)]),
  ];
  return (line) => texts.every((text) => line.includes(text));
}

function matches(run: RunSummary, filter: RunFilter): boolean {
  if (filter.failed === true && run.status !== "error" && run.status !== "lost") return false;
  if (filter.since !== undefined && run.started_at < filter.since.toISOString()) return false;
  return filter.mod === undefined || sameName(run.mod, filter.mod);
}

function sameName(a: string, b: string): boolean {
  return a.replaceAll("_", "-") === b.replaceAll("_", "-");
}
