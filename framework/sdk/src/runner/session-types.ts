import type { DatapyError, Envelope, ExitCode } from "@datapy/mod-kit";
import type { Configuration } from "../config/configuration-types.js";
import type { DataEngine } from "../data/duckdb-engine.js";
import type { TemporaryFolder } from "../artifacts/temporary-folder.js";
import type { Ledger } from "../ledger/ledger-types.js";
import type { Registry } from "../registry/registry-types.js";
import type { SessionLog } from "../logging/session-log-types.js";
import type { Masker } from "../secrets/masker-types.js";
import type { RunnerConfiguration, RunSummary } from "./runner-protocol.js";
import type { RunEvent } from "./run-events.js";

/** How a session is opened. */
export interface SessionOptions {
  /** UUID. Default a new one. */
  readonly id?: string;
  /** Default now. A session that is gone on with keeps the time that it began at. */
  readonly startedAt?: Date;
  /** What `${run.date}` gives. Default the local date of the start. */
  readonly runDate?: string | undefined;
  /** Name of the session: of its YAML file, of its script, else of the mod. Log file and ledger are named after it. */
  readonly name: string;
  /** Default the working directory of the process. */
  readonly cwd?: string;
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly configuration?: RunnerConfiguration;
  /** Globals set by a script. */
  readonly globals?: Readonly<Record<string, unknown>>;
  /** Where secrets are noted. Default a new one. */
  readonly masker?: Masker | undefined;
  /** Absolute path of the script whose session it is. */
  readonly script?: string | undefined;
  /** Overrides what the configuration says. */
  readonly logLevel?: string | undefined;
  readonly logFormat?: "json" | "pretty" | undefined;
  /** Whether log lines go to the file alone. Default `false`. */
  readonly isQuiet?: boolean | undefined;
  /** Prometheus text, written when the session closes. */
  readonly metricsFile?: string | undefined;
  /** Live progress on a terminal. Default `true`. */
  readonly progress?: boolean | undefined;
  /** The session of another process that this one runs a part of: its log and ledger are written to, and not ended. */
  readonly within?: { readonly logFile: string; readonly uuid: string; readonly workPath: string } | undefined;
  /** Where artifacts, logs, ledger and state go instead of the project's own folder. Absolute. */
  readonly workPath?: string | undefined;
  /** Folder that relative paths of parameters are taken from where no `base_path` is given. Default `cwd`. */
  readonly dataFolder?: string | undefined;
  /** A preview: tables of sources get this many rows at most, the project's database is read only, bookmarks are not kept. */
  readonly sampleRows?: number | undefined;
  /** A question, not a run: the project's database, where it is there, is read only. */
  readonly looksOnly?: boolean | undefined;
  /** Invocation of the session, counted from 1. Default 1; more for one that is gone on with. */
  readonly invocation?: number | undefined;
  /** Memory that this process may use. DuckDB gets a part of it. Default: no limit but the machine's. */
  readonly memoryLimitBytes?: number | undefined;
}

/** What earlier runs gave, for `${mods.<step>.…}` references. */
export interface RunOutcome {
  /** Paths or URIs; lists of them where a step ran once for each item, nested by step where it ran a job. */
  readonly artifacts: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** One invocation: its configuration, its one log, its ledger, its DuckDB, and the runs in it. */
export interface Session {
  readonly id: string;
  /** OpenLineage's UUID of this invocation: the id itself, or another one for each time that the session is gone on with. */
  readonly uuid: string;
  readonly name: string;
  readonly startedAt: Date;
  /** What `${run.date}` gives. */
  readonly runDate: string;
  readonly cwd: string;
  /** Folder that relative paths of parameters are taken from where no `base_path` is given. */
  readonly dataFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What kept the configuration from being read; every run of the session fails with it. */
  readonly configurationFault: unknown;
  readonly configuration: Configuration | undefined;
  /** Absolute. */
  readonly workPath: string;
  readonly masker: Masker;
  readonly log: SessionLog;
  readonly ledger: Ledger;
  /** Mods that can be found from here; looked for on first use, anew after {@link reconfigure}. */
  readonly registry: Registry;
  readonly engine: DataEngine;
  /** Whether nothing of the project may be changed. */
  readonly readsOnly: boolean;
  readonly temporary: TemporaryFolder;
  readonly options: SessionOptions;
  /** Values that jobs and mods share: configured globals, overlaid by what runs added. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** Outcomes by step, or by mod where a run is no step. */
  readonly outcomes: Readonly<Record<string, RunOutcome>>;
  readonly summaries: readonly RunSummary[];
  /** Aborted when the session is canceled or its time is up; the reason is a `DatapyError` `DATAPY_CANCELED` or `DATAPY_TIMEOUT`. */
  readonly signal: AbortSignal;
  /** How long a canceled run may take to end, in milliseconds. */
  readonly graceMs: number;
  /** Ends all runs, those that are still to come too, with `reason`. The first call counts. */
  abort(reason: DatapyError, graceMs?: number): void;
  /** Notes how a run ended: under `key` for later runs to refer to; without one, for a step of a job, for the summary alone. */
  ended(key: string | undefined, envelope: Envelope, summary: RunSummary): void;
  /** Adds to the globals that later runs see. */
  share(globals: Readonly<Record<string, unknown>>): void;
  /** Ends every run that is on its way, with an error that belongs to none in particular. */
  fail(error: unknown): void;
  /** Runs that are on their way. */
  readonly active: Set<{ fail(error: unknown): void }>;
  emit(event: RunEvent): void;
  /** Calls `listener` for every event, at once. Returns how to end that. */
  listen(listener: (event: RunEvent) => void): () => void;
  /** Events from now until the session closes. */
  events(): AsyncIterableIterator<RunEvent>;
  /** Reads the configuration anew with other globals. */
  reconfigure(globals: Readonly<Record<string, unknown>>): Promise<void>;
  /** Writes out and closes everything. Never throws; a second call does nothing. */
  close(exitCode: ExitCode): Promise<void>;
}
