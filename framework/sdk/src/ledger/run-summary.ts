import type { Envelope, ExitCode } from "@datapy/mod-kit";

/** What became of a run. `running` has not ended; `lost` never will: its process is gone without having ended it. */
export type RunStatus = "success" | "warning" | "error" | "running" | "lost";

/** A run in one line: what `datapy runs` lists. */
export interface RunSummary {
  readonly run_id: string;
  readonly session_id: string;
  readonly mod: string;
  /** Job file, script or mod that the session was about. */
  readonly job: string;
  readonly step?: string;
  readonly status: RunStatus;
  /** Absent while it is running or when it is lost. */
  readonly exit_code?: ExitCode;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  /** Seconds. */
  readonly execution_time?: number;
  /** Rows that the run put out, else processed, else read; absent where it counted none. */
  readonly rows?: number;
  /** First line of the first error or warning. */
  readonly message?: string;
}

const MESSAGE_LENGTH = 200;

/** Sums up a run that ended. */
export function summarize(
  run: {
    readonly runId: string;
    readonly sessionId: string;
    readonly mod: string;
    readonly job: string;
    readonly step?: string | undefined;
    readonly startedAt: string;
  },
  envelope: Envelope,
  exitCode: ExitCode,
): RunSummary {
  const rows = envelope.status === "error" ? undefined : rowsOf(envelope.metrics);
  const message = envelope.status === "error" ? envelope.errors[0] : envelope.warnings[0];
  return {
    run_id: run.runId,
    session_id: run.sessionId,
    mod: run.mod,
    job: run.job,
    ...(run.step === undefined ? {} : { step: run.step }),
    status: envelope.status,
    exit_code: exitCode,
    started_at: run.startedAt,
    execution_time: envelope.execution_time,
    ...(rows === undefined ? {} : { rows }),
    ...(message === undefined ? {} : { message: (message.split("\n", 1)[0] ?? "").slice(0, MESSAGE_LENGTH) }),
  };
}

/** The number of rows that says most about a run. */
export function rowsOf(metrics: Readonly<Record<string, unknown>>): number | undefined {
  for (const key of ["rows_output", "rows_processed", "rows_read"]) {
    const value = metrics[key];
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "bigint") return Number(value);
  }
  return undefined;
}
