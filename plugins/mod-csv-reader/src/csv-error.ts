import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput } from "@datapy/mod-kit";

/** Faults of the CSV reader. All but `CSV_NOT_RECONCILED` are of the input (exit code 20). */
export type CsvErrorCode =
  | "CSV_BAD_ROW"
  | "CSV_TOO_MANY_BAD_ROWS"
  | "CSV_RECORD_TOO_LONG"
  | "CSV_DIALECT"
  | "CSV_HEADER"
  | "CSV_COLUMNS"
  | "CSV_EMPTY"
  | "CSV_ENCODING"
  | "CSV_COMPRESSION"
  | "CSV_FILE"
  | "CSV_FILE_CHANGED"
  | "CSV_NOT_RECONCILED";

/** An error of the reader, with what to do about it. */
export function csvError(
  code: CsvErrorCode,
  message: string,
  hint?: string,
  cause?: unknown,
  parameter?: DatapyErrorInput["parameter"],
): DatapyError {
  return new DatapyError({
    code,
    message,
    exitCode: code === "CSV_NOT_RECONCILED" ? 30 : 20,
    hint: hint === undefined ? undefined : sentence(hint),
    cause,
    parameter,
  });
}

/** With a capital and a full stop, as the host's own hints are written. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
