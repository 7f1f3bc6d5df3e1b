import { createHash, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { Readable } from "node:stream";
import { checkServerIdentity } from "node:tls";
import type { TLSSocket } from "node:tls";
import { ident, isDatapyError, join, literal, raw, renderSql, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { Connection, ConnectionOptions, FieldPacket, ResultSetHeader, SslOptions } from "mysql2";
import { describeTarget } from "../../connection-target.js";
import type { ServerTarget } from "../../connection-target.js";
import { streamCsv, unloadCsv } from "../../csv-pipe.js";
import { databaseFault } from "../../database-errors.js";
import { serverDataset } from "../../dataset-uri.js";
import type {
  ConnectionHost,
  ControlRow,
  DatabaseConnection,
  DatabaseDriver,
  DatabaseTable,
  Dialect,
  LoadColumn,
  Redefinition,
  ResultColumn,
  TablePath,
  Unloading,
} from "../../dialect.js";
import { parseDuckType } from "../../duck-type.js";
import { tlsOptions } from "../../tls-options.js";
import { loadExpression, mariadbDialect, mysqlDialect } from "./mysql-dialect.js";
import { connectError, isRowError, isTransient, serverMessage } from "./mysql-errors.js";
import { fieldType } from "./mysql-fields.js";
import { COMMENT_MARK, duckTypeOf } from "./mysql-types.js";
import { csvColumn, csvField } from "./mysql-unload.js";

/** Settings of every session: nothing is truncated, rounded away or replaced unseen, and times are UTC. */
const SESSION = `set session sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_BACKSLASH_ESCAPES',
  time_zone = '+00:00', group_concat_max_len = 1073741824`;
const CHUNK = 256 * 1024;
/** Tables that a loader makes beside the target, while it gives it another definition. */
const STAGING = "_datapy_new_";

/** MySQL. */
export const mysqlDriver: DatabaseDriver = driver(mysqlDialect);
/** MariaDB: MySQL's protocol and dialect under its own name. */
export const mariadbDriver: DatabaseDriver = driver(mariadbDialect);

function driver(dialect: Dialect): DatabaseDriver {
  return {
    dialect,
    connect: (target, host, options) => MysqlConnection.open(dialect, target as ServerTarget, host, options.readOnly),
  };
}

class MysqlConnection implements DatabaseConnection {
  private broken: unknown;
  private closed = false;
  private inTransaction = false;
  private drop: (reason: unknown) => void = () => undefined;
  private readonly dropped = new Promise<never>((_, reject) => (this.drop = reject));

  private constructor(
    readonly dialect: Dialect,
    private readonly client: Connection,
    private readonly target: ServerTarget,
    private readonly host: ConnectionHost,
    private readonly tls: SslOptions | undefined,
  ) {
    client.on("error", (error: unknown) => (this.broken = error));
    this.dropped.catch(() => undefined);
    host.signal.addEventListener("abort", this.onAbort, { once: true });
  }

  static async open(
    dialect: Dialect,
    target: ServerTarget,
    host: ConnectionHost,
    readOnly: boolean,
  ): Promise<MysqlConnection> {
    const name = describeTarget(target);
    let tls = tlsOptions(target, name) as SslOptions | undefined;
    let client: Connection;
    try {
      client = await connectClient(target, tls);
    } catch (error) {
      if (isDatapyError(error)) throw error;
      const plain =
        tls !== undefined &&
        target.tls.mode === "prefer" &&
        /does not support secure connection/i.test((error as Error).message);
      if (!plain) throw connectError(error, name);
      tls = undefined;
      client = await connectClient(target, tls).catch((second: unknown) => {
        throw isDatapyError(second) ? second : connectError(second, name);
      });
    }
    const connection = new MysqlConnection(dialect, client, target, host, tls);
    try {
      await connection.send(SESSION, "setting up the session");
      for (const [setting, value] of Object.entries(target.settings))
        await connection.send(
          `set session ${dialect.sql.identifier(setting)} = ${dialect.sql.literal(value)}`,
          "setting up the session",
        );
      if (readOnly) await connection.send("set session transaction read only", "setting up the session");
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  private readonly onAbort = (): void => {
    void this.stopOnServer()
      .catch(() => undefined)
      .finally(() => {
        this.client.destroy();
        // mysql2 says nothing more of statements whose connection it has closed itself.
        this.drop(this.host.signal.reason);
      });
  };

  /** The server goes on with a statement whose client is gone; another connection, as protected as this one, has to stop it. */
  private async stopOnServer(): Promise<void> {
    const killer = await connectClient(this.target, this.tls);
    const text = `kill ${String(this.client.threadId)}`;
    await new Promise<void>((resolve) => killer.query({ sql: text, timeout: 2000 }, () => resolve()));
    killer.destroy();
  }

  /** What the driver answers; the end of the run where it ends before. */
  private async answered<Answer>(
    ask: (resolve: (answer: Answer) => void, reject: (error: unknown) => void) => void,
  ): Promise<Answer> {
    this.host.signal.throwIfAborted();
    return Promise.race([new Promise<Answer>(ask), this.dropped]);
  }

  private get name(): string {
    return describeTarget(this.target);
  }

  private fault(error: unknown, doing: string): unknown {
    this.host.signal.throwIfAborted();
    if (isDatapyError(error)) return error;
    const cause = this.broken ?? error;
    return databaseFault(
      "DATABASE_QUERY",
      { database: this.name, doing, reason: serverMessage(cause) },
      { cause, retryable: isTransient(cause) },
    );
  }

  private async send(
    text: string,
    doing: string,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<{ result: unknown; fields: readonly FieldPacket[] }> {
    try {
      return await this.answered((resolve, reject) => {
        this.client.query({ sql: text, ...options }, (error, result, fields: readonly FieldPacket[] | undefined) => {
          // Only statements with rows have fields.
          if (error === null) resolve({ result, fields: fields ?? [] });
          else reject(error);
        });
      });
    } catch (error) {
      throw this.fault(error, doing);
    }
  }

  /** Values stand in the statement as literals: mysql2 would escape them with backslashes, which this session takes for plain characters. */
  private text(statement: Sql): string {
    return renderSql(statement, this.dialect.sql, { inline: true }).text;
  }

  async query<Row extends ControlRow>(statement: Sql, doing = "reading"): Promise<Row[]> {
    return (await this.send(this.text(statement), doing)).result as Row[];
  }

  async execute(statement: Sql, doing = "writing"): Promise<number> {
    return ((await this.send(this.text(statement), doing)).result as ResultSetHeader).affectedRows;
  }

  async script(text: string, doing: string): Promise<void> {
    await this.send(text, doing);
  }

  table(path: TablePath): Sql {
    return path.schema === undefined ? ident(path.name) : ident(path.schema, path.name);
  }

  async createTemporary(
    name: string,
    columns: readonly { readonly name: string; readonly type: string }[],
    primaryKey?: string,
  ): Promise<Sql> {
    const table = ident(name);
    await this.execute(sql`drop temporary table if exists ${table}`, "preparing a temporary table");
    const key = primaryKey === undefined ? [] : [sql`primary key (${ident(primaryKey)})`];
    const definitions = join([...columns.map((column) => sql`${ident(column.name)} ${raw(column.type)}`), ...key]);
    await this.execute(
      sql`create temporary table ${table} (${definitions}) engine = InnoDB default charset utf8mb4`,
      "preparing a temporary table",
    );
    return table;
  }

  private static schema(path: TablePath): Sql {
    return path.schema === undefined ? sql`database()` : literal(path.schema);
  }

  async dataset(path: TablePath): Promise<string> {
    const [found] = await this.query<{ name: string | null }>(
      sql`select ${MysqlConnection.schema(path)} as \`name\``,
      "naming the table",
    );
    return serverDataset("mysql", this.target, found?.name ?? "", path.name);
  }

  async describeTable(path: TablePath): Promise<DatabaseTable | undefined> {
    // A name that cannot be one is refused here, before the catalog is asked for it in a character set that it does not have.
    this.dialect.sql.identifier(path.name);
    const where = sql`table_schema = ${MysqlConnection.schema(path)} and table_name = ${path.name}`;
    const [table] = await this.query<{ type: string; engine: string | null; estimate: string | null }>(
      sql`select table_type as \`type\`, engine as \`engine\`, table_rows as \`estimate\` from information_schema.tables where ${where}`,
      "looking at the table",
    );
    if (table === undefined) return undefined;
    const columns = await this.query<{
      name: string;
      type: string;
      nullable: string;
      fallback: string | null;
      extra: string;
      comment: string;
    }>(
      sql`select column_name as \`name\`, column_type as \`type\`, is_nullable as \`nullable\`, column_default as \`fallback\`, extra as \`extra\`, column_comment as \`comment\`
        from information_schema.columns where ${where} order by ordinal_position`,
      "looking at the columns",
    );
    const keys = await this.query<{ index: string; name: string }>(
      sql`select index_name as \`index\`, column_name as \`name\` from information_schema.statistics where ${where} and non_unique = 0 and sub_part is null
        order by index_name = 'PRIMARY' desc, index_name, seq_in_index`,
      "looking at the keys",
    );
    const unique = new Map<string, string[]>();
    for (const { index, name } of keys) unique.set(index, [...(unique.get(index) ?? []), name]);
    return {
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type,
        duckType: duckTypeOf(column.type, column.comment),
        nullable: column.nullable === "YES",
        hasDefault: column.fallback !== null || /auto_increment/i.test(column.extra),
        generated: /generated/i.test(column.extra) && !/default_generated/i.test(column.extra),
      })),
      uniqueKeys: [...unique.values()],
      isView: table.type === "VIEW",
      withoutTransactions: table.engine !== null && !/^(?:InnoDB|ROCKSDB|TokuDB|ndbcluster)$/i.test(table.engine),
      ...(table.estimate === null ? {} : { estimatedRows: Number(table.estimate) }),
    };
  }

  async describeQuery(query: Sql): Promise<ResultColumn[]> {
    const fields = await this.prepared(this.text(query));
    const comments = await this.comments(fields);
    return fields.map((field) => {
      const { type, duckType } = fieldType(field);
      const comment = comments.get(`${field.db ?? field.schema ?? ""}.${field.orgTable}.${field.orgName}`);
      return { name: field.name, type, duckType: comment === undefined ? duckType : duckTypeOf(type, comment) };
    });
  }

  /** Columns of a statement from preparing it: unlike those of a subquery they say from which table they come. */
  private async prepared(text: string): Promise<readonly FieldPacket[]> {
    try {
      return await this.answered((resolve, reject) => {
        this.client.prepare(text, (error, statement) => {
          if (error !== null) {
            reject(error);
            return;
          }
          // mysql2 leaves the columns out of its types.
          resolve((statement as unknown as { readonly columns: readonly FieldPacket[] }).columns);
          statement.close();
        });
      });
    } catch (error) {
      throw this.fault(error, "looking at the query");
    }
  }

  /** What columns' comments say of their types; only for columns that come from a table as they are. */
  private async comments(fields: readonly FieldPacket[]): Promise<Map<string, string>> {
    const tables = [...new Set(fields.filter((field) => field.orgTable !== "").map((field) => field.orgTable))];
    if (tables.length === 0) return new Map();
    const rows = await this.query<{ id: string; comment: string }>(
      sql`select concat(table_schema, '.', table_name, '.', column_name) as \`id\`, column_comment as \`comment\` from information_schema.columns
        where table_name in (${join(tables.map((table) => literal(table)))}) and column_comment like ${`${COMMENT_MARK}%`}`,
      "looking at the columns",
    );
    return new Map(rows.map((row) => [row.id, row.comment]));
  }

  /** Removes what a killed loader left, given that none is at work: both hold the same lock. */
  private async sweep(path: TablePath): Promise<void> {
    const rows = await this.query<{ name: string }>(
      sql`select table_name as \`name\` from information_schema.tables where table_schema = ${MysqlConnection.schema(path)} and table_name like ${`${STAGING.replaceAll("_", "\\_")}${digest(path)}%`} escape '\\'`,
      "looking for leftovers",
    );
    for (const { name } of rows)
      await this.execute(sql`drop table if exists ${this.table({ ...path, name })}`, "removing leftovers");
  }

  async lockForWriting(path: TablePath): Promise<void> {
    const [row] = await this.query<{ got: number | null }>(
      sql`select get_lock(${`datapy:${digest(path)}`}, 3600) as got`,
      "locking the table",
    );
    if (Number(row?.got) !== 1)
      throw databaseFault("DATABASE_BUSY", { database: this.name, reason: `another loader writes ${path.name}` });
  }

  async cleanUp(path: TablePath): Promise<void> {
    const [row] = await this.query<{ free: number | null }>(
      sql`select is_free_lock(${`datapy:${digest(path)}`}) as free`,
      "looking for leftovers",
    );
    if (Number(row?.free) === 1) await this.sweep(path);
  }

  async redefine(path: TablePath, create: (table: Sql) => Sql): Promise<Redefinition> {
    await this.lockForWriting(path);
    await this.sweep(path);
    const random = randomBytes(4).toString("hex");
    const fresh = this.table({ ...path, name: `${STAGING}${digest(path)}_${random}` });
    const old = this.table({ ...path, name: `${STAGING}${digest(path)}_${random}_old` });
    await this.execute(create(fresh), "creating the table");
    return {
      table: fresh,
      finish: async () => {
        await this.execute(
          sql`rename table ${this.table(path)} to ${old}, ${fresh} to ${this.table(path)}`,
          "swapping the tables",
        );
        await this.execute(sql`drop table ${old}`, "dropping the old table");
      },
      abort: async () => {
        await this.execute(sql`drop table if exists ${fresh}`).catch(() => undefined);
      },
    };
  }

  async emptyTable(path: TablePath): Promise<void> {
    // TRUNCATE would end the transaction.
    await this.execute(sql`delete from ${this.table(path)}`, "emptying the table");
  }

  rowError(error: unknown): { readonly code: string; readonly reason: string } | undefined {
    const cause = isDatapyError(error) ? error.cause : error;
    if (!isRowError(cause ?? {})) return undefined;
    return { code: String((cause as { errno?: number }).errno), reason: serverMessage(cause) };
  }

  async attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    await this.execute(sql`savepoint datapy_attempt`);
    try {
      const result = await action();
      await this.execute(sql`release savepoint datapy_attempt`);
      return result;
    } catch (error) {
      await this.execute(sql`rollback to savepoint datapy_attempt`);
      throw error;
    }
  }

  async load(
    table: Sql,
    columns: readonly LoadColumn[],
    source: Sql,
    onProgress?: (rows: number | undefined, bytes: number) => void,
  ): Promise<number> {
    const isBlob = (column: LoadColumn): boolean => parseDuckType(column.duckType).base === "BLOB";
    const places = join(
      columns.map((column, index) => (isBlob(column) ? raw(`@c${String(index)}`) : ident(column.name))),
    );
    const sets = columns.flatMap((column, index) =>
      isBlob(column) ? [sql`${ident(column.name)} = unhex(${raw(`@c${String(index)}`)})`] : [],
    );
    // Written in hexadecimal, since a backslash is a plain character in this session.
    const statement = sql`load data local infile 'datapy' into table ${table} character set utf8mb4 fields terminated by ',' optionally enclosed by '"' escaped by ''
      lines terminated by x'0a' (${places})${sets.length === 0 ? sql`` : sql` set ${join(sets)}`}`;
    const stream = new Readable({ read: () => undefined });
    const { stream: socket } = this.client as unknown as { stream: import("node:net").Socket };
    let bytes = 0;
    let fail!: (error: unknown) => void;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    failed.catch(() => undefined);
    const sending = this.send(this.text(statement), "loading", { infileStreamFactory: () => stream });
    sending.catch((error: unknown) => fail(error));
    const values = join(columns.map((column) => sql`${loadExpression(column)} as ${ident(column.name)}`));
    try {
      await streamCsv(this.host.data, sql`select ${values} from (${source})`, "NULL", {
        write: (chunk) => {
          bytes += chunk.length;
          onProgress?.(undefined, bytes);
          stream.push(chunk);
          return false;
        },
        // mysql2 writes what the stream gives without looking whether the socket keeps up.
        drained: (action) => setImmediate(() => (socket.writableNeedDrain ? socket.once("drain", action) : action())),
        failed,
      });
      stream.push(null);
      const header = (await sending).result as ResultSetHeader;
      await this.refuseWarnings(header, bytes);
      return header.affectedRows;
    } catch (error) {
      // The protocol has no way to take a half-sent file back other than to end it; the transaction is rolled back afterwards.
      stream.push(null);
      await sending.catch(() => undefined);
      throw this.fault(error, "loading");
    }
  }

  /** `LOAD DATA LOCAL` turns errors into warnings and goes on with damaged values: each warning is an error here. */
  private async refuseWarnings(header: ResultSetHeader, bytes: number): Promise<void> {
    const skipped = Number(/Skipped: (\d+)/.exec(header.info)?.[1] ?? 0);
    if (header.warningStatus === 0 && skipped === 0) return;
    const warnings = await this.query<{ Level: string; Code: number; Message: string }>(
      sql`show warnings limit 5`,
      "looking at the warnings",
    );
    const [first] = warnings;
    const cause = Object.assign(new Error(first?.Message ?? header.info), {
      errno: first?.Code ?? 1265,
      sqlMessage: first?.Message ?? header.info,
      sqlState: "22000",
    });
    throw databaseFault(
      "DATABASE_QUERY",
      {
        database: this.name,
        doing: "loading",
        reason: `${serverMessage(cause)} (${String(header.warningStatus)} warnings, ${String(bytes)} bytes)`,
      },
      { cause },
    );
  }

  async unload(query: Sql, columns: readonly ResultColumn[], onProgress?: (bytes: number) => void): Promise<Unloading> {
    this.host.signal.throwIfAborted();
    const fields = columns.map(csvField).flatMap((field, index) => (index === 0 ? [field] : [sql`','`, field]));
    const text = this.text(sql`select concat(${join(fields)}) from (${query}\n) as q`);
    let isDone!: (rows: number) => void;
    let failed!: (error: unknown) => void;
    const rows = new Promise<number>((resolve, reject) => {
      isDone = resolve;
      failed = reject;
    });
    rows.catch(() => undefined);
    const stream = new Readable({ read: () => this.client.resume() });
    stream.on("error", () => undefined);
    const newline = Buffer.from("\n");
    let count = 0;
    let parts: Buffer[] = [];
    let size = 0;
    const flush = (): void => {
      if (size === 0) return;
      const more = stream.push(Buffer.concat(parts, size));
      parts = [];
      size = 0;
      if (!more) this.client.pause();
    };
    const stop = (error: unknown): void => {
      const fault = this.fault(error, "reading");
      failed(fault);
      stream.destroy(fault instanceof Error ? fault : new Error(String(fault)));
    };
    const running = this.client.query({
      sql: text,
      rowsAsArray: true,
      typeCast: (field) => (field as unknown as { buffer(): Buffer | null }).buffer(),
    });
    running.on("error", stop);
    running.on("result", (row: unknown) => {
      const [line] = row as readonly (Buffer | null)[];
      if (line === null || line === undefined) {
        stop(new Error("a row is longer than the server's max_allowed_packet"));
        this.client.destroy();
        return;
      }
      parts.push(line, newline);
      size += line.length + 1;
      count += 1;
      if (size >= CHUNK) flush();
    });
    running.on("end", () => {
      flush();
      isDone(count);
      stream.push(null);
      // Nothing asks the stream for more after its end; paused, the connection would never hear the answer to the next statement.
      this.client.resume();
    });
    const abort = (): void => {
      if (!stream.readableEnded) this.client.destroy();
      stream.destroy();
    };
    return unloadCsv(this.host.data, columns.map(csvColumn), [{ stream, rows, abort }], onProgress);
  }

  exportSnapshot(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }
  joinSnapshot(): Promise<void> {
    return Promise.reject(
      databaseFault("DATABASE_UNSUPPORTED", { database: this.dialect.title, reason: "snapshots are not shared" }),
    );
  }

  async begin(): Promise<void> {
    await this.send("start transaction", "beginning a transaction");
    this.inTransaction = true;
  }

  async commit(): Promise<void> {
    await this.send("commit", "committing");
    this.inTransaction = false;
  }

  async rollback(): Promise<void> {
    if (!this.inTransaction || this.broken !== undefined || this.closed) return;
    this.inTransaction = false;
    await this.send("rollback", "rolling back").catch(() => this.close());
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.host.signal.removeEventListener("abort", this.onAbort);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 2000);
      this.client.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.client.destroy();
  }
}

