import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { RunEvent } from "../ledger/openlineage-types.js";
import { ledgerRoot } from "../ledger/ledger-files.js";
import { datapyFacet, readEvents } from "../ledger/ledger-line.js";
import { lineageOfSession } from "../ledger/lineage-list.js";
import { foldersNewestFirst } from "../ledger/run-list.js";
import { summarizeSession } from "../ledger/session-summary.js";

/** Why the artifacts of a session must stay. */
export type NeededReason = "running" | "resumable";

/**
 * Sessions of `candidates` whose artifacts must not be removed, and why: a session that still runs; a job that failed or was killed and has
 * not been resumed to success since; and what the runs of such sessions read of other sessions.
 */
export function neededSessions(workPath: string, candidates: readonly string[]): ReadonlyMap<string, NeededReason> {
  const files = ledgerFiles(workPath);
  const needed = new Map<string, NeededReason>();
  const readByOthers = new Map<string, NeededReason>();
  for (const session of candidates) {
    const file = files.get(session);
    const reason = file === undefined ? undefined : reasonOf(file);
    if (file === undefined || reason === undefined) continue;
    needed.set(session, reason);
    for (const other of sessionsReadBy(workPath, file)) readByOthers.set(other, reason);
  }
  for (const [session, reason] of readByOthers) if (!needed.has(session)) needed.set(session, reason);
  return needed;
}

/** Ledger files by session. */
function ledgerFiles(workPath: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  if (!existsSync(ledgerRoot(workPath))) return files;
  for (const folder of foldersNewestFirst(workPath, undefined)) {
    for (const name of readdirSync(folder))
      if (name.endsWith(".ndjson")) files.set(name.slice(0, -7), path.join(folder, name));
  }
  return files;
}

function reasonOf(file: string): NeededReason | undefined {
  if (summarizeSession(file).some((run) => run.status === "running")) return "running";
  const events = readEvents(file);
  return events.some(isOfJob) && !endedWell(events) ? "resumable" : undefined;
}

function isOfJob(event: RunEvent): boolean {
  return datapyFacet(event)["part"] === "job";
}

/** The session's own last event counts: a session that is resumed is gone on with in the same file. */
function endedWell(events: readonly RunEvent[]): boolean {
  const last = events.map(datapyFacet).findLast(({ run_id, part }) => run_id === undefined && part === undefined);
  const code = last?.["exit_code"];
  return typeof code === "number" && code < 20;
}

function sessionsReadBy(workPath: string, file: string): ReadonlySet<string> {
  const root = `${path.join(workPath, "artifacts")}${path.sep}`;
  const sessions = new Set<string>();
  for (const line of lineageOfSession(file)) {
    for (const place of line.reads) {
      const dataset = path.normalize(line.datasets[place] ?? "");
      if (dataset.startsWith(root)) sessions.add(dataset.slice(root.length).split(path.sep, 1)[0] ?? "");
    }
  }
  sessions.delete(path.basename(file, ".ndjson"));
  return sessions;
}
