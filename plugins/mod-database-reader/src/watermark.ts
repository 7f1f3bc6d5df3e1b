import { ident, literal, raw, sql } from "@datapy/mod-kit";
import type { ModContext, Sql } from "@datapy/mod-kit";
import { columnUnknown, databaseFault, integerDigits, parseDuckType } from "@datapy/database";
import type { Dialect, ResultColumn } from "@datapy/database";
import type { ReaderParams } from "./parameters.js";

/** Which rows an incremental run reads. */
export interface WatermarkRange {
  readonly column: ResultColumn;
  readonly condition: Sql;
  /** The run moves the watermark; a backfill does not. */
  readonly moves: boolean;
  /** There was no watermark: the run reads from the beginning. */
  readonly first: boolean;
  readonly key: string;
  /** The watermark before the run. */
  readonly before: string | undefined;
}

/** Finds out the range of this run. */
export async function watermarkRange(
  params: ReaderParams,
  ctx: ModContext,
  dialect: Dialect,
  columns: readonly ResultColumn[],
  place: string,
): Promise<WatermarkRange | undefined> {
  const { watermark_column: name, watermark_from: from, watermark_to: to } = params;
  if (name === undefined) {
    if (from !== undefined || to !== undefined || params.reset_watermark || params.initial_watermark !== undefined) {
      throw databaseFault(
        "DATABASE_INPUT_INVALID",
        { reason: "a watermark is given, but no watermark_column" },
        { hint: "Name the column that grows with time." },
      );
    }
    return undefined;
  }
  const column = columns.find((one) => one.name === name);
  if (column === undefined) {
    throw columnUnknown(
      "the source",
      name,
      columns.map((one) => one.name),
      "watermark_column",
    );
  }
  const field = ident(name);
  const key = params.state_key ?? `watermark:${place}:${name}`;
  const stored = await ctx.state.get(key);
  const before = typeof stored === "string" ? stored : undefined;
  if (from !== undefined || to !== undefined) {
    const parts = [
      ...(from === undefined ? [] : [sql`${field} >= ${boundary(String(from), column, dialect)}`]),
      ...(to === undefined ? [] : [sql`${field} < ${boundary(String(to), column, dialect)}`]),
    ];
    return {
      column,
      key,
      before,
      first: false,
      moves: false,
      condition: parts.reduce((all, part) => sql`${all} and ${part}`),
    };
  }
  const start =
    params.reset_watermark || before === undefined
      ? params.initial_watermark === undefined
        ? undefined
        : String(params.initial_watermark)
      : before;
  if (start === undefined)
    return { column, key, before, first: true, moves: true, condition: sql`${field} is not null` };
  const low = await lowered(start, params, ctx, column);
  return {
    column,
    key,
    before,
    first: false,
    moves: true,
    condition: sql`${field} > ${boundary(low, column, dialect)}`,
  };
}

function isNumber(column: ResultColumn): boolean {
  const type = parseDuckType(column.duckType);
  return (
    integerDigits(type) !== undefined ||
    ["DECIMAL", "DOUBLE", "FLOAT"].includes(type.base) ||
    column.unboundedDecimal === true
  );
}

function boundary(text: string, column: ResultColumn, dialect: Dialect): Sql {
  if (isNumber(column)) {
    if (!/^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text))
      throw databaseFault("DATABASE_INPUT_INVALID", {
        reason: `watermark ${text} is not a number, as column ${column.name} is`,
      });
    return raw(text);
  }
  if (column.duckType === "TIMESTAMP WITH TIME ZONE" && (dialect.kind === "mysql" || dialect.kind === "mariadb"))
    return dialect.timestamp(text.replace(/\+00(?::00)?$/, ""));
  return dialect.kind === "duckdb" ? sql`cast(${literal(text)} as ${raw(column.duckType)})` : literal(text);
}

/** The watermark, moved back by the window for rows that came late. */
async function lowered(text: string, params: ReaderParams, ctx: ModContext, column: ResultColumn): Promise<string> {
  const { base } = parseDuckType(column.duckType);
  if (isNumber(column)) {
    if (params.late_window_units === 0) return text;
    const [row] = await ctx.data.query<{ low: string }>(
      sql`select cast(cast(${text} as decimal(38,9)) - cast(${String(params.late_window_units)} as decimal(38,9)) as varchar) as low`,
    );
    return row?.low ?? text;
  }
  if (params.late_window === 0 || !/^(?:DATE|TIMESTAMP)/.test(base)) return text;
  const [row] = await ctx.data.query<{ low: string }>(
    base === "DATE"
      ? sql`select cast(cast(${text} as date) - ${Math.ceil(params.late_window / 86_400_000)} as varchar) as low`
      : sql`select cast(cast(${text} as ${raw(column.duckType)}) - to_microseconds(${Math.round(params.late_window * 1000)}) as varchar) as low`,
  );
  return row?.low ?? text;
}

/** The greatest value that was read, as the next run will compare it. */
export async function greatest(ctx: ModContext, uri: Sql, column: ResultColumn): Promise<string | undefined> {
  const [row] = await ctx.data.query<{ high: string | null }>(
    sql`select cast(max(${ident(column.name)}) as varchar) as high from ${uri}`,
  );
  return row?.high ?? undefined;
}
