import { ident, isDatapyError, join, sql } from "@datapy/mod-kit";
import type { ColumnLineage, DatasetUse, Envelope, ModContext, Sql } from "@datapy/mod-kit";
import { databaseFault, describeTarget, openConnection, withRetry } from "@datapy/database";
import type { DatabaseConnection, DatabaseTable, LoadColumn, Redefinition } from "@datapy/database";
import { applier, reconcile } from "./apply-rows.js";
import type { Applied, Staged } from "./apply-rows.js";
import { applyTolerantly, findChanged, removeForeseen } from "./apply-tolerantly.js";
import { loadColumn, loadSource, openInput, RejectedRows, rejectUnloadable } from "./load-input.js";
import type { LoadInput } from "./load-input.js";
import { LoadLedger } from "./load-ledger.js";
import type { LedgerEntry } from "./load-ledger.js";
import { planLoad } from "./load-plan.js";
import type { LoadPlan } from "./load-plan.js";
import { tablePath, tableTitle, targetOf } from "./load-target.js";
import type { WriterParams } from "./parameters.js";
import { createTable, evolveTable, historyColumns } from "./table-definition.js";

/** What a load did. */
interface Outcome {
  readonly written: number;
  readonly deleted: number;
  readonly duplicates: number;
  readonly alreadyLoaded: boolean;
  readonly warnings: readonly string[];
  /** The table as it is after the load; `undefined` when nothing was written. */
  readonly dataset?: DatasetUse;
}

/** Runs the load, again when its failure may pass by itself; then fills the envelope. */
export async function runLoad(params: WriterParams, ctx: ModContext): Promise<Envelope> {
  checkParameters(params);
  const target = targetOf(params);
  const input = await openInput(params, ctx);
  const title = tableTitle(params);
  if (input.rows === 0) {
    if (params.on_empty === "fail")
      throw databaseFault(
        "DATABASE_INPUT_INVALID",
        { reason: "it has no rows" },
        { hint: "`on_empty: ok` or `warn` lets it pass." },
      );
    if (params.on_empty === "warn") ctx.result.addWarning(`The input has no rows (${title}, ${params.write_mode})`);
  }
  const rejected = new RejectedRows(ctx, params, input, title);
  const outcome = await withRetry(
    async () => {
      rejected.reset();
      const connection = await openConnection(target, ctx, { maxRetries: params.max_retries });
      try {
        return await loadOnce(params, ctx, connection, input, rejected);
      } finally {
        await connection.close();
      }
    },
    { maxRetries: params.max_retries, signal: ctx.signal, log: ctx.log },
  );
  for (const warning of outcome.warnings) ctx.result.addWarning(warning);
  if (outcome.dataset !== undefined) ctx.result.addDataset(outcome.dataset);
  ctx.result.addMetric("rows_read", input.rows);
  ctx.result.addMetric("rows_processed", input.rows);
  ctx.result.addMetric("rows_output", outcome.written);
  ctx.result.addMetric("rows_rejected", rejected.count);
  if (params.on_duplicate_key === "last" && params.write_mode === "upsert")
    ctx.result.addMetric("duplicates_removed", outcome.duplicates);
  if (params.delete_flag_column !== undefined) ctx.result.addMetric("rows_deleted", outcome.deleted);
  if (outcome.alreadyLoaded) {
    ctx.result.addMetric("already_loaded", true);
    ctx.log.info(`this load is in ${title} already; nothing was done`, { load_id: params.load_id ?? ctx.runId });
  } else if (rejected.count > 0) {
    await ctx.data.writeTable("quarantine", rejected.quarantineQuery(), {
      lineage: identityOf(
        params,
        input.columns.map(({ name }) => [name, name]),
      ),
    });
    ctx.result.addWarning(
      `${String(rejected.count)} of ${String(input.rows)} rows were set aside; the first: ${rejected.firstReason}`,
    );
  }
  ctx.log.debug(`wrote ${describeTarget(target)} ${title}`, { rows: outcome.written });
  return ctx.result.success();
}

