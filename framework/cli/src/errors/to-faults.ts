import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError, ExitCode } from "@datapy/mod-kit";
import type { FaultList } from "@datapy/sdk/faults";
import { fault } from "@datapy/sdk/errors";

/** Any thrown value as faults with codes, at least one. What has no code is a fault of DataPy itself. */
export function toFaults(error: unknown): readonly DatapyError[] {
  if (isDatapyError(error)) return [error];
  if (isFaultList(error)) return error.faults;
  const detail = error instanceof Error ? error.message : String(error);
  if ((error as { syscall?: unknown } | undefined)?.syscall === "uv_cwd") {
    const gone = { detail: "the working directory is gone" };
    return [fault("DATAPY_SYSTEM", gone, { cause: error, hint: "Change to a folder that is there." })];
  }
  // What Node throws for a failed system call (a full disk, a missing right) says which call and which file.
  if (typeof (error as { syscall?: unknown } | undefined)?.syscall === "string")
    return [fault("DATAPY_SYSTEM", { detail }, { cause: error })];
  return [
    fault("DATAPY_INTERNAL", { detail: detail === "" ? "an error without a message" : detail }, { cause: error }),
  ];
}

/** The exit code that `error` ends the process with: the worst of its faults. oclif's own `exit(0)` (after help) stays 0. */
export function exitCodeOf(error: unknown): ExitCode {
  if ((error as { code?: unknown } | undefined)?.code === "EEXIT") {
    return (error as { oclif?: { exit?: number } }).oclif?.exit === 0 ? 0 : 20;
  }
  return toFaults(error).reduce<ExitCode>((worst, one) => (one.exitCode > worst ? one.exitCode : worst), 20);
}

function isFaultList(error: unknown): error is FaultList {
  return error instanceof Error && (error as { brand?: unknown }).brand === "datapy.fault-list";
}
