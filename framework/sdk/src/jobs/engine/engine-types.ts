import type { Envelope } from "@datapy/mod-kit";
import type { RunnerConfiguration } from "../../runner/runner-protocol.js";
import type { Session } from "../../runner/session-types.js";
import type { Step } from "../../runner/step.js";
import type { StepRecord } from "../resume/step-records.js";
import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";

/**
 * Runs the steps of jobs, one task at a time and any number at once. What is run when, what is tried again, skipped or taken over from an
 * earlier run is decided by the host and is the same for every engine; an engine decides where a task is run, and how. `local`, in this
 * process and its children, is built in; others come as plugins. An engine keeps these promises, which `engineConformance` checks:
 *
 * - A task and its result are JSON values. Nothing else passes between the host and the place where a task is run.
 * - `run` never rejects: whatever goes wrong (also in the engine itself) is an error envelope with one of the exit codes 20 to 50.
 * - As many tasks as the host starts may run at once; none waits for another.
 * - A task ends soon after its `signal` is aborted, or after `timeoutMs` of its step: exit code 50, or that of the signal's reason, or 40.
 *   What it had begun is undone by the mod.
 * - The same task given again (a resumed session) has the same run id: it is for the mod's target to know what it has already.
 * - How a task ended is written to the records of its session before anything else tells of it: `runTask` does so. A session that is killed
 *   in between goes on from there.
 * - A mod gets the parameters, outcomes, globals and bookmarks that the task carries, and no others.
 */
export interface JobEngine {
  /** `local`, or the plugin's own. */
  readonly name: string;
  /** Makes ready to run the tasks of one job. */
  open(environment: JobEnvironment, host: EngineHost): Promise<OpenEngine>;
}

/** An engine that is ready. */
export interface OpenEngine {
  run(task: StepTask, controls: TaskControls): Promise<TaskResult>;
  /** Ends what is left. Never rejects. */
  close(): Promise<void>;
}

/** What a process must know to run tasks of a job, wherever it stands. A JSON value. */
export interface JobEnvironment {
  readonly session: TaskSession;
  /** Configurations by scope: empty for the job itself, else where the sub-job's step stands (`reports`). */
  readonly configurations: Readonly<Record<string, ConfigurationSnapshot>>;
}

/** The session that tasks belong to. */
export interface TaskSession {
  readonly id: string;
  /** OpenLineage's UUID of this invocation of the session. */
  readonly uuid: string;
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** What `${run.date}` gives. */
  readonly runDate: string;
  readonly cwd: string;
  /** Absolute. */
  readonly workPath: string;
  /** Empty where no log file could be written. */
  readonly logFile: string;
  readonly logLevel: string | undefined;
}

/** All that a configuration is made from, as text: reading it anew gives the same one. */
export interface ConfigurationSnapshot extends RunnerConfiguration {
  readonly project: { readonly name: string; readonly text: string } | null;
  readonly globals?: Readonly<Record<string, unknown>>;
}

/** What an engine in the host's own process may use besides. */
export interface EngineHost {
  readonly session: Session;
  /** The configuration of a scope, loaded. */
  readonly configuration: (scope: string) => ResolvedConfiguration;
  /** The same as text, for where it has to be loaded anew. */
  readonly snapshot: (scope: string) => ConfigurationSnapshot;
}

/** One try of one step, or of one item of it. A JSON value. */
export interface StepTask {
  /** `mod`, `version`, `params`, `stepId`, `path`, `item`, `timeoutMs`, `attempt`. */
  readonly step: Step;
  /** Key of its configuration in {@link JobEnvironment}. */
  readonly scope: string;
  /** Last eight hexadecimal digits of its run id. */
  readonly runSuffix: string;
  readonly stepUuid: string;
  /** What `${mods.<step>.…}` gives. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** Globals that earlier steps added. */
  readonly added: Readonly<Record<string, unknown>>;
  /** Bookmarks that earlier steps set and that are not kept yet, by mod. */
  readonly bookmarks: Readonly<Record<string, BookmarkChanges>>;
  readonly isolate: boolean;
  readonly memoryLimitBytes: number | null;
  /** `null`: no earlier result is used. */
  readonly cache: { readonly maxAgeMs: number | null; readonly sourceHash: string | undefined } | null;
  /** What its record is to say besides the result: the hashes of the step and of its item. `null`: nothing is written down. */
  readonly record: { readonly hash: string; readonly item?: string } | null;
}

/** What a step gave. */
export interface Outcome {
  readonly artifacts: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** JSON text by key; `null` is a deletion. */
export type BookmarkChanges = readonly (readonly [key: string, value: string | null])[];

/** What becomes of a task besides its result. */
export interface TaskControls {
  /** Ends the task. Its reason is a `DatapyError`. */
  readonly signal: AbortSignal;
  /** Whether the end of the session leaves it alone: clean-up. */
  readonly shielded: boolean;
  /** How long it may take to end once it is to, in milliseconds. */
  readonly graceMs: number | undefined;
}

/** How a task ended. A JSON value. */
export interface TaskResult {
  readonly envelope: Envelope;
  readonly mod: string;
  readonly version: string;
  readonly failures: readonly TaskFailure[];
  readonly artifacts: readonly TaskArtifact[];
  readonly bookmarks: BookmarkChanges;
  /** Whether the result is that of an earlier run. */
  readonly cached: boolean;
  /** What was written down where the task was run, before anyone was told of its end; absent where the process was lost. */
  readonly record?: StepRecord;
}

/** One error of a task. */
export interface TaskFailure {
  readonly code: string;
  readonly retryable: boolean;
}

/** A table or file that a task made. */
export interface TaskArtifact {
  readonly key: string;
  readonly kind: "table" | "file";
  readonly uri: string;
  readonly bytes: number;
  /** SHA-256 in hexadecimal; absent for what is not on this machine's disks. */
  readonly checksum?: string;
}
