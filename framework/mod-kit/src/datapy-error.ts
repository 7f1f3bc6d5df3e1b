import type { ErrorExitCode } from "./envelope.js";

/** A place in a file that a user wrote. Lines and columns count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** A place in a text. Lines and columns count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Parts of a {@link DatapyError}. */
export interface DatapyErrorInput {
  /** Stable name of the fault, `DATAPY_…` for the host's own, `<MOD>_…` for a mod's (`CSV_BAD_ROW`). Programs match on this. */
  readonly code: string;
  /** What happened, where and why, in one sentence or a few lines. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** 20 when the input or a parameter is wrong, 30 (default) when the run failed, 40 timeout, 50 canceled. */
  readonly exitCode?: ErrorExitCode | undefined;
  /** Where in a user's file the fault is. */
  readonly location?: SourceLocation | undefined;
  /**
   * The parameter that the fault is about, by its name or by the way into it (`["rules", 1, "column"]`): where no `location` is given,
   * the host says where that was written.
   */
  readonly parameter?: string | readonly (string | number)[] | undefined;
  /** Where in the text that this parameter holds (SQL, say) the fault is. Lines and columns count from 1. */
  readonly position?: TextPosition | undefined;
  /** Whether the same call may succeed later without any change: a refused connection, a 503. Default `false`. */
  readonly retryable?: boolean | undefined;
  /** The error that this one explains. */
  readonly cause?: unknown;
}

/**
 * The error that mods and the host throw. Nobody matches on its text: `code` is the stable part. Recognise one by
 * {@link isDatapyError}, since several copies of mod-kit may be loaded.
 */
export class DatapyError extends Error {
  readonly brand = "datapy.error";
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ErrorExitCode;
  readonly location: SourceLocation | undefined;
  readonly parameter: string | readonly (string | number)[] | undefined;
  readonly position: TextPosition | undefined;
  readonly retryable: boolean;

  constructor(input: DatapyErrorInput) {
    super(input.message, input.cause === undefined ? undefined : { cause: input.cause });
    this.name = "DatapyError";
    this.code = input.code;
    this.hint = input.hint;
    this.exitCode = input.exitCode ?? 30;
    this.location = input.location;
    this.parameter = input.parameter;
    this.position = input.position;
    this.retryable = input.retryable ?? false;
  }
}

/** Whether `value` is a {@link DatapyError} of any loaded copy of mod-kit, and of any realm: never uses `instanceof`. */
export function isDatapyError(value: unknown): value is DatapyError {
  if (typeof value !== "object" || value === null) return false;
  const { brand, code, message } = value as { brand?: unknown; code?: unknown; message?: unknown };
  return brand === "datapy.error" && typeof code === "string" && typeof message === "string";
}
