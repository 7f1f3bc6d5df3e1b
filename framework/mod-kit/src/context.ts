import type { ArtifactDeclaration, ArtifactDeclarations } from "./define-mod.js";
import type { Envelope, ErrorExitCode } from "./envelope.js";
import type { Sql, SqlValue } from "./sql.js";

/** Logger of a run. Every line carries mod, run id, session id and time by itself; `fields` are added to the line's JSON. */
export interface ModLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * Collects what a run has to say and makes its envelope. Metric names that the host measures itself (`memory_used_mb`,
 * `cpu_seconds`, `rows_per_second`) cannot be overwritten.
 */
export interface ResultBuilder {
  addWarning(message: string): void;
  addError(message: string): void;
  addMetric(key: string, value: unknown): void;
  /** Names a file or URI that the run made. Tables and files that `ctx.data` and `ctx.artifacts` made are added by themselves. */
  addArtifact(key: string, uri: string): void;
  /** Shares a value with later mods of the session. */
  addGlobal(key: string, value: unknown): void;
  /**
   * Says that the run reads or writes data that the host does not see: a database table, an object of a store, an endpoint. It goes to the
   * run ledger, for lineage. Parameters made by `Path` and `Artifact`, and the run's own artifacts, are noted without it. The same role
   * and URI given again replace what was said before.
   */
  addDataset(dataset: DatasetUse): void;
  /** The run did its work. With warnings added, `status` is `warning` and the exit code 10. */
  success(): Envelope;
  /** The run did its work, with something to say: `status` `warning`, exit code 10. */
  warning(): Envelope;
  /** The run failed. Default exit code 30. */
  error(exitCode?: ErrorExitCode): Envelope;
}

/** A column of a table. */
export interface Column {
  readonly name: string;
  /** DuckDB type, such as `BIGINT`, `DECIMAL(12,2)`, `TIMESTAMP WITH TIME ZONE`. */
  readonly type: string;
  /** Values that are NULL; `undefined` where it was not counted. */
  readonly nullCount?: number;
}

/** A column that an output column was made from. */
export interface ColumnSource {
  /** Path or URI of the file, artifact or table that it stands in. */
  readonly uri: string;
  readonly column: string;
  /** What became of the value. Default `identity`; `masked` when it cannot be read back from the output (a hash). */
  readonly change?: "identity" | "transformation" | "aggregation" | "masked";
}

/** Where the columns of a table come from: sources by output column. Kept in the run ledger. */
export type ColumnLineage = Readonly<Record<string, readonly ColumnSource[]>>;

/** Data that a run reads or writes outside the artifacts. */
export interface DatasetUse {
  readonly role: "input" | "output";
  /** What names it anywhere: `postgresql://host:5432/database/schema.table`, `s3://bucket/key`. Credentials and query are not kept. */
  readonly uri: string;
  readonly columns?: readonly Column[];
  readonly rows?: number;
  readonly bytes?: number;
  /** Of an output: where its columns come from. */
  readonly lineage?: ColumnLineage;
}

/** A table that a run wrote, whole and under its final name. */
export interface TableArtifact {
  readonly kind: "table";
  readonly key: string;
  /** Absolute path or URI of the Parquet file. */
  readonly uri: string;
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly Column[];
  /** As the mod declared it. */
  readonly lineage?: ColumnLineage;
}

/** A file that a run wrote, whole and under its final name. */
export interface FileArtifact {
  readonly kind: "file";
  readonly key: string;
  readonly uri: string;
  readonly bytes: number;
}

/** Rows of one batch, column by column: `columns[i].length === rows` for every column. */
export interface RowBatch {
  readonly names: readonly string[];
  readonly rows: number;
  /** Values by column. Whole numbers past 32 bits are `bigint`; decimals, dates, times and timestamps are exact texts; NULL is `null`. */
  readonly columns: readonly (readonly SqlValue[])[];
}

