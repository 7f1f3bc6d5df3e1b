import { access, constants } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ident, isDatapyError, join, raw, renderSql, sql } from "@datapy/mod-kit";
import type { RowBatch, Sql, SqlValue } from "@datapy/mod-kit";
import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";
import { describeTarget } from "../../connection-target.js";
import type { FileTarget } from "../../connection-target.js";
import { unloadCsv } from "../../csv-pipe.js";
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
import { isList, jsonText } from "../../quoting.js";
import { bindExpression, bindPlace, sqliteDialect } from "./sqlite-dialect.js";
import { csvColumn, kindsQuery, lineParts, named, storedDuckType } from "./sqlite-unload.js";

/** What SQLite puts on an error. */
interface SqliteError extends Error {
  readonly errcode?: number;
  readonly errstr?: string;
}

const BUSY = 5;
const LOCKED = 6;
const TOO_BIG = 18;
const CONSTRAINT = 19;
const MISMATCH = 20;
/** Bytes of CSV that are made before the event loop gets a turn. */
const CHUNK = 256 * 1024;

/** SQLite files. */
export const sqliteDriver: DatabaseDriver = {
  dialect: sqliteDialect,
  async connect(target, host, options) {
    return SqliteConnection.open(target as FileTarget, host, options.readOnly);
  },
};

class SqliteConnection implements DatabaseConnection {
  readonly dialect = sqliteDialect;
  private closed = false;
  /** Statements that are being read: the driver's iterators hold them by their address alone, also when nothing else holds them any more. */
  private readonly reading = new Set<object>();

  private constructor(
    private readonly database: DatabaseSyncInstance,
    private readonly target: FileTarget,
    private readonly host: ConnectionHost,
  ) {}

  static async open(target: FileTarget, host: ConnectionHost, readOnly: boolean): Promise<SqliteConnection> {
    const file = target.path as string;
    const name = describeTarget(target);
    const module = await import("@photostructure/sqlite").catch((cause: unknown) => {
      throw databaseFault(
        "DATABASE_DRIVER_MISSING",
        { database: "SQLite", reason: (cause as Error).message },
        { cause },
      );
    });
    // SQLite would say "unable to open database file" for either.
    await access(readOnly ? file : path.dirname(file), readOnly ? constants.R_OK : constants.W_OK).catch(
      (cause: unknown) => {
        const reason = (cause as Error).message;
        if ((cause as NodeJS.ErrnoException).code === "ENOENT")
          throw databaseFault(
            "DATABASE_FILE_MISSING",
            { database: name, reason: readOnly ? "there is no such file" : "there is no folder for it" },
            { cause },
          );
        throw databaseFault(
          "DATABASE_CONNECT",
          { database: name, reason },
          { cause, retryable: false, hint: "Check the rights of the file and of its folder." },
        );
      },
    );
    try {
      const database = new module.DatabaseSync(file, { readOnly, timeout: 0 });
      const connection = new SqliteConnection(database, target, host);
      // Also finds out whether the file is a database at all.
      await connection.patiently(() => database.exec("select count(*) from sqlite_master"));
      return connection;
    } catch (error) {
      if (isDatapyError(error)) throw error;
      throw databaseFault(
        "DATABASE_CONNECT",
        { database: name, reason: (error as Error).message },
        {
          cause: error,
          retryable: false,
          hint: "Check that the path names a file of SQLite, whole and not another program's, and that this user may use its folder.",
        },
      );
    }
  }

  /** Waits for another process's lock without blocking the event loop. */
  private async patiently<Result>(action: () => Result): Promise<Result> {
    const end = Date.now() + this.target.connectTimeout;
    for (let pause = 5; ; pause = Math.min(200, pause * 2)) {
      this.host.signal.throwIfAborted();
      try {
        return action();
      } catch (error) {
        const code = ((error as SqliteError).errcode ?? 0) & 0xff;
        if (code !== BUSY && code !== LOCKED) throw error;
        if (Date.now() >= end) {
          throw databaseFault(
            "DATABASE_BUSY",
            { database: describeTarget(this.target), reason: (error as Error).message },
            { cause: error },
          );
        }
        await sleep(pause);
      }
    }
  }

