import type { DatapyError } from "@datapy/mod-kit";
import type { LedgerPart } from "../../ledger/ledger-types.js";
import type { Session } from "../../runner/session-types.js";
import type { PlannedJob } from "../plan/plan-job.js";
import type { PendingBookmarks } from "./pending-bookmarks.js";
import type { OpenEngine, Outcome } from "./engine-types.js";
import type { Slots } from "./slots.js";
import type { StepEnding, StepSummary } from "./step-ending.js";
import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import type { StepRecord, StepRecords } from "../resume/step-records.js";

/** What all levels of a running job share: the job itself, and the jobs that its steps run. */
export interface RunningJob {
  readonly session: Session;
  readonly engine: OpenEngine;
  /** Configurations by scope; a sub-job's is there once it has begun. */
  readonly configurations: Map<string, ResolvedConfiguration>;
  readonly records: StepRecords | undefined;
  /** Steps and items that earlier invocations of the session finished and that still stand, by path. */
  readonly finished: ReadonlyMap<string, StepRecord>;
  /** Outcomes of steps that are not run now, taken from another session. */
  readonly borrowed: ReadonlyMap<string, Outcome>;
  readonly bookmarks: PendingBookmarks;
  readonly overrides: Readonly<Record<string, unknown>>;
  /** What a `foreach` without items means. */
  readonly onEmpty: "ok" | "warn" | "fail";
  /** OpenLineage's UUID of this invocation of the session. */
  readonly sessionUuid: string;
  /** Tells this job from others of the session: in front of folders, in run ids. Empty where a session is one job. */
  readonly mark: string;
  /** Told of every step that ended, in order. */
  readonly onStep: (summary: StepSummary) => void;
  /** Told once that clean-up goes on for so long after the job was to end, in milliseconds. */
  readonly onCleanUp: (milliseconds: number) => void;
}

/** A job on its way: the outermost, or one that a step runs. */
export interface JobLevel {
  readonly job: RunningJob;
  readonly planned: PlannedJob;
  /** Empty for the outermost; else where the step stands, with a dot behind it. */
  readonly prefix: string;
  /** Key of the configuration. */
  readonly scope: string;
  readonly part: LedgerPart;
  /** Ends what runs; the reason is a `DatapyError`. */
  readonly signal: AbortSignal;
  readonly slots: Slots;
  /** Globals that were added before the job began. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Steps of this level that an earlier try of it finished. */
  readonly earlier: ReadonlyMap<string, StepEnding>;
}

/** Why a level is to end. */
export function endReason({ signal }: JobLevel): DatapyError | undefined {
  return signal.aborted ? (signal.reason as DatapyError) : undefined;
}
