import { open, readdir, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { LOG_FILE_NAME } from "./log-file.js";

const DAY = 86_400_000;
const FIRST_LINE_BYTES = 4_096;

/** Key of a log file's first line by which {@link deleteExpiredLogs} knows it for DataPy's own. */
export const HEADER_KEY = "datapy";

/**
 * Deletes log files older than `days` (by their last change). Only files that DataPy wrote: the name has DataPy's pattern **and**
 * the first line is the header that {@link openSessionLog} writes. Everything else in the directory stays, also a link.
 *
 * @returns paths that were deleted
 */
export async function deleteExpiredLogs(directory: string, days: number, now: Date, keep: string): Promise<string[]> {
  if (!Number.isFinite(days) || days < 1) return [];
  const deleted: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (!entry.isFile() || !LOG_FILE_NAME.test(entry.name) || file === keep) continue;
    try {
      if (now.getTime() - (await stat(file)).mtimeMs <= days * DAY) continue;
      if (!(await isSessionLog(file))) continue;
      await unlink(file);
      deleted.push(file);
    } catch (error) {
      // Another session's retention may have been quicker; a file that may not be deleted stays.
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
    }
  }
  return deleted;
}

async function isSessionLog(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
    const [first = ""] = buffer.toString("utf8", 0, bytesRead).split("\n", 1);
    const header: unknown = JSON.parse(first);
    return (
      typeof header === "object" &&
      header !== null &&
      typeof (header as Record<string, unknown>)[HEADER_KEY] === "string"
    );
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  } finally {
    await handle.close();
  }
}
