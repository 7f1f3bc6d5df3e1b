import { createHash } from "node:crypto";
import { ident, isDatapyError, join, literal, sql, table } from "@datapy/mod-kit";
import type { ColumnLineage, Envelope, ModContext, Sql, TableArtifact } from "@datapy/mod-kit";
import {
  queryFault,
  columnUnknown,
  connectionTarget,
  ConnectionPool,
  databaseFault,
  describeTarget,
  openConnection,
  withRetry,
} from "@datapy/database";
import type { ConnectionTarget, DatabaseConnection, ResultColumn, Unloading } from "@datapy/database";
import { bindQuery, withoutSemicolon } from "./bind-query.js";
import { decimalCasts } from "./decimal-casts.js";
import type { ReaderParams } from "./parameters.js";
import { splitRanges } from "./split-ranges.js";
import { greatest, watermarkRange } from "./watermark.js";

/** Whether the database can be reached and knows the table or query. */
export async function checkSource(params: ReaderParams, ctx: ModContext): Promise<void> {
  const connection = await openConnection(connectionTarget(params), ctx, { readOnly: true, maxRetries: 0 });
  try {
    await sourceQuery(params, connection);
  } finally {
    await connection.close();
  }
}

/** Reads the source into `output_data` and moves the watermark. */
export async function runRead(params: ReaderParams, ctx: ModContext): Promise<Envelope> {
  if ((params.table_name === undefined) === (params.query === undefined)) {
    throw databaseFault("DATABASE_INPUT_INVALID", { reason: "either table_name or query is needed, and not both" });
  }
  const target = connectionTarget(params);
  const artifact = await withRetry(() => readOnce(params, ctx, target), {
    maxRetries: params.max_retries,
    signal: ctx.signal,
    log: ctx.log,
  });
  ctx.result.addMetric("rows_read", artifact.rows);
  ctx.result.addMetric("rows_processed", artifact.rows);
  ctx.result.addMetric("rows_output", artifact.rows);
  ctx.result.addMetric("bytes_written", artifact.bytes);
  if (artifact.rows === 0) {
    const what = params.table_name ?? "the query";
    if (params.on_empty === "fail")
      throw databaseFault(
        "DATABASE_INPUT_INVALID",
        { reason: `${what} gave no rows` },
        { hint: "`on_empty: ok` or `warn` lets it pass." },
      );
    if (params.on_empty === "warn") ctx.result.addWarning(`${what} gave no rows`);
  }
  return ctx.result.success();
}

/** The SELECT that the parameters mean, and its columns. */
async function sourceQuery(
  params: ReaderParams,
  connection: DatabaseConnection,
): Promise<{ query: Sql; columns: ResultColumn[]; dataset: string | undefined }> {
  const used = new Set<string>();
  const { kind, title } = connection.dialect;
  const condition =
    params.where === undefined ? undefined : bindQuery(params.where, params.query_parameters, kind, used);
  let query: Sql;
  let dataset: string | undefined;
  if (params.query !== undefined) {
    query = bindQuery(withoutSemicolon(params.query), params.query_parameters, kind, used);
    if (condition !== undefined) query = sql`select * from (${query}\n) as q where (${condition}\n)`;
  } else {
    const path = {
      name: params.table_name as string,
      ...(params.schema_name === undefined ? {} : { schema: params.schema_name }),
    };
    if ((await connection.describeTable(path)) === undefined)
      throw databaseFault(
        "DATABASE_TABLE_MISSING",
        { database: title, table: path.name },
        {
          hint: "Check `schema_name` and `table_name` (letter for letter), or run first what writes it.",
          parameter: "table_name",
        },
      );
    dataset = await connection.dataset(path);
    // The condition stands beside the table and not around it: a subquery may change names (SQLite's of a column called "true").
    query = sql`select * from ${connection.table(path)}${condition === undefined ? sql`` : sql` where (${condition}\n)`}`;
  }
  const unused = Object.keys(params.query_parameters).filter((name) => !used.has(name));
  if (unused.length > 0)
    throw databaseFault("DATABASE_INPUT_INVALID", {
      reason: `query_parameters ${unused.join(", ")} stand nowhere as :${unused[0] as string}`,
    });
  let columns = await connection.describeQuery(query).catch((error: unknown) => {
    throw queryFault(error, title, params.query === undefined ? "where" : "query");
  });
  if (params.columns !== undefined) {
    const known = columns.map((column) => column.name);
    columns = params.columns.map((name) => {
      const column = columns.find((one) => one.name === name);
      if (column === undefined) throw columnUnknown(params.table_name ?? "the query", name, known, "columns");
      return column;
    });
  }
  const seen = new Map<string, string>();
  for (const { name } of columns) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) {
      throw databaseFault(
        "DATABASE_INPUT_INVALID",
        { reason: `${other} and ${name} are one column to a table artifact` },
        { hint: "Give columns distinct names (`as`), or choose with `columns`." },
      );
    }
    seen.set(name.toLowerCase(), name);
  }
  return { query, columns, dataset };
}

