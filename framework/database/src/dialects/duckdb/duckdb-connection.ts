import path from "node:path";
import { ident, isDatapyError, join, raw, renderSql, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import { describeTarget } from "../../connection-target.js";
import type { FileTarget } from "../../connection-target.js";
import { databaseFault } from "../../database-errors.js";
import { fileDataset } from "../../dataset-uri.js";
import type {
  ConnectionHost,
  ControlRow,
  DatabaseConnection,
  DatabaseDriver,
  DatabaseTable,
  LoadColumn,
  Redefinition,
  ResultColumn,
  TablePath,
  Unloading,
} from "../../dialect.js";
import { duckdbDialect } from "./duckdb-dialect.js";

/** The project's own file has no path that could be wrong. */
const WRITTEN_FIRST = "Run first the job that writes to it, in the same project and environment.";

/** DuckDB files, attached to the run's own DuckDB: rows go from Parquet to the file and back inside one engine. */
export const duckdbDriver: DatabaseDriver = {
  dialect: duckdbDialect,
  async connect(target, host, options) {
    const file = target as FileTarget;
    const catalog = await host.data
      .attach(file.path, { readOnly: options.readOnly, timeout: file.connectTimeout })
      .catch((error: unknown) => {
        const database = describeTarget(file);
        const { code, cause, message } = error as { code?: string; cause?: { code?: string }; message: string };
        // A file that is only read is not made; DuckDB says so in many words and at the end.
        const isFolder = cause?.code === "ENOENT";
        if (options.readOnly && (isFolder || /database does not exist/i.test(message))) {
          const reason =
            isFolder && file.path !== undefined
              ? `there is no folder ${path.dirname(file.path)}`
              : "nothing has been written to it yet";
          throw databaseFault(
            "DATABASE_FILE_MISSING",
            { database, reason },
            {
              cause: error,
              parameter: "connection_string",
              ...(file.path === undefined ? { hint: WRITTEN_FIRST } : {}),
            },
          );
        }
        if (code !== "DATAPY_DATA_QUERY_FAILED") throw error;
        const isForeign = /not a valid DuckDB database file/i.test(message);
        const reason = isForeign ? "it is no DuckDB file, or a damaged one" : message;
        const hint = "Check that the path names a file of DuckDB, written by this version of it or an older one.";
        throw databaseFault("DATABASE_CONNECT", { database, reason }, { cause: error, retryable: false, hint });
      });
    const connection = new DuckdbConnection(file, catalog, host);
    await connection.enter();
    return connection;
  },
};

class DuckdbConnection implements DatabaseConnection {
  readonly dialect = duckdbDialect;
  private home: string | undefined;
  private inTransaction = false;

  constructor(
    private readonly target: FileTarget,
    private readonly catalog: string,
    private readonly host: ConnectionHost,
  ) {}

  /** Makes the file the default of unqualified names, as a user who writes SQL for it expects. */
  async enter(): Promise<void> {
    const [row] = await this.host.data.query<{ name: string }>(sql`select current_database() as name`);
    this.home = row?.name;
    await this.host.data.execute(sql`use ${ident(this.catalog)}`);
  }

  private fault(error: unknown, doing: string): unknown {
    this.host.signal.throwIfAborted();
    if (isDatapyError(error) && error.code !== "DATAPY_DATA_QUERY_FAILED") return error;
    const reason = (error as Error).message.split("\n\n")[0]?.replace(/\s*\n\s*/g, " ") ?? "";
    // Two transactions changed the same rows; the later one may succeed when it is done again.
    const retryable = /Transaction conflict|write-write conflict|Conflict on (?:update|tuple deletion)/i.test(reason);
    return databaseFault(
      "DATABASE_QUERY",
      { database: describeTarget(this.target), doing, reason },
      { cause: error, retryable },
    );
  }

  async query<Row extends ControlRow>(statement: Sql, doing = "reading"): Promise<Row[]> {
    try {
      return await this.host.data.query<Row>(statement, { limit: 1_000_000 });
    } catch (error) {
      throw this.fault(error, doing);
    }
  }

  async execute(statement: Sql, doing = "writing"): Promise<number> {
    try {
      return await this.host.data.execute(statement);
    } catch (error) {
      throw this.fault(error, doing);
    }
  }

  async script(text: string, doing: string): Promise<void> {
    await this.execute(raw(text), doing);
  }

  table(path: TablePath): Sql {
    return ident(this.catalog, path.schema ?? "main", path.name);
  }

  async createTemporary(
    name: string,
    columns: readonly { readonly name: string; readonly type: string }[],
    primaryKey?: string,
  ): Promise<Sql> {
    const table = ident("temp", "main", name);
    const key = primaryKey === undefined ? [] : [sql`primary key (${ident(primaryKey)})`];
    const definitions = join([...columns.map((column) => sql`${ident(column.name)} ${raw(column.type)}`), ...key]);
    await this.execute(sql`create or replace temporary table ${table} (${definitions})`, "preparing a temporary table");
    return table;
  }

  async dataset(path: TablePath): Promise<string> {
    const [found] = await this.query<{ file: string | null }>(
      sql`select path as file from duckdb_databases() where database_name = ${this.catalog}`,
      "naming the table",
    );
    return fileDataset("duckdb", found?.file ?? this.target.path ?? "", `${path.schema ?? "main"}.${path.name}`);
  }

  async describeTable(path: TablePath): Promise<DatabaseTable | undefined> {
    const where = sql`database_name = ${this.catalog} and schema_name = ${path.schema ?? "main"}`;
    const found = await this.query<{ kind: string; rows: bigint | null }>(
      sql`select 'table' as kind, estimated_size as rows from duckdb_tables() where ${where} and table_name = ${path.name}
        union all select 'view', null from duckdb_views() where ${where} and view_name = ${path.name}`,
      "looking at the table",
    );
    const [table] = found;
    if (table === undefined) return undefined;
    const columns = await this.query<{ name: string; type: string; nullable: boolean; fallback: string | null }>(
      sql`select column_name as name, data_type as type, is_nullable as nullable, column_default as fallback from duckdb_columns()
        where ${where} and table_name = ${path.name} order by column_index`,
      "looking at the columns",
    );
    const generated = await this.generatedColumns(path);
    const keys = await this.query<{ names: string[] }>(
      sql`select constraint_column_names as names from duckdb_constraints() where ${where} and table_name = ${path.name}
        and constraint_type in ('PRIMARY KEY', 'UNIQUE') order by constraint_type`,
      "looking at the keys",
    );
    return {
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type,
        duckType: column.type,
        nullable: column.nullable,
        hasDefault: column.fallback !== null,
        generated: generated.has(column.name),
      })),
      uniqueKeys: keys.map((key) => key.names),
      isView: table.kind === "view",
      ...(table.rows === null ? {} : { estimatedRows: Number(table.rows) }),
    };
  }

  private async generatedColumns(path: TablePath): Promise<Set<string>> {
    const rows = await this.query<{ name: string }>(
      sql`select column_name as name from information_schema.columns where table_catalog = ${this.catalog} and table_schema = ${path.schema ?? "main"}
        and table_name = ${path.name} and is_generated = 'ALWAYS'`,
      "looking at the columns",
    );
    return new Set(rows.map((row) => row.name));
  }

  async describeQuery(query: Sql): Promise<ResultColumn[]> {
    const inline = raw(renderSql(query, duckdbDialect.sql, { inline: true }).text);
    try {
      const columns = await this.host.data.describe(sql`select * from (${inline}\n)`);
      return columns.map((column) => ({ name: column.name, type: column.type, duckType: column.type }));
    } catch (error) {
      throw this.fault(error, "looking at the query");
    }
  }

  async redefine(path: TablePath, create: (table: Sql) => Sql): Promise<Redefinition> {
    const table = this.table(path);
    await this.execute(sql`drop table ${table}`, "dropping the old table");
    await this.execute(create(table), "creating the table");
    return { table, finish: () => Promise.resolve(), abort: () => Promise.resolve() };
  }

  cleanUp(): Promise<void> {
    // Staging tables are temporary, and definitions are changed in the transaction: nothing outlives a killed loader.
    return Promise.resolve();
  }

  async emptyTable(path: TablePath): Promise<void> {
    await this.execute(sql`delete from ${this.table(path)}`, "emptying the table");
  }

  lockForWriting(): Promise<void> {
    // Two writers of one row are told by a conflict; the file has one writing process anyway.
    return Promise.resolve();
  }

  rowError(error: unknown): { readonly code: string; readonly reason: string } | undefined {
    const cause = isDatapyError(error) && error.code === "DATABASE_QUERY" ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : "";
    const kind = /\b(Constraint|Conversion|Out of Range|Invalid Input) Error/.exec(reason)?.[1];
    return kind === undefined ? undefined : { code: kind.toLowerCase(), reason: reason.split("\n\n")[0] ?? reason };
  }

  attempt(): Promise<never> {
    return Promise.reject(
      databaseFault("DATABASE_UNSUPPORTED", { database: "DuckDB", reason: "it has no savepoints" }),
    );
  }

  async load(table: Sql, columns: readonly LoadColumn[], source: Sql): Promise<number> {
    const names = join(columns.map((column) => ident(column.name)));
    return this.execute(sql`insert into ${table} (${names}) select ${names} from (${source})`, "loading");
  }

  async unload(query: Sql, columns: readonly ResultColumn[]): Promise<Unloading> {
    const inline = raw(renderSql(query, duckdbDialect.sql, { inline: true }).text);
    const names = join(columns.map((column) => ident(column.name)));
    // DuckDB counts what it writes itself: there is no second count to compare.
    return Promise.resolve({
      relation: sql`(select ${names} from (${inline}\n))`,
      finish: () => Promise.resolve(Number.NaN),
      abort: () => Promise.resolve(),
    });
  }

  exportSnapshot(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }
  joinSnapshot(): Promise<void> {
    return Promise.reject(
      databaseFault("DATABASE_UNSUPPORTED", { database: "DuckDB", reason: "it has one connection a run" }),
    );
  }

  async begin(): Promise<void> {
    await this.execute(sql`begin transaction`, "beginning a transaction");
    this.inTransaction = true;
  }

  async commit(): Promise<void> {
    await this.execute(sql`commit`, "committing");
    this.inTransaction = false;
    // What was committed stands in the log beside the file until this; other programs then see one whole file.
    await this.execute(sql`checkpoint ${ident(this.catalog)}`, "writing the file").catch(() => undefined);
  }

  async rollback(): Promise<void> {
    if (!this.inTransaction) return;
    this.inTransaction = false;
    await this.host.data.execute(sql`rollback`).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.rollback();
    if (this.home === undefined) return;
    const home = this.home;
    this.home = undefined;
    await this.host.data.execute(sql`use ${ident(home)}`).catch(() => undefined);
  }
}
