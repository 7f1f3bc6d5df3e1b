import { DatapyError } from "@datapy/mod-kit";

/** Codes of this mod's errors. All of them mean that nothing was written or changed. */
export type WriterCode =
  | "FILE_WRITER_FORMAT"
  | "FILE_WRITER_TARGET"
  | "FILE_WRITER_EXISTS"
  | "FILE_WRITER_COLUMNS"
  | "FILE_WRITER_TOO_LARGE"
  | "FILE_WRITER_VALUE"
  | "FILE_WRITER_EMPTY";

/** An error of the caller's: exit code 20. */
export function writerError(
  code: WriterCode,
  message: string,
  hint: string,
  cause?: unknown,
  parameter?: string,
): DatapyError {
  return new DatapyError({ code, exitCode: 20, message, hint, cause, parameter });
}
