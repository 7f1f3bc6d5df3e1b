import { DatapyError } from "@datapy/mod-kit";
import type { ErrorExitCode, SourceLocation } from "@datapy/mod-kit";

/** A row of the error table. `message` and `hint` may hold `{name}` places, filled from the details given to {@link fault}. */
interface ErrorRow {
  readonly exitCode: ErrorExitCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/**
 * Every error of the host, by its stable code. The reference page of errors is made from this table. Keep it sorted by code.
 */
export const ERROR_TABLE = {
  DATAPY_CANCELED: {
    exitCode: 50,
    message: "canceled by {cause}",
    hint: "Nothing was left half done; start the run again when it suits.",
  },
  DATAPY_INTERNAL: {
    exitCode: 30,
    message: "a fault in DataPy itself: {detail}",
    hint: "Please report it with the log file of the run.",
  },
  DATAPY_MOD_CRASHED: {
    exitCode: 30,
    message: "the process that ran {mod} ended without a result ({detail})",
    hint: "Look at the last lines of the log; a process killed from outside is often out of memory.",
  },
  DATAPY_MOD_NO_ENVELOPE: {
    exitCode: 30,
    message: "{mod} returned {given}, not a result",
    hint: "A mod's run() returns what ctx.result.success(), .warning() or .error() made.",
  },
  DATAPY_MOD_THREW: {
    exitCode: 30,
    message: "{mod} failed: {detail}",
    hint: "The stack trace is in the log file.",
  },
  DATAPY_TIMEOUT: {
    exitCode: 40,
    message: "{mod} did not finish within {limit}",
    hint: "Raise --timeout, or look at the log for what it was doing.",
  },
} as const satisfies Record<string, ErrorRow>;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** Makes the {@link DatapyError} of a code, its places filled from `details`. */
export function fault(
  code: ErrorCode,
  details: Readonly<Record<string, string | number>> = {},
  context: { readonly location?: SourceLocation | undefined; readonly cause?: unknown; readonly hint?: string | undefined } = {},
): DatapyError {
  const row: ErrorRow = ERROR_TABLE[code];
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (place, name: string) => (details[name] === undefined ? place : String(details[name])));
  return new DatapyError({
    code,
    message: fill(row.message),
    hint: context.hint ?? fill(row.hint),
    exitCode: row.exitCode,
    retryable: row.retryable ?? false,
    ...(context.location === undefined ? {} : { location: context.location }),
    ...(context.cause === undefined ? {} : { cause: context.cause }),
  });
}
