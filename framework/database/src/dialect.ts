import type { DataContext, ModLogger, Sql, SqlDialect, SqlValue } from "@datapy/mod-kit";
import type { ConnectionTarget, DatabaseKind } from "./connection-target.js";

/** What a database can do, so that the mods choose a way and need not know the product. */
export interface Capabilities {
  /** Creating, renaming and dropping tables is undone by a rollback. */
  readonly transactionalDdl: boolean;
  /** A failed statement can be undone alone, so that bad rows can be told from good ones by the database itself. */
  readonly savepoints: boolean;
  /** How rows get in: a native stream, bound batches, or DuckDB's own engine. */
  readonly bulkLoad: "stream" | "batches" | "native";
  /** Whether the table has a schema above it. */
  readonly schemas: boolean;
  /** `INSERT … ON CONFLICT (keys) DO UPDATE` exists, given a unique index of the keys. */
  readonly onConflict: boolean;
  /** Several connections can read one and the same snapshot, for split reading. */
  readonly sharedSnapshot: boolean;
  /** Values that cannot be carried ({@link Dialect.unloadable}) would be changed and not refused, so they must be looked for beforehand. */
  readonly damagesUnloadable: boolean;
  /** Longest name, and what it is measured in. */
  readonly identifierLimit: number;
  readonly identifierUnit: "bytes" | "characters" | "none";
}

/** How a value of one type keeps in a column of another. */
export type Fit =
  /** Every value keeps. */
  | "exact"
  /** The database refuses a value that does not keep. */
  | "checked"
  /** The database would change a value unseen, so it must be compared before it is kept. */
  | "lossy"
  /** Never. */
  | "impossible";

/** A column of a table in a database. */
export interface DatabaseColumn {
  readonly name: string;
  /** Type as the database writes it, such as `numeric(12,2)`. */
  readonly type: string;
  /** The DuckDB type that keeps every value of it. */
  readonly duckType: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  /** Computed by the database; cannot be written. */
  readonly generated: boolean;
}

/** A table in a database. */
export interface DatabaseTable {
  readonly columns: readonly DatabaseColumn[];
  /** Column lists of the primary key and of unique constraints and indexes without a condition. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** `true` for a view, which cannot be created anew or altered. */
  readonly isView: boolean;
  /** Changes cannot be undone (MyISAM and such), so that no load of it would be all or nothing. Default `false`. */
  readonly withoutTransactions?: boolean;
  /** About how many rows, from statistics; `undefined` when not known. */
  readonly estimatedRows?: number;
}

/** Where a table is: an optional schema (PostgreSQL, DuckDB) or database (MySQL), and its name. */
export interface TablePath {
  readonly schema?: string;
  readonly name: string;
}

/** A column to be loaded. */
export interface LoadColumn {
  readonly name: string;
  /** DuckDB type of the values that `source` gives. */
  readonly duckType: string;
}

/** A column of a query's result. */
export interface ResultColumn {
  readonly name: string;
  /** Type as the database writes it. */
  readonly type: string;
  /** The DuckDB type that keeps every value. */
  readonly duckType: string;
  /**
   * The type is the database's unconstrained decimal: `duckType` is `VARCHAR` and its values are decimals of any size, to be cast to
   * a `DECIMAL` when they all fit one.
   */
  readonly unboundedDecimal?: boolean;
}

/** A query's result on its way into DuckDB. */
export interface Unloading {
  /** What DuckDB reads it from: names and types are those of the columns asked for. */
  readonly relation: Sql;
  /** Rows that the database says it sent. Resolves when all was sent; rejects with the database's error. Await it after reading. */
  finish(): Promise<number>;
  /** Stops and frees everything, whatever has happened. Never throws. */
  abort(): Promise<void>;
}

/** A table that is being made anew. */
export interface Redefinition {
  /** Where to load. */
  readonly table: Sql;
  /** The table is loaded: gives it its name, and the rights that the old one had. */
  finish(): Promise<void>;
  /** Removes it, where the transaction does not. Never throws. */
  abort(): Promise<void>;
}

/** A row of a small result: values are text, `bigint`, `number`, `boolean` or `null`. */
export type ControlRow = Readonly<Record<string, SqlValue>>;

