import path from "node:path";
import { readDayIndex } from "./day-index.js";
import { LINEAGE_INDEX_NAME } from "./ledger-files.js";
import { datapyFacet, readEvents } from "./ledger-line.js";
import { lineageLine, readLineageLine } from "./lineage-line.js";
import type { LineageLine } from "./lineage-line.js";
import { foldersNewestFirst } from "./run-list.js";
import { summarizeSession } from "./session-summary.js";

/** Which lines {@link listLineage} gives. */
export interface LineageFilter {
  /** Only lines that hold one of these texts, as JSON has them. A cheap look: lets too much through, never too little. Default all. */
  readonly containing?: readonly string[] | undefined;
  /** Only lines of runs that made an artifact. */
  readonly artifacts?: boolean | undefined;
}

const ARTIFACT_MARK = '"artifact":{';

/**
 * What the ended runs of a project read and wrote, a day's newest first. Reads the daily summaries and, of sessions that have not ended or
 * whose summary was lost, their own files.
 */
export function* listLineage(workPath: string, filter: LineageFilter = {}): Generator<LineageLine> {
  const marks = filter.containing?.map((text) => JSON.stringify(text).slice(1, -1));
  for (const folder of foldersNewestFirst(workPath, undefined)) {
    const { lines, incomplete } = readDayIndex(folder, LINEAGE_INDEX_NAME);
    for (const session of incomplete) yield* lineageOfSession(path.join(folder, `${session}.ndjson`));
    for (let index = lines.length - 1; index >= 0; index -= 1) {
      const line = lines[index] ?? "";
      if (filter.artifacts === true && !line.includes(ARTIFACT_MARK)) continue;
      if (marks !== undefined && !marks.some((mark) => line.includes(mark))) continue;
      const parsed = readLineageLine(line);
      if (parsed !== undefined) yield parsed;
    }
  }
}

/** The same from a session's own file, newest first. */
export function lineageOfSession(file: string): LineageLine[] {
  const summaries = new Map(summarizeSession(file).map((run) => [run.run_id, run]));
  const lines: LineageLine[] = [];
  for (const event of readEvents(file)) {
    const { run_id: runId, envelope } = datapyFacet(event);
    const summary = typeof runId === "string" ? summaries.get(runId) : undefined;
    if (summary === undefined || envelope === undefined) continue;
    lines.push(lineageLine(summary, event.eventTime, event));
  }
  return lines.reverse();
}
