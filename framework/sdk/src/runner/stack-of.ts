import { isDatapyError } from "@datapy/mod-kit";

/**
 * Where an error came from: the stack of its first cause, which stands in the code of a mod or script. `undefined` for what says all in
 * its message: the host's own errors, and faults of the input (exit code 20), also where the operating system's answer is their cause.
 */
export function stackOf(error: unknown): string | undefined {
  let deepest = error;
  let isExplained = false;
  while (isErrorLike(deepest) && isErrorLike(deepest.cause)) {
    isExplained ||= isInputFault(deepest);
    deepest = deepest.cause;
  }
  if (!isErrorLike(deepest) || saysAll(deepest)) return undefined;
  return isExplained && ("syscall" in deepest || !hasCalls(deepest)) ? undefined : deepest.stack;
}

function saysAll(error: object): boolean {
  if (!isDatapyError(error)) return false;
  if (isInputFault(error)) return true;
  return error.code.startsWith("DATAPY_") && error.code !== "DATAPY_RUN_FAILED" && error.code !== "DATAPY_INTERNAL";
}

function isInputFault(error: object): boolean {
  return isDatapyError(error) && error.exitCode === 20;
}

/** What native code threw (DuckDB) came from no line of anybody, and its words are in the error that explains it. */
function hasCalls({ stack }: { readonly stack: string }): boolean {
  return /^\s+at /m.test(stack);
}

/** Errors of native code and of other realms are no `instanceof Error`. */
function isErrorLike(value: unknown): value is { readonly stack: string; readonly cause?: unknown } {
  return (
    typeof value === "object" && value !== null && typeof (value as { readonly stack?: unknown }).stack === "string"
  );
}
