import { existsSync, readdirSync, readFileSync, renameSync, rmSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { INDEX_NAME, LINEAGE_INDEX_NAME } from "./ledger-files.js";
import { foldersNewestFirst, runsOfDay } from "./run-list.js";

/** What {@link pruneLedger} removed, or would. */
export interface PruneReport {
  readonly sessions: number;
  /** Bytes of the ledger files and artifacts. */
  readonly bytes: number;
  /** Artifact folders that went with them. */
  readonly artifactFolders: number;
}

/**
 * Removes sessions that began on a day before `before` from the ledger, and with `artifacts` what their runs made. Sessions that
 * still run are kept. With `dryRun` nothing is removed.
 */
export function pruneLedger(
  workPath: string,
  request: { readonly before: Date; readonly artifacts?: boolean; readonly dryRun?: boolean },
): PruneReport {
  let [sessions, bytes, artifactFolders] = [0, 0, 0];
  const limit = request.before.toISOString();
  for (const folder of foldersNewestFirst(workPath, undefined)) {
    const removed = new Set<string>();
    const running = new Set(
      runsOfDay(folder, {})
        .filter((run) => run.status === "running")
        .map((run) => run.session_id),
    );
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(".ndjson")) continue;
      const file = path.join(folder, name);
      const session = name.slice(0, -7);
      const { mtime, size } = statSync(file);
      if (mtime.toISOString() >= limit || running.has(session)) continue;
      removed.add(session);
      sessions += 1;
      bytes += size;
      const artifacts = path.join(workPath, "artifacts", session);
      if (request.artifacts === true && existsSync(artifacts)) {
        artifactFolders += 1;
        bytes += sizeOf(artifacts);
        if (request.dryRun !== true) rmSync(artifacts, { recursive: true, force: true });
      }
      if (request.dryRun !== true) rmSync(file, { force: true });
    }
    if (request.dryRun !== true && removed.size > 0) pruneDay(folder, removed);
  }
  return { sessions, bytes, artifactFolders };
}

/** Takes removed sessions out of a day's summaries; a day that is empty then goes altogether. */
function pruneDay(folder: string, removed: ReadonlySet<string>): void {
  const left = readdirSync(folder).filter((name) => name.endsWith(".ndjson"));
  for (const name of [INDEX_NAME, LINEAGE_INDEX_NAME]) {
    const index = path.join(folder, name);
    if (left.length === 0) rmSync(index, { force: true });
    else if (existsSync(index)) pruneIndex(index, removed);
  }
  // Anything that is not ours keeps the folder.
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

function pruneIndex(index: string, removed: ReadonlySet<string>): void {
  const kept = readFileSync(index, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !removed.has(/"session_id":"([^"]+)"/.exec(line)?.[1] ?? ""));
  const temporary = `${index}.${process.pid}.tmp`;
  writeFileSync(temporary, kept.map((line) => `${line}\n`).join(""));
  renameSync(temporary, index);
}

function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(path.join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
