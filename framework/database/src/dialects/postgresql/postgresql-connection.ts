import net from "node:net";
import { ident, isDatapyError, join, literal, raw, renderSql, sql } from "@datapy/mod-kit";
import type { Sql, SqlValue } from "@datapy/mod-kit";
import type { Client, ClientConfig } from "pg";
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
  LoadColumn,
  Redefinition,
  ResultColumn,
  TablePath,
  Unloading,
} from "../../dialect.js";
import { isList, jsonText } from "../../quoting.js";
import { tlsOptions } from "../../tls-options.js";
import { CopyIn, CopyOut } from "./copy-streams.js";
import { postgresqlDialect } from "./postgresql-dialect.js";
import { connectError, serverMessage, sqlState, statementError } from "./postgresql-errors.js";
import { csvColumn, loadExpression, unloadExpression } from "./postgresql-transfer.js";
import { duckTypeOf, parsePostgresType } from "./postgresql-types.js";

/** Settings of every session, so that texts of values mean one thing. Sent when connecting. */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  TimeZone: "UTC",
  DateStyle: "ISO, YMD",
  IntervalStyle: "postgres",
  extra_float_digits: "1",
  bytea_output: "hex",
  standard_conforming_strings: "on",
};

/** What node-postgres has beside its published types. */
type WireClient = Client & { readonly processID: number | null; readonly secretKey: number | null };

/** PostgreSQL, and what speaks its protocol and has its catalog. */
export const postgresqlDriver: DatabaseDriver = {
  dialect: postgresqlDialect,
  async connect(target, host, options) {
    return PostgresqlConnection.open(target as ServerTarget, host, options.readOnly);
  },
};

class PostgresqlConnection implements DatabaseConnection {
  readonly dialect = postgresqlDialect;
  private broken: unknown;
  private closed = false;
  private inTransaction = false;

  private constructor(
    private readonly client: WireClient,
    private readonly target: ServerTarget,
    private readonly host: ConnectionHost,
  ) {
    client.on("error", (error) => (this.broken = error));
    host.signal.addEventListener("abort", this.onAbort, { once: true });
  }

  static async open(target: ServerTarget, host: ConnectionHost, readOnly: boolean): Promise<PostgresqlConnection> {
    const name = describeTarget(target);
    const tls = tlsOptions(target, name);
    try {
      return new PostgresqlConnection(await connectClient(target, tls, readOnly), target, host);
    } catch (error) {
      if (isDatapyError(error)) throw error;
      // `prefer`: a server without TLS says so in these words before any login.
      const plain =
        tls !== undefined && target.tls.mode === "prefer" && (error as Error).message.includes("does not support SSL");
      if (!plain) throw connectError(error, name);
      try {
        return new PostgresqlConnection(await connectClient(target, undefined, readOnly), target, host);
      } catch (second) {
        throw isDatapyError(second) ? second : connectError(second, name);
      }
    }
  }

  /** The server goes on with a statement whose client is gone; so it is told to stop, over a connection of its own. */
  private readonly onAbort = (): void => {
    const { processID, secretKey } = this.client;
    const finish = (): void => {
      socketOf(this.client).destroy();
    };
    if (processID === null || secretKey === null) return finish();
    const socketFile = this.target.socketPath && `${this.target.socketPath}/.s.PGSQL.${String(this.target.port)}`;
    const socket = socketFile === undefined ? net.connect(this.target.port, this.target.host) : net.connect(socketFile);
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80_877_102, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", finish);
    socket.on("connect", () => socket.end(request));
  };

  private get name(): string {
    return describeTarget(this.target);
  }

  private fault(error: unknown, doing: string): unknown {
    this.host.signal.throwIfAborted();
    if (isDatapyError(error)) return error;
    return statementError(this.broken ?? error, this.name, doing);
  }

  private async run(
    statement: Sql,
    doing: string,
  ): Promise<{
    rows: ControlRow[];
    rowCount: number;
    fields: { name: string; dataTypeID: number; dataTypeModifier: number }[];
  }> {
    this.host.signal.throwIfAborted();
    const { text, values } = renderSql(statement, postgresqlDialect.sql);
    try {
      const result = await this.client.query<ControlRow>({
        text,
        values: values.map(bound),
        types: { getTypeParser: () => plainText },
      });
      // Types of node-postgres leave the modifier out.
      const fields = result.fields as unknown as { name: string; dataTypeID: number; dataTypeModifier: number }[];
      return { rows: result.rows, rowCount: result.rowCount ?? 0, fields };
    } catch (error) {
      throw this.fault(error, doing);
    }
  }