/** The run's door to DuckDB: one connection, interrupted when the run is canceled. Rows stay native unless `query` or `batches` is used. */
export interface DataContext<Keys extends string = string> {
  /**
   * Runs `query` and writes its result as the table artifact `key`: to a temporary name, synced, then renamed, so that a file under
   * its final name is whole. The artifact is added to the envelope. `verify` sees the finished file before it gets its final name;
   * when it throws, nothing remains. `lineage` says where the columns come from; it goes to the run ledger.
   */
  writeTable(
    key: Keys,
    query: Sql,
    options?: { readonly verify?: (table: TableArtifact) => void | Promise<void>; readonly lineage?: ColumnLineage },
  ): Promise<TableArtifact>;
  /** Writes batches of rows made in JavaScript as the table artifact `key`, holding one batch at a time. Column types are DuckDB's. */
  writeBatches(
    key: Keys,
    columns: readonly Column[],
    batches: AsyncIterable<RowBatch> | Iterable<RowBatch>,
  ): Promise<TableArtifact>;
  /** Runs a statement that returns no rows; gives the number of rows that it changed. */
  execute(statement: Sql): Promise<number>;
  /** Runs a query whose result is small. More than `limit` rows (default 10,000) are an error, `DATAPY_DATA_TOO_MANY_ROWS`. */
  query<Row extends Record<string, unknown> = Record<string, unknown>>(
    query: Sql,
    options?: { readonly limit?: number },
  ): Promise<Row[]>;
  /** Reads a result of any size, one batch (2,048 rows or fewer) at a time. */
  batches(query: Sql): AsyncIterable<RowBatch>;
  /**
   * Writes a query's result down in the run's temporary folder, for rows that are read more than once; gives what stands for it after
   * `from`, with the same columns, types and values.
   */
  spool(query: Sql): Promise<Sql>;
  /** Columns of a query's result, without running it. */
  describe(query: Sql): Promise<Column[]>;
  /**
   * Attaches a DuckDB database file to the run's DuckDB and gives the name of its catalog, for `ident(catalog, schema, table)`.
   * `path` left out means the project's own DuckDB file. Waits while another process holds the file, for `timeout` milliseconds at
   * most (default 30,000), then throws `DATAPY_DATABASE_LOCKED`. Detached when the last run of the process that uses it has ended.
   */
  attach(path?: string, options?: { readonly readOnly?: boolean; readonly timeout?: number }): Promise<string>;
  /** A path in the run's temporary folder that nothing else uses; the folder is removed when the run ends. `name` is its last part. */
  temporaryPath(name: string): string;
  /**
   * Opens a DuckDB of its own for SQL that a user wrote. It sees `tables` (Parquet files by the name that the SQL gives them) and nothing
   * else: no other file, no network, no settings, no extensions. Settings, memory limit and cancellation are those of the run. Closed when
   * the run ends. Throws `DATAPY_SANDBOX_SQL` (20) for a table that is no Parquet file or a name that is given twice.
   */
  sandbox(tables: Readonly<Record<string, string | { readonly uri: string }>>): Promise<DataSandbox<Keys>>;
}

/** Values of `$1`, `$2`, … (or `?`) in order, or of `$name` by name. */
export type SandboxParameters = readonly SqlValue[] | Readonly<Record<string, SqlValue>>;

/** What {@link DataSandbox.check} finds out of a query without running it. */
export interface SandboxQuery {
  readonly columns: readonly Column[];
  /** The query as DuckDB's `json_serialize_sql` gives it, defaults left out: the node of the one statement. */
  readonly syntax: unknown;
  /** Whether a `PIVOT` takes its columns from the data; `syntax` then has `'?'` as the one value of every such list. */
  readonly dynamicPivot: boolean;
}

/**
 * A DuckDB that is shut off from everything but its tables. It takes the text of exactly one `SELECT` (or `FROM`, `VALUES`, `PIVOT`,
 * `UNPIVOT`, `SUMMARIZE`, with `WITH` or without). Anything else, and any table or function that reaches further than the given tables,
 * is `DATAPY_SANDBOX_SQL` (20), with the line and a caret under the place.
 */
export interface DataSandbox<Keys extends string = string> {
  /** Columns of each table, by its name. */
  readonly tables: Readonly<Record<string, readonly Column[]>>;
  /** Parses and binds `text` without running it. */
  check(text: string, parameters?: SandboxParameters): Promise<SandboxQuery>;
  /** {@link DataContext.writeTable} for a text of the user, with values bound to its parameters. */
  writeTable(
    key: Keys,
    text: string,
    options?: {
      readonly parameters?: SandboxParameters;
      readonly verify?: (table: TableArtifact) => void | Promise<void>;
      readonly lineage?: ColumnLineage;
    },
  ): Promise<TableArtifact>;
}

