import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { systemReason } from "../system-reason.js";
import { explainSql, suggestColumn } from "./explain-sql.js";

const FILE_LIMIT =
  "Raise the limit (`ulimit -f`) for this process, or set globals.work_path to a file system that allows larger files.";

const RIGHTS =
  "Check owner and mode of it and of the folders above it, or set globals.work_path to a folder that this user may write to.";

/**
 * The error of a failed statement. DuckDB gives no codes, so that its class and the operating system's reason are read from the text;
 * this is the one place that does. Of a statement that the user wrote, the line and the place that DuckDB points at are told, too.
 */
export function duckdbError(error: unknown, of: { readonly usersStatement?: boolean } = {}): DatapyError {
  const text = errorText(error);
  const cause = { cause: error };
  if (/No space left on device|not enough space on the disk|Disk quota exceeded/i.test(text))
    return fault("DATAPY_DISK_FULL", { detail: firstLine(text) }, cause);
  if (/File too large/i.test(text)) {
    const path = /"(.+)"/.exec(text)?.[1] ?? "a file";
    return fault(
      "DATAPY_FILE_FAILED",
      { path, detail: systemReason({ code: "EFBIG" }) },
      { ...cause, hint: FILE_LIMIT },
    );
  }
  if (/Permission denied|Read-only file system|Access is denied/i.test(text))
    return fault("DATAPY_FILE_DENIED", { detail: firstLine(text) }, cause);
  if (/^Out of Memory Error|failed to (?:allocate|pin|offload)/i.test(text))
    return fault("DATAPY_DATA_OUT_OF_MEMORY", { detail: firstLine(text) }, cause);
  const table = unreadableTable(text);
  if (table !== undefined) return fault("DATAPY_TABLE_UNREADABLE", table, cause);
  const { column, candidates } = explainSql(text);
  const hint = column === undefined ? undefined : suggestColumn(column, candidates);
  const detail = of.usersStatement === true ? text : withoutStatement(text);
  return fault("DATAPY_DATA_QUERY_FAILED", { detail }, { ...cause, hint });
}

/** The Parquet file that a statement reads and that is none: an artifact that was given, and not a name in somebody's SQL. */
export function unreadableTable(text: string): { readonly file: string; readonly detail: string } | undefined {
  if (!text.includes("read_parquet(")) return undefined;
  const missing = /No files found that match the pattern "(.+)"/.exec(text)?.[1];
  if (missing !== undefined) return { file: missing, detail: "there is no such file" };
  const damaged = /No magic bytes found at end of file '(.+)'|File '(.+)' too small to be a Parquet file/.exec(text);
  const file = damaged?.[1] ?? damaged?.[2];
  return file === undefined ? undefined : { file, detail: "it is no Parquet file, or a damaged one" };
}

/** What DuckDB said, on one line, without the line of the statement that it quotes: nobody who runs a mod has written that statement. */
function withoutStatement(text: string): string {
  return text.replace(/\n+LINE \d+: [^]*$/, "").replace(/\s*\n\s*/g, " ");
}

/** Whether another process holds the database file that was to be attached. */
export function isLocked(error: unknown): boolean {
  return /Could not set lock on file|being used by another process/i.test(errorText(error));
}

/** What DuckDB said. Its errors are made in native code, so that `instanceof` may not know them. */
export function errorText(error: unknown): string {
  const message = (error as { readonly message?: unknown } | null | undefined)?.message;
  return (typeof message === "string" ? message : String(error)).trim();
}

/** Whether a statement failed because its connection was interrupted. */
export function isInterrupt(error: unknown): boolean {
  return /^INTERRUPT Error|Interrupted!/i.test(errorText(error));
}

/** The error of a failed operation on a file of the work path. */
export function fileError(error: unknown, path: string): DatapyError {
  const { code } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === "ENOSPC" || code === "EDQUOT")
    return fault("DATAPY_DISK_FULL", { detail: `${path} could not be written` }, cause);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return fault("DATAPY_FILE_DENIED", { detail: `${path}: ${systemReason(error)}` }, { ...cause, hint: RIGHTS });
  const hint = code === "EFBIG" ? FILE_LIMIT : undefined;
  return fault("DATAPY_FILE_FAILED", { path, detail: systemReason(error) }, { ...cause, hint });
}

/** The first line of a text. */
export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