/** SQL and types of one database product. No state, no connection. */
export interface Dialect {
  readonly kind: DatabaseKind;
  /** Name for messages. */
  readonly title: string;
  readonly capabilities: Capabilities;
  /** Quoting, for `renderSql`. Refuses names that the database would change, with `DATABASE_IDENTIFIER_INVALID`. */
  readonly sql: SqlDialect;
  /** A form of a column's name that is the same for names which the database takes for one: most do not tell `Id` from `ID`. */
  foldName(name: string): string;
  /** Type of a new column that keeps every value of a DuckDB type. */
  columnType(duckType: string): string;
  /** The same for a column that is part of a key. */
  keyType(duckType: string): string;
  /** How values of a DuckDB type keep in an existing column. */
  fit(duckType: string, column: DatabaseColumn): Fit;
  /** The type to widen an existing column to, so that it keeps its values and those of `duckType`; `undefined` when there is none. */
  widened(duckType: string, column: DatabaseColumn): string | undefined;
  /** Statement that changes a column's type. */
  alterColumnType(table: Sql, column: string, type: string): Sql;
  /** A condition that is true where two values of a column of type `type` differ, NULL being equal to NULL. */
  differs(a: Sql, b: Sql, type: string): Sql;
  /** A condition that is true where `column` would keep another value than `value`, which has `columnType(duckType)`. For {@link Fit} `lossy`. */
  changes(value: Sql, duckType: string, column: DatabaseColumn): Sql;
  /** `value`, which has `columnType(duckType)`, in the form in which it can be written into `column`. */
  assign(value: Sql, duckType: string, column: DatabaseColumn): Sql;
  /** Sets `columns` of the rows of `target` that have the same `keys` as a row of `source`. */
  updateFrom(
    target: Sql,
    source: Sql,
    keys: readonly string[],
    columns: readonly { readonly name: string; readonly value: Sql }[],
    where?: Sql,
  ): Sql;
  /** A timestamp literal in the form that columns of `columnType("TIMESTAMP WITH TIME ZONE")` take; from ISO 8601 text in UTC. */
  timestamp(iso: string): Sql;
  /** Values that the loader cannot carry, as a DuckDB condition over a column with its reason; `undefined` when all can. */
  unloadable(column: LoadColumn): readonly { readonly condition: Sql; readonly reason: string }[];
}

/** A live connection. One statement at a time. Every method throws `DatapyError`s. */
export interface DatabaseConnection {
  readonly dialect: Dialect;
  /** Runs a query whose result is small. */
  query<Row extends ControlRow = ControlRow>(statement: Sql, doing?: string): Promise<Row[]>;
  /** Runs one statement; gives the rows that it changed. */
  execute(statement: Sql, doing?: string): Promise<number>;
  /**
   * Begins to give a table another definition. Where DDL is transactional the old table is dropped and the new one made in the open
   * transaction; elsewhere the new one is made beside it, and `finish` swaps the two at once. Leftovers of killed loaders are removed.
   */
  redefine(path: TablePath, create: (table: Sql) => Sql): Promise<Redefinition>;
  /** Removes what killed loaders of a table left behind, where anything can be left at all. */
  cleanUp(path: TablePath): Promise<void>;
  /** Removes every row, inside the open transaction. */
  emptyTable(path: TablePath): Promise<void>;
  /** Keeps other loaders out of a table until the open transaction ends, where the database needs to be told. */
  lockForWriting(path: TablePath): Promise<void>;
  /** What a failed statement says of a row that did not fit (type, constraint); `undefined` when the failure is of another kind. */
  rowError(error: unknown): { readonly code: string; readonly reason: string } | undefined;
  /** Undoes a failed statement without the transaction. Only with capability `savepoints`. */
  attempt<Result>(action: () => Promise<Result>): Promise<Result>;
  /** Runs SQL that a user wrote; several statements may stand in it where the database allows. */
  script(text: string, doing: string): Promise<void>;
  /** A table's name in a statement. */
  table(path: TablePath): Sql;
  /** What names the table in the run ledger, wherever it is read from: a URI with the schema that it stands in, without credentials. */
  dataset(path: TablePath): Promise<string>;
  /** Table by path; `undefined` when there is none. */
  describeTable(path: TablePath): Promise<DatabaseTable | undefined>;
  /** Columns of a query, without running it. */
  describeQuery(query: Sql): Promise<ResultColumn[]>;
  /** Makes a table that only this connection sees and that ends with it; replaces an earlier one of that name. Ends no transaction. */
  createTemporary(
    name: string,
    columns: readonly { readonly name: string; readonly type: string }[],
    primaryKey?: string,
  ): Promise<Sql>;
  /** Loads a DuckDB query's rows into a table inside the open transaction; gives the rows that the database counted. */
  load(
    table: Sql,
    columns: readonly LoadColumn[],
    source: Sql,
    onProgress?: (rows: number | undefined, bytes: number) => void,
  ): Promise<number>;
  /** Starts to unload a query. */
  unload(query: Sql, columns: readonly ResultColumn[], onProgress?: (bytes: number) => void): Promise<Unloading>;
  /** A snapshot that other connections can join ({@link joinSnapshot}); `undefined` where the database has none. Opens a transaction. */
  exportSnapshot(): Promise<string | undefined>;
  joinSnapshot(snapshot: string): Promise<void>;
  begin(): Promise<void>;
  commit(): Promise<void>;
  /** Never throws: a connection that cannot roll back is closed, which does the same. */
  rollback(): Promise<void>;
  /** Ends the connection. Never throws. */
  close(): Promise<void>;
}

/** What a connection needs of its host. */
export interface ConnectionHost {
  readonly data: DataContext;
  readonly signal: AbortSignal;
  readonly log: ModLogger;
}

/** One database product: its dialect and its way to connect. A further database is one file that exports one of these. */
export interface DatabaseDriver {
  readonly dialect: Dialect;
  /** Opens one connection; `readOnly` where the caller will not write. No retry: {@link openConnection} does that. */
  connect(
    target: ConnectionTarget,
    host: ConnectionHost,
    options: { readonly readOnly: boolean },
  ): Promise<DatabaseConnection>;
}