  private fault(error: unknown, doing: string): unknown {
    this.host.signal.throwIfAborted();
    if (isDatapyError(error)) return error;
    const { message, errcode } = error as SqliteError;
    const reason = errcode === undefined ? message : `${message}; SQLite code ${String(errcode)}`;
    return databaseFault("DATABASE_QUERY", { database: describeTarget(this.target), doing, reason }, { cause: error });
  }

  private prepare(statement: Sql): {
    prepared: StatementSyncInstance;
    values: (string | number | bigint | Uint8Array | null)[];
  } {
    const { text, values } = renderSql(statement, sqliteDialect.sql);
    return { prepared: this.database.prepare(text), values: values.map(bound) };
  }

  async query<Row extends ControlRow>(statement: Sql, doing = "reading"): Promise<Row[]> {
    try {
      return await this.patiently(() => {
        const { prepared, values } = this.prepare(statement);
        prepared.setReadBigInts(true);
        // Row is what the caller says that the statement gives.
        return prepared.all(...values) as Row[];
      });
    } catch (error) {
      throw this.fault(error, doing);
    }
  }

  async execute(statement: Sql, doing = "writing"): Promise<number> {
    try {
      return await this.patiently(() => {
        const { prepared, values } = this.prepare(statement);
        return prepared.run(...values).changes;
      });
    } catch (error) {
      throw this.fault(error, doing);
    }
  }

  async script(text: string, doing: string): Promise<void> {
    try {
      await this.patiently(() => this.database.exec(text));
    } catch (error) {
      throw this.fault(error, doing);
    }
  }

  table(path: TablePath): Sql {
    return path.schema === undefined ? ident(path.name) : ident(path.schema, path.name);
  }

  async createTemporary(
    name: string,
    columns: readonly { readonly name: string; readonly type: string }[],
    primaryKey?: string,
  ): Promise<Sql> {
    const table = ident("temp", name);
    await this.execute(sql`drop table if exists ${table}`, "preparing a temporary table");
    const key = primaryKey === undefined ? [] : [sql`primary key (${ident(primaryKey)})`];
    const definitions = join([...columns.map((column) => sql`${ident(column.name)} ${raw(column.type)}`), ...key]);
    await this.execute(sql`create temporary table ${ident(name)} (${definitions})`, "preparing a temporary table");
    return table;
  }

  dataset(path: TablePath): Promise<string> {
    const table = path.schema === undefined || path.schema === "main" ? path.name : `${path.schema}.${path.name}`;
    return Promise.resolve(fileDataset("sqlite", this.target.path ?? "", table));
  }

  async describeTable(path: TablePath): Promise<DatabaseTable | undefined> {
    const schema = path.schema ?? "main";
    const [found] = await this.query<{ type: string }>(
      sql`select type from ${ident(schema, "sqlite_master")} where name = ${path.name} and type in ('table', 'view')`,
      "looking at the table",
    );
    if (found === undefined) return undefined;
    const columns = await this.query<{
      name: string;
      type: string;
      notnull: bigint;
      dflt_value: string | null;
      pk: bigint;
      hidden: bigint;
    }>(sql`select * from pragma_table_xinfo(${path.name}, ${schema})`, "looking at the columns");
    const primary = columns.filter((column) => column.pk > 0n).sort((a, b) => Number(a.pk - b.pk));
    const keys = await this.query<{ index: string; name: string }>(
      sql`select l.name as "index", i.name as name from pragma_index_list(${path.name}, ${schema}) l join pragma_index_info(l.name, ${schema}) i
        where l."unique" = 1 and l.partial = 0 order by l.seq, i.seqno`,
      "looking at the keys",
    );
    const unique = new Map<string, string[]>();
    for (const { index, name } of keys) unique.set(index, [...(unique.get(index) ?? []), name]);
    const uniqueKeys = [...(primary.length === 0 ? [] : [primary.map((column) => column.name)]), ...unique.values()];
    // A lone INTEGER PRIMARY KEY numbers itself.
    const rowId = primary.length === 1 && primary[0]?.type.toUpperCase() === "INTEGER" ? primary[0].name : undefined;
    return {
      columns: columns
        .filter((column) => column.hidden !== 1n)
        .map((column) => ({
          name: column.name,
          type: column.type,
          duckType: storedDuckType(column.type, NOTHING_STORED),
          nullable: column.notnull === 0n,
          hasDefault: column.dflt_value !== null || column.name === rowId,
          generated: column.hidden > 1n,
        })),
      uniqueKeys,
      isView: found.type === "view",
    };
  }

