import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";

/**
 * The error of a failed statement. DuckDB gives no codes, so that its class and the operating system's reason are read from the text;
 * this is the one place that does.
 */
export function duckdbError(error: unknown): DatapyError {
  const text = errorText(error);
  const cause = { cause: error };
  if (/No space left on device|not enough space on the disk|Disk quota exceeded/i.test(text))
    return fault("DATAPY_DISK_FULL", { detail: firstLine(text) }, cause);
  if (/Permission denied|Read-only file system|Access is denied/i.test(text))
    return fault("DATAPY_FILE_DENIED", { detail: firstLine(text) }, cause);
  if (/^Out of Memory Error|failed to (?:allocate|pin|offload)/i.test(text))
    return fault("DATAPY_DATA_OUT_OF_MEMORY", { detail: firstLine(text) }, cause);
  return fault("DATAPY_DATA_QUERY_FAILED", { detail: text }, cause);
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
  const { code, message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === "ENOSPC" || code === "EDQUOT") return fault("DATAPY_DISK_FULL", { detail: message }, cause);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return fault("DATAPY_FILE_DENIED", { detail: message }, cause);
  return fault("DATAPY_FILE_FAILED", { path, detail: message }, cause);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
