import { ident, join, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import { databaseFault } from "@datapy/database";
import type { DatabaseConnection, DatabaseTable } from "@datapy/database";
import type { LoadPlan, PlannedColumn } from "./load-plan.js";
import type { WriterParams } from "./parameters.js";

/** What applying staged rows did. */
export interface Applied {
  /** Staged rows that were dealt with. */
  readonly rows: number;
  readonly deleted: number;
  readonly inserted: number | undefined;
}

/** The rows in the database's own temporary table, on their way into the target. */
export interface Staged {
  readonly table: Sql;
  /** The boolean column that says which rows to delete; `undefined` where there is none. */
  readonly flag: string | undefined;
  readonly rowNumber: string;
}

/** Applies the staged rows of a condition. */
export type Apply = (where: Sql) => Promise<Applied>;

/** How staged rows get into the target, by write mode. */
export function applier(
  params: WriterParams,
  plan: LoadPlan,
  connection: DatabaseConnection,
  target: Sql,
  table: DatabaseTable | undefined,
  staged: Staged,
  effectiveAt: string,
): Apply {
  if (params.write_mode !== "upsert") return (where) => append(plan.columns, connection, target, staged, where);
  if (params.history === "scd2")
    return (where) => keepHistory(params, plan.columns, connection, target, staged, effectiveAt, where);
  const keys = new Set(keyNames(params, plan.columns));
  const unique =
    table === undefined ||
    table.uniqueKeys.some((one) => one.length === keys.size && one.every((name) => keys.has(name)));
  const atOnce = unique && connection.dialect.capabilities.onConflict;
  return (where) => upsert(params, plan.columns, connection, target, staged, atOnce, where);
}

function assigned(connection: DatabaseConnection, column: PlannedColumn): Sql {
  return connection.dialect.assign(sql`s.${ident(column.source)}`, column.duckType, column.target);
}

function names(columns: readonly PlannedColumn[]): Sql {
  return join(columns.map((column) => ident(column.target.name)));
}

function keyNames(params: WriterParams, columns: readonly PlannedColumn[]): string[] {
  return params.key_columns.map((key) => columns.find((column) => column.source === key)?.target.name ?? key);
}

function live(staged: Staged): Sql {
  return staged.flag === undefined ? sql`true` : sql`not s.${ident(staged.flag)}`;
}

async function append(
  columns: readonly PlannedColumn[],
  connection: DatabaseConnection,
  target: Sql,
  staged: Staged,
  where: Sql,
): Promise<Applied> {
  const values = join(columns.map((column) => assigned(connection, column)));
  const rows = await connection.execute(
    sql`insert into ${target} (${names(columns)}) select ${values} from ${staged.table} as s where ${where}`,
    "inserting rows",
  );
  return { rows, deleted: 0, inserted: rows };
}

async function upsert(
  params: WriterParams,
  columns: readonly PlannedColumn[],
  connection: DatabaseConnection,
  target: Sql,
  staged: Staged,
  atOnce: boolean,
  where: Sql,
): Promise<Applied> {
  const keys = keyNames(params, columns);
  const sourceKeys = params.key_columns;
  const rest = columns.filter((column) => !sourceKeys.includes(column.source));
  const { deleted, flagged } = await deleteFlagged(sourceKeys, keys, connection, target, staged, where);
  const values = join(columns.map((column) => assigned(connection, column)));
  const chosen = sql`${where} and ${live(staged)}`;
  const expected = await countStaged(connection, staged, chosen);
  if (atOnce) {
    const conflict = join(keys.map((key) => ident(key)));
    const update =
      rest.length === 0
        ? sql`nothing`
        : sql`update set ${join(rest.map(({ target: { name } }) => sql`${ident(name)} = excluded.${ident(name)}`))}`;
    const changed = await connection.execute(
      sql`insert into ${target} (${names(columns)}) select ${values} from ${staged.table} as s where ${chosen} on conflict (${conflict}) do ${update}`,
      "upserting rows",
    );
    if (rest.length > 0) reconcile(expected, changed, params.table_name);
    return { rows: expected + flagged, deleted, inserted: undefined };
  }
  if (rest.length > 0) {
    await connection.execute(
      connection.dialect.updateFrom(
        target,
        staged.table,
        keys,
        rest.map((column) => ({ name: column.target.name, value: assigned(connection, column) })),
        chosen,
      ),
      "updating rows",
    );
  }
  const same = join(
    keys.map((key, index) => sql`t.${ident(key)} = s.${ident(sourceKeys[index] as string)}`),
    " and ",
  );
  const inserted = await connection.execute(
    sql`insert into ${target} (${names(columns)}) select ${values} from ${staged.table} as s where ${chosen} and not exists (select 1 from ${target} as t where ${same})`,
    "inserting rows",
  );
  return { rows: expected + flagged, deleted, inserted };
}

async function deleteFlagged(
  sourceKeys: readonly string[],
  keys: readonly string[],
  connection: DatabaseConnection,
  target: Sql,
  staged: Staged,
  where: Sql,
): Promise<{ deleted: number; flagged: number }> {
  if (staged.flag === undefined) return { deleted: 0, flagged: 0 };
  const chosen = sql`${where} and s.${ident(staged.flag)}`;
  const flagged = await countStaged(connection, staged, chosen);
  if (flagged === 0) return { deleted: 0, flagged };
  const left = join(keys.map((key) => ident(key)));
  const right = join(sourceKeys.map((key) => sql`s.${ident(key)}`));
  const deleted = await connection.execute(
    sql`delete from ${target} where (${left}) in (select ${right} from ${staged.table} as s where ${chosen})`,
    "deleting rows",
  );
  return { deleted, flagged };
}

/**
 * Slowly changing dimension, type 2 (Kimball): a changed row's version is ended, and a new one that holds from now is added. Rows that
 * did not change keep their version, so that doing it twice changes nothing.
 */
async function keepHistory(
  params: WriterParams,
  columns: readonly PlannedColumn[],
  connection: DatabaseConnection,
  target: Sql,
  staged: Staged,
  effectiveAt: string,
  where: Sql,
): Promise<Applied> {
  const { dialect } = connection;
  const keys = keyNames(params, columns);
  const sourceKeys = params.key_columns;
  const rest = columns.filter((column) => !sourceKeys.includes(column.source));
  const now = dialect.timestamp(effectiveAt);
  const current = sql`t.${ident(params.current_flag_column)}`;
  const same = join(
    keys.map((key, index) => sql`t.${ident(key)} = s.${ident(sourceKeys[index] as string)}`),
    " and ",
  );
  const changed = rest.map((column) =>
    dialect.differs(sql`t.${ident(column.target.name)}`, assigned(connection, column), column.target.type),
  );
  const ends = join(
    [...changed, ...(staged.flag === undefined ? [] : [sql`s.${ident(staged.flag)}`]), sql`false`],
    " or ",
  );

  const [late] = await connection.query<{ rows: string }>(
    sql`select count(*) as ${ident("rows")} from ${staged.table} as s, ${target} as t where ${same} and ${current} and (${ends}) and ${where} and t.${ident(params.valid_from_column)} >= ${now}`,
    "comparing versions",
  );
  if (Number(late?.rows ?? 0) > 0) {
    throw databaseFault(
      "DATABASE_INPUT_INVALID",
      { reason: `${String(late?.rows)} rows changed, but their present versions begin at or after ${effectiveAt}` },
      { hint: "Load changes in the order of their time, or set `effective_at`." },
    );
  }
  const closed = await connection.execute(
    dialect.updateFrom(
      target,
      staged.table,
      keys,
      [
        { name: params.valid_to_column, value: now },
        { name: params.current_flag_column, value: sql`false` },
      ],
      sql`${current} and (${ends}) and ${where}`,
    ),
    "ending versions",
  );
  const added = [params.valid_from_column, params.valid_to_column, params.current_flag_column].map((name) =>
    ident(name),
  );
  const inserted = await connection.execute(
    sql`insert into ${target} (${names(columns)}, ${join(added)}) select ${join(columns.map((column) => assigned(connection, column)))}, ${now}, ${raw("null")}, true
      from ${staged.table} as s where ${where} and ${live(staged)} and not exists (select 1 from ${target} as t where ${same} and ${current})`,
    "adding versions",
  );
  return { rows: await countStaged(connection, staged, where), deleted: closed, inserted };
}

async function countStaged(connection: DatabaseConnection, staged: Staged, where: Sql): Promise<number> {
  const [row] = await connection.query<{ rows: string }>(
    sql`select count(*) as ${ident("rows")} from ${staged.table} as s where ${where}`,
    "counting rows",
  );
  return Number(row?.rows ?? 0);
}

/** Rows expected and rows found are one number, or nothing is kept. */
export function reconcile(expected: number, actual: number, table: string): void {
  if (expected !== actual) throw databaseFault("DATABASE_ROWS_DO_NOT_RECONCILE", { table, expected, actual });
}
