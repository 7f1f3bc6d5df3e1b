import type { Envelope, ExitCode } from "@datapy/mod-kit";
import type { ConfigurationSnapshot, StepTask, TaskResult, TaskSession } from "../jobs/engine/engine-types.js";
import type { StepSummary } from "../jobs/engine/step-ending.js";
import type { RunEvent } from "./run-events.js";

/** Where the configuration of an invocation comes from, besides project and environment. */
export interface RunnerConfiguration {
  /** File of `-p` or of the job, or text that came through standard input. */
  readonly file?: { readonly path: string } | { readonly name: string; readonly text: string };
  /** `--set` arguments, `key=value`, in order. */
  readonly sets?: readonly string[];
  /** `--env`. */
  readonly environmentName?: string;
  /** Contents of the project file, where it is not looked for; `null`: there is none. */
  readonly project?: { readonly name: string; readonly text: string } | null;
  /** Contents of other files that the job names, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What every request to a runner process carries. A plain JSON value. */
export interface RunnerInvocation {
  readonly cwd: string;
  readonly configuration: RunnerConfiguration;
  /** Wall time that the whole invocation may take, in milliseconds. Default unlimited. */
  readonly timeoutMs?: number;
  readonly logLevel?: string;
  readonly logFormat?: "json" | "pretty";
  /** Where to write Prometheus text when the session ends. */
  readonly metricsFile?: string;
  /** Whether a live progress line may be shown. Default: when stderr is a terminal. */
  readonly progress?: boolean;
}

/** Runs one mod. */
export interface RunModRequest extends RunnerInvocation {
  readonly kind: "run-mod";
  /** Name in any of its spellings, or a path. */
  readonly reference: string;
  /** Version that the mod must have. */
  readonly version?: string;
}

/** Runs a script that calls `runMod` itself. */
export interface RunScriptRequest extends RunnerInvocation {
  readonly kind: "run-script";
  /** Path of the script, relative to `cwd` or absolute. */
  readonly script: string;
  /** What stands after `--` on the command line: `process.argv.slice(2)` of the script. */
  readonly arguments: readonly string[];
}

/** Runs a job file, goes on with a session of one, or runs one again from what it left. */
export interface RunJobRequest extends RunnerInvocation {
  readonly kind: "run-job";
  /** One step to run, by its id or its mod. */
  readonly step?: string;
  readonly select?: readonly string[];
  /** A step to begin with; what it needs of the steps before comes from the last session. */
  readonly from?: string;
  readonly maxParallel?: number;
  readonly onEmpty?: "ok" | "warn" | "fail";
  /** Session to go on with, or `last`. */
  readonly resume?: string;
  /** Session, or archive of one, to run again. */
  readonly replay?: string;
  readonly acceptChanges?: boolean;
  /** Folder that holds the session to replay, where it is not the project's own. */
  readonly workPath?: string;
}

/** What a runner process is asked to do. */
export type RunnerRequest = RunModRequest | RunScriptRequest | RunJobRequest;

/** One task of a job for a process of its own. */
export interface TaskMessage {
  readonly kind: "task";
  readonly session: TaskSession;
  readonly configuration: ConfigurationSnapshot;
  readonly task: StepTask;
  readonly shielded: boolean;
  readonly graceMs: number;
  /** File to make when the process ends itself for its memory. */
  readonly marker: string;
  readonly progress: boolean;
}

/** An event of a run as it travels between processes: without its time. */
type TravelingEvent<Event> = Event extends { readonly at: Date } ? Omit<Event, "at"> : Event;

/** Sent by the supervisor. Ids are made by the supervisor, so that it can write an envelope even for a process that never spoke. */
export type ToRunner =
  | {
      readonly kind: "request";
      readonly sessionId: string;
      readonly runSuffix: string;
      readonly request: RunnerRequest;
      /** When it was sent, in milliseconds since 1970: the time of the request runs from then. */
      readonly sentAt: number;
    }
  | TaskMessage
  /** `graceMs`: how long the runner may take to end before it is killed. `code`: of the reason; default `DATAPY_CANCELED`. */
  | { readonly kind: "cancel"; readonly cause: string; readonly code?: string; readonly graceMs: number };

/** One line of what a session ran; the extra key `runs` of a script's envelope holds them, in the order in which they ended. */
export interface RunSummary {
  readonly mod: string;
  readonly version: string;
  readonly run_id: string;
  readonly status: Envelope["status"];
  readonly exit_code: ExitCode;
  readonly execution_time: number;
  readonly errors: readonly string[];
}

/** What a supervisor must know of a session to speak for it. */
export interface SessionAnnouncement {
  readonly id: string;
  readonly logFile: string;
  readonly workPath: string;
  readonly temporaryPath: string;
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Name of the project. */
  readonly namespace: string | undefined;
  /** OpenLineage's UUID of this invocation of the session. */
  readonly uuid: string;
}

/** Sent by the runner process. */
export type FromRunner =
  /** The session is open: what a supervisor needs to speak for the process should it die. */
  | ({ readonly kind: "session" } & SessionAnnouncement)
  /** A run has begun. `timeoutMs` is its own limit, counted from now. */
  | {
      readonly kind: "run-started";
      readonly runId: string;
      readonly mod: string;
      readonly step?: string;
      readonly timeoutMs?: number;
    }
  | { readonly kind: "run-ended"; readonly summary: RunSummary }
  /** Of a job: all its steps, before the first of them runs; then each as it ends. */
  | { readonly kind: "steps"; readonly steps: readonly { readonly step: string; readonly mod?: string }[] }
  | { readonly kind: "step-ended"; readonly summary: StepSummary }
  /** The job is to end, and its clean-up goes on for this long. */
  | { readonly kind: "cleaning-up"; readonly graceMs: number }
  /** Of a process that runs one task: what happens in it, and what came of it. */
  | { readonly kind: "event"; readonly event: TravelingEvent<RunEvent> }
  | { readonly kind: "task-result"; readonly result: TaskResult }
  /** The process is leaving without a result because code in it called `process.exit`. */
  | { readonly kind: "exiting"; readonly code: number }
  /** The result, everything else being written and closed. `envelope` is its JSON text, on one line. */
  | { readonly kind: "result"; readonly exitCode: ExitCode; readonly envelope: string };