function checkParameters(params: WriterParams): void {
  const wrong = (reason: string, hint: string): never => {
    throw databaseFault("DATABASE_INPUT_INVALID", { reason }, { hint });
  };
  if (params.write_mode === "upsert" && params.key_columns.length === 0)
    wrong("`upsert` needs `key_columns`", "Name the columns that tell one row from another.");
  if (params.write_mode !== "upsert" && params.history === "scd2")
    wrong("`history: scd2` goes with `write_mode: upsert`", "Set `write_mode: upsert`.");
  if (params.write_mode !== "upsert" && params.delete_flag_column !== undefined)
    wrong("`delete_flag_column` goes with `write_mode: upsert`", "Set `write_mode: upsert`.");
  if (params.effective_at !== undefined && Number.isNaN(Date.parse(params.effective_at)))
    wrong(`effective_at ${params.effective_at} is not an ISO 8601 time`, "For example 2024-01-31T10:00:00Z.");
}

/** One try, on one connection, in one transaction. */
async function loadOnce(
  params: WriterParams,
  ctx: ModContext,
  connection: DatabaseConnection,
  input: LoadInput,
  rejected: RejectedRows,
): Promise<Outcome> {
  const { dialect } = connection;
  const path = tablePath(params);
  const ledger = new LoadLedger(connection, params, ctx);
  await ledger.prepare();
  await connection.cleanUp(path);
  const before = await ledger.find(input);
  if (before !== undefined) return loadedBefore(before, params);

  let redefinition: Redefinition | undefined;
  let table = await connection.describeTable(path);
  let plan = withHistory(params, planLoad(params, input.columns, table, dialect), table, connection);
  const define = async (): Promise<void> => {
    if (plan.create)
      await connection.execute(createTable(params, plan, dialect)(connection.table(path)), "creating the table");
    else if (plan.redefine) redefinition = await connection.redefine(path, createTable(params, plan, dialect));
    else await evolveTable(params, plan, connection);
  };
  try {
    if (!dialect.capabilities.transactionalDdl) await define();
    await connection.begin();
    // Where a swap ends the transaction, the load is noted after it: a replacement that is done twice is the same.
    const swaps = redefinition !== undefined && !dialect.capabilities.transactionalDdl;
    try {
      if (!swaps) await ledger.start(input);
    } catch (error) {
      // A run of the same load that was faster: it is in now, or this error is another.
      await connection.rollback();
      const after = await ledger.find(input);
      if (after === undefined) throw error;
      return loadedBefore(after, params);
    }
    if (params.pre_sql !== undefined) {
      await connection.script(params.pre_sql, "running pre_sql");
      table = await connection.describeTable(path);
      plan = withHistory(params, planLoad(params, input.columns, table, dialect), table, connection);
    }
    if (dialect.capabilities.transactionalDdl) await define();
    const destination = redefinition?.table ?? connection.table(path);
    if (!plan.create && !plan.redefine && (params.write_mode === "truncate" || params.write_mode === "replace"))
      await connection.emptyTable(path);

    const outcome = await writeRows(
      params,
      ctx,
      connection,
      input,
      rejected,
      plan,
      destination,
      plan.create || plan.redefine ? undefined : table,
    );
    reconcile(input.rows, outcome.applied.rows + rejected.count + outcome.duplicates, tableTitle(params));
    if (swaps) {
      await connection.commit();
      await redefinition?.finish();
      await connection.begin();
      await ledger.start(input);
    }
    if (params.post_sql !== undefined) await connection.script(params.post_sql, "running post_sql");
    await ledger.finish(outcome.applied.rows, rejected.count);
    if (!swaps) await redefinition?.finish();
    const dataset = await connection.dataset(path);
    // A connection that is lost here leaves it open what happened: the next try finds the load in the ledger, or does it again.
    await connection.commit();
    const changes = [
      ...plan.additions.map(({ name }) => `${name} was added`),
      ...plan.widenings.map(({ name, from, to }) => `${name} was widened from ${from} to ${to}`),
    ];
    const warnings = [
      ...plan.warnings,
      ...(changes.length === 0 ? [] : [`Columns of ${tableTitle(params)} changed: ${changes.join(", ")}`]),
    ];
    return {
      written: outcome.applied.rows,
      deleted: outcome.applied.deleted,
      duplicates: outcome.duplicates,
      alreadyLoaded: false,
      warnings,
      dataset: {
        role: "output",
        uri: dataset,
        rows: outcome.applied.rows,
        columns: plan.columns.map(({ target }) => ({ name: target.name, type: target.duckType })),
        lineage: identityOf(
          params,
          plan.columns.map(({ source, target }) => [target.name, source]),
        ),
      },
    };
  } catch (error) {
    await connection.rollback();
    await redefinition?.abort();
    const bad = connection.rowError(error);
    if (bad !== undefined && isDatapyError(error) && error.code === "DATABASE_QUERY") {
      throw databaseFault("DATABASE_BAD_ROW", { table: tableTitle(params), reason: bad.reason }, { cause: error });
    }
    throw error;
  }
}

