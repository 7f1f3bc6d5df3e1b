import { isDatapyError } from "@datapy/mod-kit";

/**
 * Where an error came from: the stack of its first cause, which stands in the code of a mod or script. Of the host's own errors, which
 * say all in their message, `undefined`.
 */
export function stackOf(error: unknown): string | undefined {
  let deepest = error;
  while (isErrorLike(deepest) && isErrorLike(deepest.cause)) deepest = deepest.cause;
  if (!isErrorLike(deepest)) return undefined;
  const isOurs =
    isDatapyError(deepest) &&
    deepest.code.startsWith("DATAPY_") &&
    deepest.code !== "DATAPY_RUN_FAILED" &&
    deepest.code !== "DATAPY_INTERNAL";
  return isOurs ? undefined : deepest.stack;
}

/** Errors of native code and of other realms are no `instanceof Error`. */
function isErrorLike(value: unknown): value is { readonly stack: string; readonly cause?: unknown } {
  return (
    typeof value === "object" && value !== null && typeof (value as { readonly stack?: unknown }).stack === "string"
  );
}