async function readOnce(params: ReaderParams, ctx: ModContext, target: ConnectionTarget): Promise<TableArtifact> {
  const pool = new ConnectionPool(
    () => openConnection(target, ctx, { readOnly: true, maxRetries: params.max_retries }),
    params.pool_size,
  );
  const unloadings: Unloading[] = [];
  try {
    const main = await pool.acquire();
    const { query, columns, dataset } = await sourceQuery(params, main);
    const place = `${describeTarget(target)}:${params.schema_name ?? ""}:${
      params.table_name ??
      createHash("sha256")
        .update(params.query ?? "")
        .digest("hex")
        .slice(0, 16)
    }`;
    const range = await watermarkRange(
      params,
      ctx,
      main.dialect,
      await watermarkColumns(params, main, query, columns),
      place,
    );
    const wanted = range === undefined ? query : sql`select * from (${query}\n) as w where ${range.condition}`;
    const filtered =
      ctx.sampleRows === undefined ? wanted : sql`select * from (${wanted}\n) as s limit ${literal(ctx.sampleRows)}`;

    const conditions = await splits(params, ctx, main, filtered, columns);
    if (conditions.length > 1) {
      const snapshot = (await main.exportSnapshot()) as string;
      const others = await Promise.all(conditions.slice(1).map(async () => pool.acquire()));
      await Promise.all(others.map((one) => one.joinSnapshot(snapshot)));
      const connections = [main, ...others];
      for (const [index, condition] of conditions.entries()) {
        const part = sql`select * from (${filtered}\n) as p where ${condition}`;
        unloadings.push(await (connections[index] as DatabaseConnection).unload(part, columns));
      }
    } else unloadings.push(await main.unload(filtered, columns, (bytes) => ctx.progress(bytes, undefined, "bytes")));

    const artifact = await writeArtifact(ctx, columns, unloadings, lineage(dataset, columns));
    if (dataset !== undefined) {
      const read = columns.map(({ name, duckType }) => ({ name, type: duckType }));
      ctx.result.addDataset({ role: "input", uri: dataset, columns: read, rows: artifact.rows });
    }
    if (range?.moves === true) {
      if (range.first) await warnOfNullWatermarks(params, ctx, main, query, range.column.name);
      const high =
        params.columns !== undefined && !params.columns.includes(range.column.name)
          ? undefined
          : await greatest(ctx, table(artifact), range.column);
      if (high !== undefined) ctx.state.set(range.key, high);
      ctx.result.addMetric("watermark", high ?? range.before ?? null);
    }
    return artifact;
  } finally {
    await Promise.all(unloadings.map((one) => one.abort()));
    await pool.close();
  }
}

/** A table's columns become the artifact's of the same names. Where the columns of a query come from, its SQL alone knows. */
function lineage(dataset: string | undefined, columns: readonly ResultColumn[]): ColumnLineage {
  if (dataset === undefined) return {};
  return Object.fromEntries(columns.map(({ name }) => [name, [{ uri: dataset, column: name }]]));
}