  async describeQuery(query: Sql): Promise<ResultColumn[]> {
    const inline = raw(renderSql(query, sqliteDialect.sql, { inline: true }).text);
    try {
      const columns = await this.patiently(() =>
        this.prepare(inline)
          .prepared.columns()
          .map((column: { readonly name: string; readonly type: string | null }) => ({
            name: column.name,
            declared: column.type ?? "",
          })),
      );
      if (columns.length === 0) {
        const reason = "the query gives no columns";
        throw databaseFault(
          "DATABASE_INPUT_INVALID",
          { reason },
          { hint: "Write a SELECT: what reads changes nothing." },
        );
      }
      const [kinds = {}] = await this.query<Record<string, SqlValue>>(
        kindsQuery(inline, columns),
        "looking at the values",
      );
      const yes = (index: number, kind: string): boolean => kinds[`k${String(index)}_${kind}`] === 1n;
      return columns.map(({ name, declared }, index) => ({
        name,
        type: declared,
        duckType: storedDuckType(declared, {
          integers: yes(index, "integers"),
          reals: yes(index, "reals"),
          texts: yes(index, "texts"),
          blobs: yes(index, "blobs"),
          wide: yes(index, "wide"),
          beyondBoolean: yes(index, "beyond"),
          beyondScale: yes(index, "scale"),
          misshapen: yes(index, "misshapen"),
        }),
      }));
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
    // BEGIN IMMEDIATE has locked the whole file.
    return Promise.resolve();
  }

  rowError(error: unknown): { readonly code: string; readonly reason: string } | undefined {
    const cause = (isDatapyError(error) ? error.cause : error) as SqliteError | undefined;
    const code = cause?.errcode === undefined ? undefined : cause.errcode & 0xff;
    if (code !== CONSTRAINT && code !== MISMATCH && code !== TOO_BIG) return undefined;
    return { code: String(cause?.errcode), reason: cause?.message ?? "" };
  }

  async attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    await this.execute(sql`savepoint datapy_attempt`);
    try {
      const result = await action();
      await this.execute(sql`release savepoint datapy_attempt`);
      return result;
    } catch (error) {
      await this.execute(sql`rollback to savepoint datapy_attempt`);
      await this.execute(sql`release savepoint datapy_attempt`);
      throw error;
    }
  }

  async load(
    table: Sql,
    columns: readonly LoadColumn[],
    source: Sql,
    onProgress?: (rows: number | undefined, bytes: number) => void,
  ): Promise<number> {
    const names = join(columns.map((column) => ident(column.name)));
    const places = join(columns.map(bindPlace));
    const text = renderSql(sql`insert into ${table} (${names}) values (${places})`, sqliteDialect.sql).text;
    const values = join(columns.map((column) => sql`${bindExpression(column)} as ${ident(column.name)}`));
    let rows = 0;
    try {
      const insert = this.database.prepare(text);
      for await (const batch of this.host.data.batches(sql`select ${values} from (${source})`)) {
        this.host.signal.throwIfAborted();
        insertBatch(insert, batch);
        rows += batch.rows;
        onProgress?.(rows, 0);
      }
      return rows;
    } catch (error) {
      throw this.fault(error, "loading");
    }
  }

