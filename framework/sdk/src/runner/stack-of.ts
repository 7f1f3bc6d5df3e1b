import { isDatapyError } from "@datapy/mod-kit";

/**
 * Where an error came from: the stack of its first cause, which stands in the code of a mod or script. `undefined` for what says all in
 * its message: the host's own errors, and faults of the input (exit code 20), also where the operating system's answer is their cause.
 */
export function stackOf(error: unknown): string | undefined {
  let deepest = error;
  while (isErrorLike(deepest) && isErrorLike(deepest.cause)) {
    if (isInputFault(deepest) && "syscall" in deepest.cause) break;
    deepest = deepest.cause;
  }
  return !isErrorLike(deepest) || saysAll(deepest) ? undefined : deepest.stack;
}

function saysAll(error: object): boolean {
  if (!isDatapyError(error)) return false;
  if (isInputFault(error)) return true;
  return error.code.startsWith("DATAPY_") && error.code !== "DATAPY_RUN_FAILED" && error.code !== "DATAPY_INTERNAL";
}

function isInputFault(error: object): boolean {
  return isDatapyError(error) && error.exitCode === 20;
}

/** Errors of native code and of other realms are no `instanceof Error`. */
function isErrorLike(value: unknown): value is { readonly stack: string; readonly cause?: unknown } {
  return (
    typeof value === "object" && value !== null && typeof (value as { readonly stack?: unknown }).stack === "string"
  );
}