function loadedBefore(entry: LedgerEntry, params: WriterParams): Outcome {
  const warnings = entry.isSameContent
    ? []
    : [
        `${params.ledger_table} has no checksum of this load that can be compared (another version of this mod noted it): that ${tableTitle(params)} has the same data is known by the number of rows only`,
      ];
  return { written: entry.rowsWritten, deleted: 0, duplicates: 0, alreadyLoaded: true, warnings };
}

/** Columns that come from the input's as they are: pairs of name and input column. */
function identityOf(params: WriterParams, columns: readonly (readonly [string, string])[]): ColumnLineage {
  return Object.fromEntries(columns.map(([name, column]) => [name, [{ uri: params.input_artifact, column }]]));
}

/** With history, the target also has the columns of the versions. */
function withHistory(
  params: WriterParams,
  plan: LoadPlan,
  table: DatabaseTable | undefined,
  connection: DatabaseConnection,
): LoadPlan {
  if (table === undefined || plan.redefine) return plan;
  const lacking = historyColumns(params).filter(({ name }) => !table.columns.some((column) => column.name === name));
  if (lacking.length === 0) return plan;
  if (params.schema_evolution !== "evolve") {
    throw databaseFault("DATABASE_SCHEMA_FROZEN", {
      table: tableTitle(params),
      reason: `history needs the columns ${lacking.map(({ name }) => name).join(", ")}`,
    });
  }
  const added = lacking.map(({ name, duckType }) => ({
    name,
    type: connection.dialect.columnType(duckType),
    duckType,
    nullable: true,
    hasDefault: false,
    generated: false,
  }));
  return { ...plan, additions: [...plan.additions, ...added] };
}

