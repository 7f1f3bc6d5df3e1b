import { readdirSync, statSync } from "node:fs";
import path from "node:path";

/** What a session has under `artifacts/`. */
export interface SessionFolder {
  readonly sessionId: string;
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  /** When a file of it was last written; that of the folder where it is empty. */
  readonly changedAt: Date;
}

const SESSION = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Folders of artifacts by session, oldest first. What is no session's folder is passed over. */
export function sessionFolders(workPath: string): SessionFolder[] {
  const root = path.join(workPath, "artifacts");
  return entriesOf(root)
    .filter((entry) => entry.isDirectory() && SESSION.test(entry.name))
    .map((entry) => measure(entry.name, path.join(root, entry.name)))
    .filter((folder) => folder !== undefined)
    .sort((a, b) => a.changedAt.getTime() - b.changedAt.getTime());
}

function measure(sessionId: string, folder: string): SessionFolder | undefined {
  let [bytes, files, newest] = [0, 0, 0];
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const { size, mtimeMs } = statSync(path.join(entry.parentPath, entry.name));
      bytes += size;
      files += 1;
      newest = Math.max(newest, mtimeMs);
    }
    const changedAt = new Date(newest === 0 ? statSync(folder).mtimeMs : newest);
    return { sessionId, path: folder, bytes, files, changedAt };
  } catch {
    // Somebody else removes it at this moment.
    return undefined;
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
