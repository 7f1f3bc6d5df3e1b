import { DatapyError } from "@datapy/mod-kit";

/** Codes of this mod's errors. All of them mean that no table was written. */
export type ReaderCode =
  | "FILE_READER_INPUT"
  | "FILE_READER_FORMAT"
  | "FILE_READER_COMPRESSION"
  | "FILE_READER_ENCODING"
  | "FILE_READER_DAMAGED"
  | "FILE_READER_COLUMNS"
  | "FILE_READER_BAD_ROWS"
  | "FILE_READER_EMPTY";

/** An error of the caller's or of the file's: exit code 20. */
export function readerError(
  code: ReaderCode,
  message: string,
  hint: string,
  cause?: unknown,
  parameter?: string,
): DatapyError {
  return new DatapyError({ code, exitCode: 20, message, hint, cause, parameter });
}

/** A value for a message: quoted, cut to a readable length. */
export function shown(text: string, most = 80): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}
