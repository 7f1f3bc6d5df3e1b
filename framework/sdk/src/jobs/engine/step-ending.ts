import type { Envelope, ErrorEnvelope, ExitCode } from "@datapy/mod-kit";
import type { Outcome } from "./engine-types.js";

/** One step in the envelope of a job, under `steps`, in the order in which they ended. Keys that have nothing to say are absent. */
export interface StepSummary {
  /** `load`; `reports.load` for a step of a sub-job. */
  readonly step: string;
  readonly mod?: string;
  readonly version?: string;
  /** File of the job that the step ran. */
  readonly job?: string;
  readonly run_id?: string;
  readonly status: "success" | "warning" | "error" | "skipped";
  /** Of a step that ran. */
  readonly exit_code?: ExitCode;
  /** Seconds, of its last try. */
  readonly execution_time: number;
  /** Tries that it took, where it took more than one. */
  readonly attempts?: number;
  /** Where the result is not of this invocation: of an earlier one of the session (`resume`), or from the cache. */
  readonly reused?: "resume" | "cache";
  /** Why it was skipped. */
  readonly reason?: string;
  /** Of a step with `foreach`. */
  readonly items?: { readonly total: number; readonly failed: number; readonly reused: number };
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly artifacts?: Readonly<Record<string, unknown>>;
  readonly warnings?: readonly string[];
  readonly errors: readonly string[];
}

/** How a step ended. */
export interface StepEnding {
  readonly status: StepSummary["status"];
  readonly exitCode: ExitCode;
  /** What others can refer to; absent for a step that failed or was skipped. */
  readonly outcome?: Outcome;
  readonly summary: StepSummary;
  /** Whether all of it was taken over from an earlier try. */
  readonly isReused: boolean;
  /** Of a skipped step: why, in words that go on from "because"; and whether a condition wanted it so. */
  readonly cause?: string;
  readonly byCondition?: boolean;
}

/** A step that is not run. */
export function skipped(
  step: string,
  mod: string | undefined,
  why: { readonly reason: string; readonly cause: string; readonly byCondition?: boolean },
): StepEnding {
  const { reason, cause, byCondition = false } = why;
  const named = mod === undefined ? {} : { mod };
  const summary = { step, ...named, status: "skipped" as const, execution_time: 0, reason, errors: [] };
  return { status: "skipped", exitCode: 0, summary, isReused: false, cause, byCondition };
}

/** A step that failed before or around its run. */
export function failedEnding(step: string, mod: string | undefined, envelope: ErrorEnvelope): StepEnding {
  return {
    status: "error",
    exitCode: envelope.exit_code,
    isReused: false,
    summary: {
      step,
      ...(mod === undefined ? {} : { mod }),
      status: "error",
      exit_code: envelope.exit_code,
      execution_time: envelope.execution_time,
      errors: envelope.errors,
    },
  };
}

/** What others can refer to of a run. */
export function outcomeOf(envelope: Envelope): Outcome | undefined {
  if (envelope.status === "error") return undefined;
  const { artifacts, metrics, globals } = envelope;
  return { artifacts, metrics, globals };
}

/** Parts of a summary that have something to say. */
export function tellingParts(envelope: Envelope): Pick<StepSummary, "metrics" | "artifacts" | "warnings"> {
  if (envelope.status === "error") return {};
  const { metrics, artifacts, warnings } = envelope;
  return {
    ...(Object.keys(metrics).length === 0 ? {} : { metrics }),
    ...(Object.keys(artifacts).length === 0 ? {} : { artifacts }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}
