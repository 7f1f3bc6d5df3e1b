import path from "node:path";
import { raw, renderSql } from "@datapy/mod-kit";
import type { DataContext, RowBatch, Sql, TableArtifact } from "@datapy/mod-kit";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ArtifactFolder } from "../artifacts/artifact-folder.js";
import { writeBehind } from "../artifacts/write-behind.js";
import { fault } from "../errors.js";
import type { AttachedDatabase } from "./attached-databases.js";
import { duckdbDialect, quoteIdentifier } from "./duckdb-dialect.js";
import type { DataConnection, DataEngine } from "./duckdb-engine.js";
import { interruptible } from "./interruptible.js";
import { parquetRestored } from "./parquet-types.js";
import { readBatches } from "./read-batches.js";
import { copyToParquet, describeQuery, withNullCounts } from "./table-columns.js";
import { valueReader } from "./duckdb-values.js";
import { openSandbox } from "./sandbox.js";
import type { OpenedSandbox } from "./sandbox.js";
import { createStagingTable } from "./staging-table.js";

/** What a run's {@link DataContext} is made of. */
export interface RunDataOptions {
  readonly engine: DataEngine;
  readonly signal: AbortSignal;
  /** Where the artifacts of the run go. */
  readonly artifacts: ArtifactFolder;
  /** Whether database files are attached for reading only. Default `false`. */
  readonly isReadOnly?: boolean | undefined;
  /** In a preview: most rows that a table artifact gets. Default all. */
  readonly sampleRows?: number | undefined;
}

/** A {@link DataContext} with its end. */
export interface RunData {
  readonly context: DataContext;
  /** Ends what is still running and drops all tables of the run. */
  close(): Promise<void>;
}

const DEFAULT_LIMIT = 10_000;
const ATTACH_TIMEOUT_MS = 30_000;

/**
 * Statements after which the connection of a run has something that another connection cannot see: temporary tables, an open
 * transaction, settings. Meant to err on the side of yes.
 */
const PRIVATE = /\b(?:temp|temporary|begin|start|set|reset|pragma|use|attach|prepare)\b/i;

/** Number of the next run's database in this process. */
let databases = 0;

