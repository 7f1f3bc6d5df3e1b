import { mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ArtifactRetention } from "../config/configuration-types.js";

/** Sessions that end sooner after the last look do not look again, in milliseconds. */
const INTERVAL_MS = 3_600_000;

/**
 * Removes what the project's retention no longer keeps, at most once in an hour. Never throws, since nothing of it may fail a session:
 * what could not be removed is removed by a later one.
 */
export async function keepRetention(
  workPath: string,
  { olderThanMs, maxBytes }: ArtifactRetention,
  told: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  if (olderThanMs === undefined && maxBytes === undefined) return;
  const mark = path.join(workPath, "artifacts", ".retention");
  try {
    const last = statSync(mark, { throwIfNoEntry: false });
    const now = Date.now();
    if (last !== undefined && now - last.mtimeMs < INTERVAL_MS) return;
    mkdirSync(path.dirname(mark), { recursive: true });
    writeFileSync(mark, "");
    const { pruneArtifacts } = await import("./prune-artifacts.js");
    const before = olderThanMs === undefined ? undefined : new Date(now - olderThanMs);
    const { removed, needed, bytes } = pruneArtifacts(workPath, { before, maxBytes });
    if (removed.length + needed.length === 0) return;
    told("old artifacts were removed", { sessions: removed.length, bytes, needed: needed.length });
  } catch (error) {
    told("old artifacts could not be removed", { error: error instanceof Error ? error.message : String(error) });
  }
}