async function writeRows(
  params: WriterParams,
  ctx: ModContext,
  connection: DatabaseConnection,
  input: LoadInput,
  rejected: RejectedRows,
  plan: LoadPlan,
  destination: Sql,
  table: DatabaseTable | undefined,
): Promise<{ applied: Applied; duplicates: number }> {
  const { dialect } = connection;
  const lossy = plan.columns.some((column) => column.fit === "lossy");
  const tolerant = params.on_bad_row === "quarantine";
  await rejectUnloadable(params, plan.columns, dialect, rejected);
  const progress = (rows: number | undefined, bytes: number): void => {
    if (rows === undefined) ctx.progress(bytes, undefined, "bytes");
    else ctx.progress(rows, input.rows, "rows");
  };

  if (params.write_mode !== "upsert" && !tolerant && !lossy) {
    const source = selectTargets(plan, rejected.accepted());
    const columns = plan.columns.map((column): LoadColumn => ({ name: column.target.name, duckType: column.duckType }));
    const rows = await connection.load(destination, columns, source, progress);
    return { applied: { rows, deleted: 0, inserted: rows }, duplicates: 0 };
  }

  if (params.write_mode === "upsert") await connection.lockForWriting(tablePath(params));
  const numbered = tolerant || lossy;
  const flag = params.delete_flag_column === undefined ? undefined : unusedName("_datapy_delete", input);
  const duplicates = await countDuplicates(params, ctx, rejected);
  const columns: LoadColumn[] = [
    ...plan.columns.map(loadColumn),
    ...(flag === undefined ? [] : [{ name: flag, duckType: "BOOLEAN" }]),
    ...(numbered ? [{ name: input.rowNumber, duckType: "BIGINT" }] : []),
  ];
  const keys = new Set(params.key_columns);
  const stageTable = await connection.createTemporary(
    "_datapy_stage",
    columns.map(({ name, duckType }) => ({
      name,
      type: keys.has(name) ? dialect.keyType(duckType) : dialect.columnType(duckType),
    })),
    // Ranges of rows are looked up again and again when bad ones are told from good ones.
    tolerant && dialect.capabilities.savepoints ? input.rowNumber : undefined,
  );
  const source = sql`select ${join(columns.map(({ name }) => ident(name)))} from (${loadSource(params, input, rejected.accepted(numbered || params.on_duplicate_key === "last"), flag)})`;
  const loaded = await connection.load(stageTable, columns, source, progress);
  reconcile(input.rows - rejected.count - duplicates, loaded, tableTitle(params));
  const staged: Staged = { table: stageTable, flag, rowNumber: input.rowNumber };
  const effectiveAt = new Date(params.effective_at ?? Date.now()).toISOString();
  const apply = applier(params, plan, connection, destination, table, staged, effectiveAt);

  if (!tolerant) {
    if (lossy) {
      const [first] = await findChanged({ connection, plan, staged }, sql`true`);
      if (first !== undefined)
        throw databaseFault("DATABASE_BAD_ROW", {
          table: tableTitle(params),
          reason: `row ${String(first.number)}: ${first.reason}`,
        });
    }
    return { applied: await apply(sql`true`), duplicates };
  }
  if (!dialect.capabilities.savepoints) {
    await removeForeseen({ connection, plan, staged, rejected }, destination, table, params.write_mode === "append");
    return { applied: await apply(sql`true`), duplicates };
  }
  const applied = await applyTolerantly({
    connection,
    plan,
    staged,
    apply,
    rejected,
    rows: input.rows,
    batchSize: params.batch_size,
    onProgress: (rows) => progress(rows, 0),
  });
  return { applied, duplicates };
}

/** The planned columns under the names that they have in the table. */
function selectTargets(plan: LoadPlan, rows: Sql): Sql {
  return sql`select ${join(plan.columns.map((column) => sql`${ident(column.source)} as ${ident(column.target.name)}`))} from ${rows}`;
}

/** Rows whose key comes again; fails when the parameters say so. */
async function countDuplicates(params: WriterParams, ctx: ModContext, rejected: RejectedRows): Promise<number> {
  if (params.write_mode !== "upsert") return 0;
  const keys = join(params.key_columns.map((key) => ident(key)));
  const repeated = sql`select count(*) as times, ${join(
    params.key_columns.map((key) => sql`cast(${ident(key)} as varchar)`),
    " || ', ' || ",
  )} as example from ${rejected.accepted()} group by ${keys} having count(*) > 1`;
  const [found] = await ctx.data.query<{ keys: bigint; rows: unknown; example: string | null }>(
    sql`select count(*) as keys, coalesce(sum(times) - count(*), 0) as rows, min(example) as example from (${repeated})`,
  );
  if (found === undefined || found.keys === 0n) return 0;
  if (params.on_duplicate_key === "fail") {
    throw databaseFault("DATABASE_KEY_DUPLICATE", {
      count: found.keys,
      columns: params.key_columns.join(", "),
      example: found.example ?? "",
    });
  }
  return Number(found.rows);
}

function unusedName(wanted: string, input: LoadInput): string {
  let name = wanted;
  while (input.columns.some((column) => column.name.toLowerCase() === name.toLowerCase())) name = `_${name}`;
  return name;
}
