import type { Envelope, ErrorExitCode, ExitCode } from "@datapy/mod-kit";

const ERROR_EXIT_CODES: readonly unknown[] = [20, 30, 40, 50];

/** The exit code of the process that says the same as the envelope. */
export function exitCodeOf(envelope: Envelope): ExitCode {
  switch (envelope.status) {
    case "success":
      return 0;
    case "warning":
      return 10;
    case "error":
      return envelope.exit_code;
  }
}

/** Whether an error may carry it. */
export function isErrorExitCode(value: unknown): value is ErrorExitCode {
  return ERROR_EXIT_CODES.includes(value);
}
