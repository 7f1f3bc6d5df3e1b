import { readdirSync, rmSync, rmdirSync } from "node:fs";
import path from "node:path";
import { neededSessions } from "./needed-sessions.js";
import type { NeededReason } from "./needed-sessions.js";
import { sessionFolders } from "./session-folders.js";
import type { SessionFolder } from "./session-folders.js";

/** How much of the artifacts is kept. With neither limit nothing is removed. */
export interface RetentionPolicy {
  /** Artifacts of sessions that wrote none since are removed. */
  readonly before?: Date | undefined;
  /** Of what is left, the oldest sessions' are removed until all take no more than this, in bytes. */
  readonly maxBytes?: number | undefined;
}

/** A session whose artifacts were removed, or would be, or had to stay. */
export interface PrunedSession {
  readonly session_id: string;
  readonly files: number;
  readonly bytes: number;
  /** When the last of them was written: ISO 8601, UTC. */
  readonly changed_at: string;
}

/** What {@link pruneArtifacts} removed, or would. */
export interface ArtifactPruneReport {
  /** Oldest first. */
  readonly removed: readonly PrunedSession[];
  /** What the limits ask to remove and may not go. */
  readonly needed: readonly (PrunedSession & { readonly reason: NeededReason })[];
  /** Bytes of `removed`. */
  readonly bytes: number;
  /** Bytes of artifacts that are left. */
  readonly bytes_left: number;
}

/**
 * Removes the artifacts of old sessions, whole sessions at a time; their place in the run ledger stays. What a running or resumable
 * session needs is never removed, even where a limit is then passed.
 */
export function pruneArtifacts(
  workPath: string,
  policy: RetentionPolicy & { readonly dryRun?: boolean },
): ArtifactPruneReport {
  const folders = sessionFolders(workPath);
  const total = folders.reduce((sum, { bytes }) => sum + bytes, 0);
  const old = (folder: SessionFolder): boolean => policy.before !== undefined && folder.changedAt < policy.before;
  if (!folders.some(old) && total <= (policy.maxBytes ?? Infinity))
    return { removed: [], needed: [], bytes: 0, bytes_left: total };

  const needed = neededSessions(
    workPath,
    folders.map(({ sessionId }) => sessionId),
  );
  let left = total;
  const report = { removed: [] as PrunedSession[], needed: [] as (PrunedSession & { reason: NeededReason })[] };
  for (const folder of folders) {
    if (!old(folder) && left <= (policy.maxBytes ?? Infinity)) continue;
    const { sessionId, files, bytes, changedAt } = folder;
    const session = { session_id: sessionId, files, bytes, changed_at: changedAt.toISOString() };
    const reason = needed.get(sessionId);
    if (reason !== undefined) {
      report.needed.push({ ...session, reason });
      continue;
    }
    if (policy.dryRun !== true) removeFolder(folder.path);
    report.removed.push(session);
    left -= bytes;
  }
  return { ...report, bytes: total - left, bytes_left: left };
}

/** Step by step, so that a removal that is cut short leaves whole files. */
function removeFolder(folder: string): void {
  for (const step of readdirSync(folder)) rmSync(path.join(folder, step), { recursive: true, force: true });
  rmdirSync(folder);
}