  async query<Row extends ControlRow>(statement: Sql, doing = "reading"): Promise<Row[]> {
    // Row is what the caller says that the statement gives.
    return (await this.run(statement, doing)).rows as unknown as Row[];
  }

  async execute(statement: Sql, doing = "writing"): Promise<number> {
    return (await this.run(statement, doing)).rowCount;
  }

  async script(text: string, doing: string): Promise<void> {
    this.host.signal.throwIfAborted();
    try {
      await this.client.query(text);
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
    const table = ident("pg_temp", name);
    await this.execute(sql`drop table if exists ${table}`, "preparing a temporary table");
    const key = primaryKey === undefined ? [] : [sql`primary key (${ident(primaryKey)})`];
    const definitions = join([...columns.map((column) => sql`${ident(column.name)} ${raw(column.type)}`), ...key]);
    await this.execute(sql`create temporary table ${ident(name)} (${definitions})`, "preparing a temporary table");
    return table;
  }

  async dataset(path: TablePath): Promise<string> {
    const [found] = await this.query<{ database: string; schema: string | null }>(
      sql`select current_database()::text as database, coalesce(${path.schema ?? null}::text, (select n.nspname::text from pg_class c
          join pg_namespace n on n.oid = c.relnamespace where c.relname = ${path.name} and pg_table_is_visible(c.oid) limit 1), current_schema()::text) as schema`,
      "naming the table",
    );
    return serverDataset("postgresql", this.target, found?.database ?? "", `${found?.schema ?? "public"}.${path.name}`);
  }

  async describeTable(path: TablePath): Promise<DatabaseTable | undefined> {
    const found = await this.query<{ oid: string; kind: string; rows: string }>(
      sql`select c.oid::text as oid, c.relkind::text as kind, c.reltuples::text as rows from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relname = ${path.name} and c.relkind in ('r', 'p', 'v', 'm', 'f') and
        ${path.schema === undefined ? sql`pg_table_is_visible(c.oid) and n.nspname <> 'pg_catalog'` : sql`n.nspname = ${path.schema}`}`,
      "looking at the table",
    );
    const [table] = found;
    if (table === undefined) return undefined;
    const oid = sql`${table.oid}::oid`;
    const columns = await this.query<{
      name: string;
      type: string;
      nullable: string;
      defaulted: string;
      generated: string;
    }>(
      sql`select a.attname as name, case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) when t.typtype = 'e' then 'enum ' || format_type(t.oid, null)
          else format_type(a.atttypid, a.atttypmod) end as type, (not a.attnotnull)::text as nullable,
          (a.atthasdef or a.attidentity <> '')::text as defaulted, (a.attgenerated <> '' or a.attidentity = 'a')::text as generated
        from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      "looking at the columns",
    );
    const keys = await this.query<{ names: string }>(
      sql`select array_to_json(array(select a.attname from unnest(i.indkey::int2[]) with ordinality k(n, o)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n where k.o <= i.indnkeyatts order by k.o))::text as names
        from pg_index i where i.indrelid = ${oid} and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null and i.indimmediate
        order by i.indisprimary desc`,
      "looking at the keys",
    );
    const estimate = Number(table.rows);
    return {
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type.replace(/^enum /, ""),
        duckType: column.type.startsWith("enum ") ? "VARCHAR" : duckTypeOf(column.type),
        nullable: column.nullable === "true",
        hasDefault: column.defaulted === "true",
        generated: column.generated === "true",
      })),
      uniqueKeys: keys.map((key) => JSON.parse(key.names) as string[]),
      isView: table.kind === "v" || table.kind === "m",
      ...(estimate < 0 ? {} : { estimatedRows: estimate }),
    };
  }

  async describeQuery(query: Sql): Promise<ResultColumn[]> {
    const inline = raw(renderSql(query, postgresqlDialect.sql, { inline: true }).text);
    const { fields } = await this.run(sql`select * from (${inline}\n) as q limit 0`, "looking at the query");
    if (fields.length === 0) return [];
    const types = await this.query<{ type: string; kind: string; base: string }>(
      sql`select format_type(t.oid, f.modifier) as type, t.typtype::text as kind, format_type(t.typbasetype, t.typtypmod) as base
        from unnest(${fields.map((field) => field.dataTypeID)}::oid[], ${fields.map((field) => field.dataTypeModifier)}::int[]) with ordinality f(id, modifier, n)
        join pg_type t on t.oid = f.id order by f.n`,
      "looking at the query's types",
    );
    return fields.map((field, index) => {
      const found = types[index] ?? { type: "text", kind: "b", base: "text" };
      const type = found.kind === "d" ? found.base : found.type;
      const duckType = found.kind === "e" ? "VARCHAR" : duckTypeOf(type);
      const unbounded = parsePostgresType(type).name === "numeric" && duckType === "VARCHAR";
      return { name: field.name, type, duckType, ...(unbounded ? { unboundedDecimal: true } : {}) };
    });
  }

  async redefine(path: TablePath, create: (table: Sql) => Sql): Promise<Redefinition> {
    const table = this.table(path);
    const regclass = sql`to_regclass(${renderSql(table, postgresqlDialect.sql).text})`;
    const grants = await this.query<{ grantee: string; privilege: string; grantable: string }>(
      sql`select case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee, a.privilege_type as privilege,
          a.is_grantable::text as grantable from pg_class c, aclexplode(c.relacl) a where c.oid = ${regclass} and a.grantee <> c.relowner`,
      "looking at the rights",
    );
    try {
      await this.execute(sql`drop table ${table}`, "dropping the old table");
    } catch (error) {
      if (sqlState(isDatapyError(error) ? error.cause : error) !== "2BP01") throw error;
      throw databaseFault(
        "DATABASE_DEPENDENTS",
        { table: path.name, reason: serverMessage((error as { cause?: unknown }).cause) },
        { cause: error },
      );
    }
    await this.execute(create(table), "creating the table");
    return {
      table,
      finish: async () => {
        for (const { grantee, privilege, grantable } of grants) {
          const option = grantable === "true" ? sql` with grant option` : sql``;
          await this.execute(
            sql`grant ${raw(privilege)} on ${table} to ${raw(grantee)}${option}`,
            "giving back the rights",
          );
        }
      },
      abort: () => Promise.resolve(),
    };
  }

  cleanUp(): Promise<void> {
    // Staging tables are temporary, and definitions are changed in the transaction: nothing outlives a killed loader.
    return Promise.resolve();
  }

  async emptyTable(path: TablePath): Promise<void> {
    // TRUNCATE refuses a table that another one refers to, even when that one is empty.
    const [referenced] = await this.query<{ one: string }>(
      sql`select 1 as one from pg_constraint where contype = 'f' and confrelid = to_regclass(${renderSql(this.table(path), postgresqlDialect.sql).text}) and conrelid <> confrelid limit 1`,
      "looking at references",
    );
    await this.execute(
      referenced === undefined ? sql`truncate table ${this.table(path)}` : sql`delete from ${this.table(path)}`,
      "emptying the table",
    );
  }

  async lockForWriting(path: TablePath): Promise<void> {
    await this.execute(sql`lock table ${this.table(path)} in share row exclusive mode`, "locking the table");
  }

  rowError(error: unknown): { readonly code: string; readonly reason: string } | undefined {
    const cause = isDatapyError(error) ? error.cause : error;
    const state = sqlState(cause);
    if (state === undefined || !/^(?:22|23|P0001)/.test(state)) return undefined;
    return { code: state, reason: serverMessage(cause) };
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
    const names = join(columns.map((column) => ident(column.name)));
    const target = renderSql(
      sql`copy ${table} (${names}) from stdin (format csv, delimiter ',', quote '"', escape '"', null '')`,
      postgresqlDialect.sql,
      { inline: true },
    ).text;
    const copy = new CopyIn(target);
    let bytes = 0;
    try {
      this.host.signal.throwIfAborted();
      // A query object of our own, which node-postgres takes besides the texts that its types know.
      void this.client.query(copy as unknown as string);
      await copy.ready;
      const values = join(columns.map((column) => sql`${loadExpression(column)} as ${ident(column.name)}`));
      try {
        await streamCsv(this.host.data, sql`select ${values} from (${source})`, "", {
          write: (chunk) => {
            bytes += chunk.length;
            onProgress?.(undefined, bytes);
            return copy.write(chunk);
          },
          drained: (action) => copy.drained(action),
          failed: copy.done.then(() => new Promise<never>(() => undefined)),
        });
      } catch (error) {
        copy.fail("the input ended early");
        await Promise.race([copy.done.catch(() => undefined), closedSoon()]);
        throw error;
      }
      copy.end();
      return await copy.done;
    } catch (error) {
      throw this.fault(error, `loading ${target.slice(5, target.indexOf(" from stdin"))}`);
    }
  }

  async unload(query: Sql, columns: readonly ResultColumn[], onProgress?: (bytes: number) => void): Promise<Unloading> {
    const inline = raw(renderSql(query, postgresqlDialect.sql, { inline: true }).text);
    const statement = sql`copy (select ${join(columns.map(unloadExpression))} from (${inline}\n) as q) to stdout (format csv, delimiter ',', quote '"', escape '"', null '')`;
    const copy = new CopyOut(renderSql(statement, postgresqlDialect.sql, { inline: true }).text);
    this.host.signal.throwIfAborted();
    // A query object of our own, which node-postgres takes besides the texts that its types know.
    void this.client.query(copy as unknown as string);
    const rows = copy.done.catch((error: unknown) => {
      throw this.fault(error, "reading");
    });
    rows.catch(() => undefined);
    copy.on("error", () => undefined);
    let ended = false;
    copy.once("end", () => (ended = true));
    return unloadCsv(
      this.host.data,
      columns.map(csvColumn),
      [
        {
          stream: copy,
          rows,
          abort: () => {
            // What the server still sends has no taker: the connection cannot be used again.
            if (!ended) socketOf(this.client).destroy();
            copy.destroy();
          },
        },
      ],
      onProgress,
    );
  }

  async exportSnapshot(): Promise<string | undefined> {
    await this.execute(sql`begin isolation level repeatable read read only`, "opening a snapshot");
    this.inTransaction = true;
    const [row] = await this.query<{ id: string }>(sql`select pg_export_snapshot() as id`, "opening a snapshot");
    return row?.id;
  }

  async joinSnapshot(snapshot: string): Promise<void> {
    await this.execute(sql`begin isolation level repeatable read read only`, "joining a snapshot");
    this.inTransaction = true;
    await this.execute(sql`set transaction snapshot ${literal(snapshot)}`, "joining a snapshot");
  }

  async begin(): Promise<void> {
    await this.execute(sql`begin`, "beginning a transaction");
    this.inTransaction = true;
  }

  async commit(): Promise<void> {
    // A COMMIT of a failed transaction is answered by ROLLBACK, without an error.
    try {
      const result = await this.client.query("commit");
      this.inTransaction = false;
      if (result.command !== "COMMIT") {
        throw databaseFault("DATABASE_QUERY", {
          database: this.name,
          doing: "committing",
          reason: "the transaction had failed before; the server rolled it back",
        });
      }
    } catch (error) {
      throw this.fault(error, "committing");
    }
  }

  async rollback(): Promise<void> {
    if (!this.inTransaction || this.broken !== undefined || this.closed) return;
    this.inTransaction = false;
    await this.client.query("rollback").catch(() => this.close());
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.host.signal.removeEventListener("abort", this.onAbort);
    await Promise.race([this.client.end().catch(() => undefined), closedSoon()]);
    socketOf(this.client).destroy();
  }
}

/** The socket of a client, which node-postgres leaves out of its types. */
function socketOf(client: Client): net.Socket {
  return (client as unknown as { connection: { stream: net.Socket } }).connection.stream;
}

/** How long a server may take to answer a farewell, before the socket is closed all the same. */
async function closedSoon(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 2000).unref());
}

function plainText(value: string): string {
  return value;
}

/** A bound value as node-postgres sends it: text, bytes or NULL. */
function bound(value: SqlValue): unknown {
  if (value === null || value instanceof Uint8Array) return value === null ? null : Buffer.from(value);
  if (isList(value)) return value.map(bound);
  if (typeof value === "object") return jsonText(value);
  return String(value);
}

async function connectClient(
  target: ServerTarget,
  tls: ReturnType<typeof tlsOptions>,
  readOnly: boolean,
): Promise<WireClient> {
  let pg: typeof import("pg");
  try {
    pg = (await import("pg")).default;
  } catch (cause) {
    throw databaseFault(
      "DATABASE_DRIVER_MISSING",
      { database: "PostgreSQL", reason: (cause as Error).message },
      { cause },
    );
  }
  const settings = {
    ...target.settings,
    ...SESSION_SETTINGS,
    ...(readOnly ? { default_transaction_read_only: "on" } : {}),
  };
  const config: ClientConfig = {
    host: target.socketPath ?? target.host,
    port: target.port,
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.database === undefined ? {} : { database: target.database }),
    connectionTimeoutMillis: target.connectTimeout,
    application_name: target.applicationName,
    keepAlive: true,
    ssl: tls ?? false,
    client_encoding: "UTF8",
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value.replace(/([\\\s])/g, "\\$1")}`)
      .join(" "),
  };
  const client = new pg.Client(config) as WireClient;
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    // After a refusal by TLS node-postgres would wait for ever for an end that has been.
    void client.end().catch(() => undefined);
    socketOf(client).destroy();
    throw error;
  }
  return client;
}
