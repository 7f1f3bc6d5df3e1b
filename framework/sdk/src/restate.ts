import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput } from "@datapy/mod-kit";

/** The same error, said in other words or shown at another place. */
export function restate(
  error: DatapyError,
  change: Partial<Pick<DatapyErrorInput, "message" | "location" | "position">>,
): DatapyError {
  const { code, message, hint, exitCode, location, parameter, position, retryable, cause, stack } = error;
  const same = { code, message, hint, exitCode, location, parameter, position, retryable, cause };
  const restated = new DatapyError({ ...same, ...change });
  if (stack !== undefined && restated.message === message) restated.stack = stack;
  return restated;
}