  async unload(query: Sql, columns: readonly ResultColumn[], onProgress?: (bytes: number) => void): Promise<Unloading> {
    const inline = raw(renderSql(query, sqliteDialect.sql, { inline: true }).text);
    const all = this.prepare(inline)
      .prepared.columns()
      .map((column: { readonly name: string }) => column.name);
    const parts = lineParts(
      columns,
      columns.map((column) => all.indexOf(column.name)),
    ).map((part, index) => sql`${part} as ${ident(`p${String(index)}`)}`);
    let isDone!: (rows: number) => void;
    let failed!: (error: unknown) => void;
    const rows = new Promise<number>((resolve, reject) => {
      isDone = resolve;
      failed = reject;
    });
    rows.catch(() => undefined);
    const { database, reading } = this;
    const fault = (error: unknown): unknown => this.fault(error, "reading");
    const lines = function* (): Generator<Buffer> {
      let count = 0;
      let prepared: ReturnType<typeof database.prepare> | undefined;
      try {
        prepared = database.prepare(
          renderSql(sql`${named(inline, all.length)} select ${join(parts)} from q`, sqliteDialect.sql).text,
        );
        reading.add(prepared);
        prepared.setReturnArrays(true);
        let text = "";
        // With setReturnArrays each row is an array, which the published types leave out.
        for (const row of prepared.iterate() as unknown as Iterable<readonly (string | number | null)[]>) {
          for (const part of row) if (part !== null) text += String(part);
          text += "\n";
          count += 1;
          if (text.length >= CHUNK) {
            yield Buffer.from(text);
            text = "";
          }
        }
        if (text !== "") yield Buffer.from(text);
        isDone(count);
      } catch (error) {
        failed(fault(error));
        throw error;
      } finally {
        if (prepared !== undefined) reading.delete(prepared);
      }
    };
    const stream = Readable.from(lines(), { objectMode: false, highWaterMark: 2 * CHUNK });
    stream.on("error", () => undefined);
    return unloadCsv(
      this.host.data,
      columns.map(csvColumn),
      [{ stream, rows, abort: () => stream.destroy() }],
      onProgress,
    );
  }

  exportSnapshot(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }
  joinSnapshot(): Promise<void> {
    return Promise.reject(
      databaseFault("DATABASE_UNSUPPORTED", { database: "SQLite", reason: "snapshots are not shared" }),
    );
  }

  async begin(): Promise<void> {
    // IMMEDIATE takes the write lock now; a plain BEGIN would fail half-way when another writer came first.
    await this.execute(sql`begin immediate`, "waiting for the write lock");
  }

  async commit(): Promise<void> {
    await this.execute(sql`commit`, "committing");
  }

  rollback(): Promise<void> {
    try {
      if (!this.closed && this.database.isTransaction) this.database.exec("rollback");
    } catch {
      return this.close();
    }
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.closed = true;
    try {
      this.database.close();
    } catch {
      // A statement that is still open keeps it; the process's end closes both.
    }
    return Promise.resolve();
  }
}

const NOTHING_STORED = {
  integers: false,
  reals: false,
  texts: false,
  blobs: false,
  wide: false,
  beyondBoolean: false,
  beyondScale: false,
  misshapen: false,
};

function insertBatch(insert: StatementSyncInstance, batch: RowBatch): void {
  const width = batch.columns.length;
  const row = new Array<string | number | bigint | Uint8Array | null>(width);
  for (let index = 0; index < batch.rows; index += 1) {
    // The source casts all columns to numbers, texts and bytes.
    for (let column = 0; column < width; column += 1)
      row[column] = batch.columns[column]?.[index] as string | number | bigint | Uint8Array | null;
    insert.run(...row);
  }
}

function bound(value: SqlValue): string | number | bigint | Uint8Array | null {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value !== null && typeof value === "object" && !(value instanceof Uint8Array))
    return isList(value) ? jsonText(value) : jsonText(value);
  // A JavaScript number would be bound as REAL; whole ones are meant as whole numbers.
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}