/** Opens the door to DuckDB for one run. The connection is made by the first statement; each run has a database of its own. */
export function openRunData({ engine, signal, artifacts, isReadOnly = false, sampleRows }: RunDataOptions): RunData {
  const database = `run_${String(++databases)}`;
  const streams = new Set<DuckDBConnection>();
  const attached: AttachedDatabase[] = [];
  const sandboxes: OpenedSandbox[] = [];
  let opening: Promise<DataConnection> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let hasPrivateState = false;
  let closed = false;

  /** One statement at a time: DuckDB ends the result of a connection's earlier statement, without an error, when the next one starts. */
  async function exclusive<Result>(operation: (opened: DataConnection) => Promise<Result>): Promise<Result> {
    if (closed) throw fault("DATAPY_RUN_OVER", { what: "ctx.data" });
    signal.throwIfAborted();
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const opened = await opening;
    const turn = last.then(() => interruptible(opened.connection, signal, () => operation(opened)));
    last = turn.catch(() => undefined);
    return turn;
  }

  async function open(): Promise<DataConnection> {
    const opened = await engine.connect();
    await opened.connection.run(`ATTACH ':memory:' AS ${quoteIdentifier(database)}`);
    await opened.connection.run(`USE ${quoteIdentifier(database)}`);
    return opened;
  }

  function render(query: Sql): string {
    const { text } = renderSql(query, duckdbDialect, { inline: true });
    if (PRIVATE.test(text)) hasPrivateState = true;
    return text.replace(/[;\s]+$/, "");
  }

  async function writeQuery(
    key: string,
    whole: string,
    options: Parameters<DataContext["writeTable"]>[2] = {},
  ): Promise<TableArtifact> {
    const query = sampleRows === undefined ? whole : `SELECT * FROM (${whole}\n) LIMIT ${String(sampleRows)}`;
    return publish(
      key,
      (file) =>
        exclusive(async ({ connection }) => {
          const given = await describeQuery(connection, query);
          const flushed = writeBehind(file);
          const written = await copyToParquet(connection, query, given, file).finally(flushed);
          const columns = await describeQuery(connection, `SELECT * FROM ${duckdbDialect.table(file)}`);
          return { rows: written.rows, bytes: written.bytes, columns: withNullCounts(columns, written) };
        }),
      options,
    );
  }

  /** Writes the result down for the time of the run; gives a query that reads it in the very types that it had. */
  async function spoolQuery(query: string, file: string): Promise<string> {
    return exclusive(async ({ connection }) => {
      const before = await describeQuery(connection, query);
      await copyToParquet(connection, query, before, file);
      const source = duckdbDialect.table(file);
      return parquetRestored(source, await describeQuery(connection, `SELECT * FROM ${source}`), before);
    });
  }

  /** Gives the file that `write` makes its final name once it is whole; otherwise nothing remains of it. */
  async function publish(
    key: string,
    write: (file: string) => Promise<Omit<TableArtifact, "kind" | "key" | "uri">>,
    options: Parameters<DataContext["writeTable"]>[2] = {},
  ): Promise<TableArtifact> {
    const file = await artifacts.create(key, "table", ".parquet");
    file.follow();
    try {
      const table: TableArtifact = { kind: "table", key, uri: file.path, ...(await write(file.path)) };
      await file.sync();
      // What verifies that a table is complete would find that a sample is not.
      if (sampleRows === undefined) await options.verify?.(table);
      signal.throwIfAborted();
      const uri = await file.publish();
      return artifacts.add({ ...table, uri, ...(options.lineage === undefined ? {} : { lineage: options.lineage }) });
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  const context: DataContext = {
    writeTable: (key, query, options = {}) => writeQuery(key, render(query), options),

    async writeBatches(key, columns, batches) {
      artifacts.require(key, "table");
      const staging = await exclusive((opened) => createStagingTable(opened, columns));
      try {
        let rows = 0;
        for await (const batch of batches) {
          await exclusive(() => staging.append(batch));
          rows += batch.rows;
          if (rows >= (sampleRows ?? Infinity)) break;
        }
        await exclusive(() => staging.finish());
        return await writeQuery(key, staging.query);
      } finally {
        if (!closed && !signal.aborted) await exclusive(() => staging.drop());
      }
    },

    execute: (statement) =>
      exclusive(async ({ connection }) => {
        const result = await connection.run(render(statement));
        return result.rowsChanged;
      }),

    async query<Row extends Record<string, unknown>>(
      query: Sql,
      options: { readonly limit?: number } = {},
    ): Promise<Row[]> {
      const limit = options.limit ?? DEFAULT_LIMIT;
      return exclusive(async ({ duckdb, connection }) => {
        const result = await connection.stream(render(query));
        const names = result.deduplicatedColumnNames();
        const readers = result.columnTypes().map((type) => valueReader(duckdb, type));
        const rows: Row[] = [];
        for (
          let chunk = await result.fetchChunk();
          chunk !== null && chunk.rowCount > 0;
          chunk = await result.fetchChunk()
        ) {
          if (rows.length + chunk.rowCount > limit) throw fault("DATAPY_DATA_TOO_MANY_ROWS", { limit });
          for (const values of chunk.getRows()) {
            // Row is what the caller says that the query gives.
            rows.push(
              Object.fromEntries(names.map((name, index) => [name, readers[index]?.(values[index] ?? null)])) as Row,
            );
          }
        }
        return rows;
      });
    },

    async *batches(query: Sql): AsyncGenerator<RowBatch> {
      const text = render(query);
      let source = text;
      let spooled: string | undefined;
      if (hasPrivateState) {
        // Only this run's own connection sees what the query needs, and it must stay free for the statements between two batches.
        spooled = artifacts.temporaryPath("batches.parquet");
        source = await spoolQuery(text, spooled);
      } else await exclusive(() => Promise.resolve());
      const { duckdb, connection } = await engine.connect();
      streams.add(connection);
      try {
        await connection.run(`USE ${quoteIdentifier(database)}`);
        yield* readBatches({ duckdb, connection }, source, signal);
      } finally {
        streams.delete(connection);
        connection.closeSync();
        if (spooled !== undefined) await artifacts.removeTemporary(spooled);
      }
    },

    async spool(query) {
      return raw(`(${await spoolQuery(render(query), artifacts.temporaryPath("spool.parquet"))})`);
    },

    async attach(file, attachment = {}) {
      await exclusive(() => Promise.resolve());
      const database = await engine.databases.attach({
        file: file === undefined || file === "" ? engine.settings.databasePath : path.resolve(file),
        readOnly: isReadOnly || (attachment.readOnly ?? false),
        timeout: attachment.timeout ?? ATTACH_TIMEOUT_MS,
        signal,
      });
      attached.push(database);
      return database.catalog;
    },

    describe: (query) => exclusive(({ connection }) => describeQuery(connection, render(query))),

    temporaryPath: (name) => artifacts.temporaryPath(name),

    async sandbox(tables) {
      if (closed) throw fault("DATAPY_RUN_OVER", { what: "ctx.data" });
      signal.throwIfAborted();
      const opened = await openSandbox({
        engine,
        signal,
        tables: Object.fromEntries(
          Object.entries(tables).map(([name, one]) => [name, path.resolve(typeof one === "string" ? one : one.uri)]),
        ),
        folder: artifacts.temporaryPath("sandbox"),
        sampleRows,
        publish,
      });
      sandboxes.push(opened);
      return opened.sandbox;
    },
  };

  return {
    context,
    async close() {
      closed = true;
      await Promise.all(sandboxes.map((one) => one.close()));
      const opened = await opening?.catch(() => undefined);
      if (opened === undefined) return;
      for (const stream of streams) stream.interrupt();
      const interrupting = setInterval(() => opened.connection.interrupt(), 20);
      await last;
      clearInterval(interrupting);
      try {
        await opened.connection.run("USE memory");
        await opened.connection.run(`DETACH ${quoteIdentifier(database)}`);
      } catch {
        // A batch reader that the mod left open still holds the database; it ends with the process.
      }
      opened.connection.closeSync();
      for (const one of attached) await one.release().catch(() => undefined);
    },
  };
}
