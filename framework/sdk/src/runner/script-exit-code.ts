import { EXIT_CODES, isDatapyError } from "@datapy/mod-kit";
import type { ExitCode } from "@datapy/mod-kit";
import { isFaultList, worstExitCode } from "./failure-envelope.js";

/** One of the six, whatever a script sets. */
export function asExitCode(code: unknown): ExitCode {
  const number = Number(code);
  return (Object.values(EXIT_CODES) as number[]).includes(number) ? (number as ExitCode) : EXIT_CODES.runtime;
}

/** Exit code of an error that nobody caught: its own, or 30. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (isFaultList(error)) return worstExitCode(error.faults);
  return isDatapyError(error) ? error.exitCode : EXIT_CODES.runtime;
}