/** Twelve hexadecimal digits for a table, for the names of what belongs to it. */
function digest(path: TablePath): string {
  return createHash("sha256")
    .update(`${path.schema ?? ""}\0${path.name}`)
    .digest("hex")
    .slice(0, 12);
}

async function connectClient(target: ServerTarget, tls: SslOptions | undefined): Promise<Connection> {
  const mysql = await import("mysql2").catch((cause: unknown) => {
    throw databaseFault("DATABASE_DRIVER_MISSING", { database: "MySQL", reason: (cause as Error).message }, { cause });
  });
  const verifyIdentity = target.tls.mode === "verify-full";
  const byAddress = tls !== undefined && verifyIdentity && isIP(target.host) !== 0;
  const options: ConnectionOptions = {
    ...(target.socketPath === undefined ? { host: target.host, port: target.port } : { socketPath: target.socketPath }),
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.database === undefined ? {} : { database: target.database }),
    ...(tls === undefined ? {} : { ssl: { ...tls, verifyIdentity: verifyIdentity && !byAddress } }),
    connectTimeout: target.connectTimeout,
    charset: "utf8mb4",
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    multipleStatements: true,
    connectAttributes: { program_name: target.applicationName },
  };
  return new Promise((resolve, reject) => {
    const client = mysql.createConnection(options);
    client.on("error", () => undefined);
    if (byAddress) verifyAddress(client, target.host);
    client.connect((error) => {
      if (error === null) resolve(client);
      else {
        client.destroy();
        reject(error);
      }
    });
  });
}

/**
 * Compares the server's certificate with an address, before the login is sent. mysql2 tells Node the host only where it is a name; an
 * address would be compared as `localhost`.
 */
function verifyAddress(client: Connection, address: string): void {
  // mysql2 leaves both out of its types.
  const wire = client as unknown as { stream: TLSSocket; startTLS(onSecure: (error?: Error) => void): void };
  const startTLS = wire.startTLS.bind(client);
  wire.startTLS = (onSecure) =>
    startTLS((error) => onSecure(error ?? checkServerIdentity(address, wire.stream.getPeerCertificate(true))));
}