/** A file artifact in the making. */
export interface PendingFile {
  /** Where to write it. */
  readonly path: string;
  /** Syncs it and gives it its final name, in one step; adds it to the envelope. */
  commit(): Promise<FileArtifact>;
  /** Removes it. An uncommitted file is removed when the run ends, in any way. */
  discard(): Promise<void>;
}

/** Artifacts other than tables. */
export interface ArtifactStore<Keys extends string = string> {
  /** Starts a file artifact. `extension` is with its dot, such as `.html`. */
  createFile(key: Keys, extension: string): Promise<PendingFile>;
}

/** Bookmarks of a mod in its project, such as a watermark. What a run sets is kept only after the run has succeeded. */
export interface StateStore {
  get(key: string): Promise<SqlValue | undefined>;
  set(key: string, value: SqlValue): void;
  delete(key: string): void;
  /**
   * A folder of the mod's own in its project, made on first use, whose files stay whatever becomes of the run, also when it is killed: for
   * a journal by which the next run finds what this one has left behind elsewhere. Runs that go on at once share it.
   */
  journalFolder(): Promise<string>;
}

/** An earlier run of the same mod, as the run ledger tells of it. */
export interface EarlierRun {
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly endedAt: string;
  /** As its envelope had them. */
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** Which earlier runs {@link RunContext.history} gives. */
export interface HistoryOptions {
  /** At most this many, the newest. Default 20, at most 200. */
  readonly limit?: number;
  /** Only runs that ended within so many days. Default 90. */
  readonly maxAgeDays?: number;
  /** Only runs whose metrics have these very values. */
  readonly metrics?: Readonly<Record<string, string | number | boolean>>;
}

/** Keys of the declared artifacts of one kind. */
export type ArtifactKeys<Artifacts extends ArtifactDeclarations, Kind extends ArtifactDeclaration["kind"]> = {
  [Key in keyof Artifacts]: Kind extends Artifacts[Key]["kind"] ? Key : never;
}[keyof Artifacts] &
  string;

/** What the host hands to a run of a mod that declares `Artifacts`. */
export type ModContext<Artifacts extends ArtifactDeclarations = ArtifactDeclarations> = RunContext<
  ArtifactKeys<Artifacts, "table">,
  ArtifactKeys<Artifacts, "file">
>;

/** {@link ModContext}, told by the keys of tables and files. */
export interface RunContext<Tables extends string = string, Files extends string = string> {
  readonly runId: string;
  readonly sessionId: string;
  /**
   * In a preview (`datapy preview`): about as many rows are wanted. Tables of a source are cut to it by the host; a mod that can read less
   * from its source should. `undefined` in a run, whose rows all count.
   */
  readonly sampleRows: number | undefined;
  readonly log: ModLogger;
  readonly result: ResultBuilder;
  /** Takes the keys of declared artifacts of kind `table`. */
  readonly data: DataContext<Tables>;
  /** Takes the keys of declared artifacts of kind `file`. */
  readonly artifacts: ArtifactStore<Files>;
  readonly state: StateStore;
  /**
   * Runs of this mod in this project that have succeeded (status `success` or `warning`), newest first: within a job those of the same
   * step, elsewhere those that belong to no step. Read from the run ledger, of which a bounded part is looked at (the newest 1,000
   * candidates); empty where there is none.
   */
  history(options?: HistoryOptions): Promise<readonly EarlierRun[]>;
  /** Values that the job and earlier mods share. Read only; add with `result.addGlobal`. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** Aborted when the run is canceled or its time is up. `signal.reason` is a `DatapyError` with code `DATAPY_CANCELED` or `DATAPY_TIMEOUT`. */
  readonly signal: AbortSignal;
  /** Says how far the run is. `total` is left out where it is not known. Cheap enough to call often. */
  progress(done: number, total?: number, unit?: "rows" | "bytes" | "files"): void;
  /** `fetch` that ends when the run does. */
  readonly fetch: typeof fetch;
}
