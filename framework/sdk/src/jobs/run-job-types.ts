import type { Envelope, ExitCode } from "@datapy/mod-kit";
import type { ResolvedConfiguration } from "../config/resolved-configuration.js";
import type { JobEngine } from "./engine/engine-types.js";
import type { StepSummary } from "./engine/step-ending.js";
import type { Plan } from "./plan/plan-types.js";
import type { Selection } from "./plan/select-steps.js";

/** Envelope of a job: the specification's keys, and `steps`. */
export type JobEnvelope = Envelope & { readonly steps: readonly StepSummary[] };

/** What a job is run with. */
export interface JobRequest {
  /** Of the job's file. */
  readonly configuration: ResolvedConfiguration;
  readonly selection?: Selection | undefined;
  /** Steps that run at once. Default the job's own, else the number of processors. */
  readonly maxParallel?: number | undefined;
  /** Time that the whole job may take, in milliseconds. The job's own counts as well. */
  readonly timeoutMs?: number | undefined;
  /** `on_empty` of every mod that has it, and what a `foreach` without items means. Default: each mod's own; `ok`. */
  readonly onEmpty?: "ok" | "warn" | "fail" | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Last eight digits of the job's run id. Default random. */
  readonly runSuffix?: string | undefined;
  /** Default the one that is built in. */
  readonly engine?: JobEngine | undefined;
  /** Whether what happens is written down, so that the session can be gone on with. Default `true`. */
  readonly isKept?: boolean | undefined;
  /** An earlier session that this one goes on with, or does again. */
  readonly earlier?:
    | {
        readonly kind: "resume" | "replay";
        readonly sessionId: string;
        /** Plan of that time. */
        readonly plan: Plan;
        readonly acceptChanges: boolean;
      }
    | undefined;
  readonly onSteps?: ((steps: readonly { readonly step: string; readonly mod?: string }[]) => void) | undefined;
  readonly onStep?: ((summary: StepSummary) => void) | undefined;
  readonly onCleanUp?: ((milliseconds: number) => void) | undefined;
}

/** What a job came to. */
export interface JobRun {
  readonly envelope: JobEnvelope;
  readonly exitCode: ExitCode;
}
