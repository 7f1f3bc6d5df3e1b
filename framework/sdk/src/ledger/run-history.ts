import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { EarlierRun, Envelope, HistoryOptions } from "@datapy/mod-kit";
import { datapyFacet, parseLine } from "./ledger-line.js";
import type { RunEvent } from "./openlineage-types.js";
import { foldersNewestFirst, runsOfDay } from "./run-list.js";

/** Whose history {@link runHistory} gives. */
export interface HistoryOwner extends HistoryOptions {
  readonly mod: string;
  /** Step of a job; without it only runs that belong to no step count. */
  readonly step: string | undefined;
  /** Name of the project: several may share one work path. */
  readonly project: string | undefined;
  /** The run that asks. */
  readonly except: string;
}

const DEFAULT_LIMIT = 20;
const MOST_RUNS = 200;
const DEFAULT_DAYS = 90;
const MOST_CANDIDATES = 1_000;
/** The file of a session that is larger is passed over. */
const MOST_FILE_BYTES = 256 * 1024 * 1024;
const DAY_MS = 86_400_000;

/** Earlier successful runs of a mod, newest first. Reads daily summaries first, then of each candidate the file of its session. */
export async function runHistory(workPath: string, owner: HistoryOwner): Promise<EarlierRun[]> {
  const limit = Math.min(owner.limit ?? DEFAULT_LIMIT, MOST_RUNS);
  const since = new Date(Date.now() - (owner.maxAgeDays ?? DEFAULT_DAYS) * DAY_MS);
  const found: EarlierRun[] = [];
  let candidates = 0;
  for (const folder of foldersNewestFirst(workPath, since)) {
    if (found.length >= limit || candidates >= MOST_CANDIDATES) break;
    let file = "";
    let lines: readonly string[] = [];
    for (const run of runsOfDay(folder, { mod: owner.mod, since })) {
      if (found.length >= limit || candidates >= MOST_CANDIDATES) break;
      const isOwn = run.run_id === owner.except || run.step !== owner.step;
      if (isOwn || (run.status !== "success" && run.status !== "warning")) continue;
      candidates += 1;
      const session = path.join(folder, `${run.session_id}.ndjson`);
      if (session !== file) {
        file = session;
        lines = await endLines(session);
      }
      const earlier = earlierRun(lines, run.run_id, owner);
      if (earlier !== undefined) found.push(earlier);
    }
  }
  return found.sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1));
}

async function endLines(file: string): Promise<readonly string[]> {
  try {
    if ((await stat(file)).size > MOST_FILE_BYTES) return [];
    return (await readFile(file, "utf8")).split("\n").filter((line) => line.includes('"COMPLETE"'));
  } catch {
    // Pruned meanwhile.
    return [];
  }
}

function earlierRun(lines: readonly string[], runId: string, owner: HistoryOwner): EarlierRun | undefined {
  for (const line of lines) {
    if (!line.includes(runId)) continue;
    const event = parseLine(line) as unknown as RunEvent | undefined; // Our own file; torn lines are out.
    if (event?.eventType !== "COMPLETE") continue;
    const facet = datapyFacet(event);
    const envelope = facet["envelope"] as Envelope | undefined;
    if (facet["run_id"] !== runId || envelope === undefined || envelope.status === "error") continue;
    if (event.job.namespace !== (owner.project ?? "datapy")) return undefined;
    const { metrics } = envelope;
    const matches = Object.entries(owner.metrics ?? {}).every(([name, value]) => metrics[name] === value);
    return matches ? { runId, endedAt: new Date(event.eventTime).toISOString(), metrics } : undefined;
  }
  return undefined;
}
