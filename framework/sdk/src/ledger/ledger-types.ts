import type { Column, ColumnLineage, Envelope, ExitCode } from "@datapy/mod-kit";
import type { RecordedArtifact } from "../artifacts/artifact-folder.js";
import type { ValueOrigin } from "../config/configuration-types.js";
import type { Masker } from "../secrets/masker-types.js";

/** What a session's ledger is opened with. */
export interface LedgerOptions {
  /** Folder that holds `runs/`: the project's `.datapy`, or `globals.work_path`. */
  readonly workPath: string;
  readonly sessionId: string;
  readonly startedAt: Date;
  readonly masker: Masker;
  /** `name`: of the job file, of the script, else of the mod. `namespace`: the project's name; default `datapy`. */
  readonly job: { readonly name: string; readonly namespace?: string | undefined };
  /** Read for `DATAPY_OPENLINEAGE_URL`, `DATAPY_OPENLINEAGE_API_KEY` and `OPENLINEAGE_PARENT_ID`. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** UUID by which OpenLineage knows the session; default `sessionId`. A session that is gone on with has one of its own each time. */
  readonly sessionUuid?: string | undefined;
  /** Whether the session is gone on with: what stands in its file already counts as its own. Default `false`. */
  readonly continued?: boolean | undefined;
  /** Whether another process has begun the session and will end it. Default `false`. */
  readonly within?: boolean | undefined;
  /** Told, once each, that the ledger cannot be written or events cannot be delivered. Nothing of this ever fails a run. */
  readonly warn?: ((message: string, fields: Readonly<Record<string, unknown>>) => void) | undefined;
}

/** A dataset that a run reads. */
export interface LedgerInput {
  /** Path or URI. Credentials in it are not kept. */
  readonly uri: string;
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  readonly columns?: readonly Column[] | undefined;
}

/** A dataset that a run wrote outside the artifact store, such as a database table. */
export interface LedgerOutput extends LedgerInput {
  readonly lineage?: ColumnLineage | undefined;
}

/** A run that begins. */
export interface LedgerRunStart {
  readonly runId: string;
  readonly mod: string;
  /** Version of the mod, and the npm package that it came in. */
  readonly version?: string | undefined;
  readonly packageName?: string | undefined;
  readonly packageVersion?: string | undefined;
  /** File of a mod that was given by path. */
  readonly modFile?: string | undefined;
  readonly description?: string | undefined;
  /** Step of a job, where there is one, and the UUID that it was begun with ({@link LedgerPart}). */
  readonly step?: string | undefined;
  readonly stepUuid?: string | undefined;
  /** Counts from 1. */
  readonly attempt?: number | undefined;
  readonly startedAt: Date;
  /** Resolved parameters. Secrets in them are masked here. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Where each parameter came from, by JSON pointer. */
  readonly origins?: ReadonlyMap<string, ValueOrigin> | undefined;
  readonly inputs?: readonly LedgerInput[] | undefined;
  readonly logFile: string;
}

/** How a run ended. */
export interface LedgerRunEnd {
  readonly envelope: Envelope;
  readonly exitCode: ExitCode;
  readonly endedAt: Date;
  /** Tables and files that the run made. */
  readonly artifacts?: readonly RecordedArtifact[] | undefined;
  /** Replaces the inputs given at the start, now with their sizes. */
  readonly inputs?: readonly LedgerInput[] | undefined;
  readonly outputs?: readonly LedgerOutput[] | undefined;
  /** For a process that did not see the run start (the parent of a killed one). */
  readonly mod?: string | undefined;
  /** Step, likewise. */
  readonly step?: string | undefined;
  readonly stepUuid?: string | undefined;
  /** Counts from 1. */
  readonly attempt?: number | undefined;
  /** Likewise. */
  readonly startedAt?: Date | undefined;
  /** Whether the lost process has written that the run began. Default: looked up where it may have. */
  readonly startedElsewhere?: boolean | undefined;
}

/** A job, or a step of one: what stands between a session and its runs. */
export interface LedgerPart {
  readonly kind: "job" | "step";
  /** OpenLineage's UUID of it. */
  readonly uuid: string;
  /** Of a step: where it stands in the job, `load` or `reports.load`. */
  readonly step?: string | undefined;
  /** UUID and step of the part that it belongs to; default the session. */
  readonly parent?: { readonly uuid: string; readonly step?: string | undefined } | undefined;
  readonly description?: string | undefined;
  /** What identifies the plan that a job runs. */
  readonly planHash?: string | undefined;
}

/** How a job or a step of it ended. */
export interface LedgerPartEnd {
  readonly exitCode: ExitCode;
  readonly status: string;
  /** Of a job: its envelope. */
  readonly envelope?: object | undefined;
  readonly errors?: readonly string[] | undefined;
}

/** How far a run is. */
export interface LedgerProgress {
  readonly done: number;
  readonly total?: number | undefined;
  readonly unit: string;
}

/**
 * The ledger of one session. Every call appends at once and never throws; several processes of a session may hold it open.
 */
export interface Ledger {
  /** Absolute path of the session's file; it is made with the first event. */
  readonly file: string;
  runStarted(run: LedgerRunStart): void;
  partStarted(part: LedgerPart): void;
  partEnded(part: LedgerPart, end: LedgerPartEnd): void;
  /** Cheap enough to call often: at most one event in ten seconds is written for a run. */
  runProgress(runId: string, progress: LedgerProgress): void;
  runEnded(runId: string, end: LedgerRunEnd): void;
  /** Ends the session, then waits for events that are still to be delivered, three seconds at most. A second call does nothing. */
  sessionEnded(outcome: { readonly exitCode: ExitCode }): Promise<void>;
}