/** The watermark's column may be left out of `columns`; then it could not be found in what was read. */
async function watermarkColumns(
  params: ReaderParams,
  connection: DatabaseConnection,
  query: Sql,
  columns: ResultColumn[],
): Promise<ResultColumn[]> {
  const name = params.watermark_column;
  if (name === undefined || columns.some((column) => column.name === name)) return columns;
  const all = await connection.describeQuery(query);
  if (all.some((column) => column.name === name)) {
    throw databaseFault(
      "DATABASE_INPUT_INVALID",
      { reason: `watermark_column ${name} is not among columns` },
      { hint: "Add it: the next watermark is found in the rows that were read." },
    );
  }
  return columns;
}

async function splits(
  params: ReaderParams,
  ctx: ModContext,
  connection: DatabaseConnection,
  query: Sql,
  columns: readonly ResultColumn[],
): Promise<Sql[]> {
  if (params.split_column === undefined) return [sql`true`];
  if (!connection.dialect.capabilities.sharedSnapshot) {
    ctx.log.info(
      `${connection.dialect.title} has no snapshot that connections could share; reading over one connection`,
    );
    return [sql`true`];
  }
  const count = Math.min(params.split_count ?? params.pool_size, params.pool_size);
  return count === 1 ? [sql`true`] : splitRanges(connection, query, columns, params.split_column, count);
}

async function writeArtifact(
  ctx: ModContext,
  columns: readonly ResultColumn[],
  unloadings: readonly Unloading[],
  lineage: ColumnLineage,
): Promise<TableArtifact> {
  // When the database fails, DuckDB sees no more than the end of its input; the database's error is the one to report.
  let databaseError: Error | undefined;
  const finished = Promise.all(unloadings.map((one) => one.finish()));
  finished.catch((error: unknown) => (databaseError ??= error instanceof Error ? error : new Error(String(error))));
  const verify = async (rows: number): Promise<void> => {
    const sent = (await finished).reduce((sum, one) => sum + one, 0);
    if (!Number.isNaN(sent) && sent !== rows) {
      throw databaseFault("DATABASE_ROWS_DO_NOT_RECONCILE", { table: "the source", expected: sent, actual: rows });
    }
  };
  const all = sql`select ${join(columns.map((column) => ident(column.name)))} from ${
    unloadings.length === 1
      ? (unloadings[0] as Unloading).relation
      : sql`(${join(
          unloadings.map((one) => sql`select * from ${one.relation}`),
          " union all ",
        )})`
  }`;
  try {
    if (!columns.some((column) => column.unboundedDecimal === true)) {
      return await ctx.data.writeTable("output_data", all, {
        lineage,
        verify: (made) => verify(made.rows),
      });
    }
    // Only when all values are known can a decimal type be chosen that keeps each of them.
    const spool = await ctx.data.spool(all);
    const [count] = await ctx.data.query<{ rows: bigint }>(sql`select count(*) as rows from ${spool}`);
    await verify(Number(count?.rows ?? 0));
    const casts = await decimalCasts(ctx, spool, columns);
    return await ctx.data.writeTable("output_data", sql`select ${casts} from ${spool}`, { lineage });
  } catch (error) {
    await new Promise((resolve) => setImmediate(resolve));
    if (databaseError !== undefined && !(isDatapyError(error) && error.exitCode >= 40)) throw databaseError;
    throw error;
  }
}

async function warnOfNullWatermarks(
  params: ReaderParams,
  ctx: ModContext,
  connection: DatabaseConnection,
  query: Sql,
  name: string,
): Promise<void> {
  const [row] = await connection.query<{ rows: string }>(
    sql`select count(*) as ${ident("rows")} from (${query}\n) as q where ${ident(name)} is null`,
    "counting rows without a watermark",
  );
  const count = Number(row?.rows ?? 0);
  if (count > 0)
    ctx.result.addWarning(
      `${String(count)} rows of ${params.table_name ?? "the query"} were not read, since ${name} is NULL`,
    );
}
