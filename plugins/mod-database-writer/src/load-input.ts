import { ident, join, literal, raw, sql, table } from "@datapy/mod-kit";
import type { Column, ModContext, Sql } from "@datapy/mod-kit";
import { databaseFault } from "@datapy/database";
import type { Dialect, LoadColumn } from "@datapy/database";
import { countContent } from "./load-checksum.js";
import type { PlannedColumn } from "./load-plan.js";
import type { WriterParams } from "./parameters.js";

/** The input with a number a row, counted from 1 in the artifact's order. */
export interface LoadInput {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Tells the content from another's; see {@link countContent}. */
  readonly checksum: string;
  /** A name that no column has. */
  readonly rowNumber: string;
  /** All rows. */
  readonly plain: Sql;
  /** All rows with their number. Counting them is a pass in one thread, so only where the numbers are needed. */
  readonly numbered: Sql;
}

/** Looks at the input artifact. */
export async function openInput(params: WriterParams, ctx: ModContext): Promise<LoadInput> {
  const source = table(params.input_artifact);
  const columns = await ctx.data.describe(sql`select * from ${source}`);
  let rowNumber = "_datapy_row";
  while (columns.some((column) => column.name.toLowerCase() === rowNumber)) rowNumber = `_${rowNumber}`;
  const numbered = sql`(select row_number() over () as ${ident(rowNumber)}, * from ${source})`;
  const content = await countContent(params, ctx, columns, { plain: source, numbered, rowNumber });
  return { columns, ...content, rowNumber, plain: source, numbered };
}

/** Rows that are not to be written, kept in a temporary DuckDB table. */
export class RejectedRows {
  private readonly table = ident("temp", "main", "_datapy_rejected");
  private isMade = false;
  count = 0;
  firstReason = "";

  constructor(
    private readonly ctx: ModContext,
    private readonly params: WriterParams,
    private readonly input: LoadInput,
    private readonly title: string,
  ) {}

  /** Begins anew. */
  reset(): void {
    this.count = 0;
    this.firstReason = "";
    this.isMade = false;
  }

  /** Made only when there is something to keep: a run without temporary tables can stream its input. */
  private async make(): Promise<void> {
    if (this.isMade) return;
    await this.ctx.data.execute(
      sql`create or replace temporary table ${this.table} (number bigint, code varchar, reason varchar)`,
    );
    this.isMade = true;
  }

  /** Sets aside the rows of a DuckDB condition over the input. */
  async addWhere(condition: Sql, code: string, reason: string): Promise<void> {
    const [found] = await this.ctx.data.query<{ rows: bigint }>(
      sql`select count(*) as rows from ${this.accepted()} where ${condition}`,
    );
    if (found === undefined || found.rows === 0n) return;
    const rows = this.accepted(true);
    this.counted(Number(found.rows), reason);
    await this.make();
    await this.ctx.data.execute(
      sql`insert into ${this.table} select ${ident(this.input.rowNumber)}, ${code}, ${reason} from ${rows} where ${condition}`,
    );
  }

  async add(
    rows: readonly { readonly number: bigint; readonly code: string; readonly reason: string }[],
  ): Promise<void> {
    if (rows.length === 0) return;
    this.counted(rows.length, rows[0]?.reason ?? "");
    await this.make();
    await this.ctx.data.execute(
      sql`insert into ${this.table} select unnest(${literal(rows.map((row) => row.number))}::bigint[]), unnest(${literal(rows.map((row) => row.code))}::varchar[]), unnest(${literal(rows.map((row) => row.reason))}::varchar[])`,
    );
  }

  private counted(added: number, reason: string): void {
    if (added > 0 && this.count === 0) this.firstReason = reason;
    this.count += added;
    if (this.count === 0) return;
    if (this.params.on_bad_row === "fail")
      throw databaseFault("DATABASE_BAD_ROW", { table: this.title, row: "", reason: this.firstReason });
    const { max_bad_rows: rows, max_bad_fraction: fraction } = this.params;
    const limit = [
      ...(rows !== undefined && this.count > rows ? [`max_bad_rows ${String(rows)}`] : []),
      ...(fraction !== undefined && this.count > fraction * this.input.rows
        ? [`max_bad_fraction ${String(fraction)}`]
        : []),
    ];
    if (limit.length > 0) {
      throw databaseFault("DATABASE_TOO_MANY_BAD_ROWS", {
        count: this.count,
        rows: this.input.rows,
        table: this.title,
        limit: limit.join(" and "),
        reason: this.firstReason,
      });
    }
  }

  /** The rows that are left; with their numbers when asked for. */
  accepted(numbered = false): Sql {
    if (!this.isMade) return numbered ? this.input.numbered : this.input.plain;
    return sql`(select * from ${this.input.numbered} where ${ident(this.input.rowNumber)} not in (select number from ${this.table}))`;
  }

  /** The artifact of what was set aside. */
  quarantineQuery(): Sql {
    const number = ident(this.input.rowNumber);
    return sql`select r.number as "_row", r.code as "_code", r.reason as "_reason", i.* exclude (${number}) from ${this.input.numbered} i
      join ${this.table} r on r.number = i.${number} order by r.number`;
  }
}

/** Finds rows that the loader cannot carry, and rows without a key. */
export async function rejectUnloadable(
  params: WriterParams,
  columns: readonly PlannedColumn[],
  dialect: Dialect,
  rejected: RejectedRows,
): Promise<void> {
  if (params.on_bad_row === "quarantine" || dialect.capabilities.damagesUnloadable) {
    for (const column of columns) {
      for (const { condition, reason } of dialect.unloadable(loadColumn(column)))
        await rejected.addWhere(condition, "unloadable", reason);
    }
  }
  for (const key of params.key_columns) {
    await rejected.addWhere(sql`${ident(key)} is null`, "key_null", `key column ${key} is NULL, which equals nothing`);
  }
}

/** The column as the loader sees it. */
export function loadColumn(column: PlannedColumn): LoadColumn {
  return { name: column.source, duckType: column.duckType };
}

/** The rows to load in one query: one row a key, the delete flag as a boolean under the name `flag`. */
export function loadSource(params: WriterParams, input: LoadInput, rows: Sql, flag: string | undefined): Sql {
  const keys = params.key_columns.map((key) => ident(key));
  const last =
    keys.length === 0 || params.on_duplicate_key === "fail"
      ? sql``
      : sql` qualify row_number() over (partition by ${join(keys)} order by ${ident(input.rowNumber)} desc) = 1`;
  if (flag === undefined || params.delete_flag_column === undefined) return sql`select * from ${rows}${last}`;
  const text = sql`lower(trim(cast(${ident(params.delete_flag_column)} as varchar)))`;
  const yes = raw("('true', 't', '1', 'y', 'yes', 'd', 'del', 'delete', 'deleted')");
  const no = raw("('false', 'f', '0', 'n', 'no', '', 'i', 'u', 'insert', 'update', 'upsert', 'active')");
  const unknown = sql`error('column ' || ${literal(params.delete_flag_column)} || ' says neither yes nor no: ' || ${text})`;
  return sql`select *, case when ${text} in ${yes} then true when ${text} is null or ${text} in ${no} then false else ${unknown} end as ${ident(flag)} from ${rows}${last}`;
}
