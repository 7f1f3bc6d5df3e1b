import { ident, sql } from "@datapy/mod-kit";
import type { Column, ModContext, Sql } from "@datapy/mod-kit";
import type { QualityParams } from "./params.js";
import { qualityError } from "./quality-error.js";
import type { Source } from "./source.js";

/** A bar of a plot. */
export interface Bar {
  readonly label: string;
  readonly count: number;
}

/** What is known of a column. Numbers are texts where a double would lose digits. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  readonly missing: number;
  readonly missing_fraction: number;
  /** Estimated, within a few per cent; exact up to 100,000 rows. */
  readonly distinct: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: number | null;
  readonly stddev: number | null;
  readonly quartiles: readonly (number | null)[] | null;
  readonly min_length: number | null;
  readonly max_length: number | null;
  /** Of numbers, dates and timestamps. */
  readonly histogram: readonly Bar[] | null;
  /** Of all else. */
  readonly top_values: readonly Bar[] | null;
}

/** What is known of the whole data set. */
export interface Profile {
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  /** Columns that were left out. */
  readonly left_out: number;
}

const MOST_COLUMNS = 100;
const EXACT_ROWS = 100_000;
const BINS = 20;
const MOST_LABEL = 80;

/** Whether a type is a number. */
export function isNumeric(type: string): boolean {
  return /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT|INTEGER|DOUBLE|FLOAT|DECIMAL\(.*\))$/.test(type);
}

/** Whether values of a type lie on a line of time. */
export function isTemporal(type: string): boolean {
  return /^(?:DATE|TIMESTAMP.*)$/.test(type) && !type.endsWith("]");
}

/** The condition under which a value counts as missing. */
export function isMissing({ name, type }: Column): Sql {
  return type === "VARCHAR" ? sql`(${ident(name)} is null or ${ident(name)} = '')` : sql`${ident(name)} is null`;
}

/** Profiles the columns, each in one scan of its own: the memory of a wide table is that of one column. */
export async function profileOf(ctx: ModContext, source: Source, params: QualityParams): Promise<Profile> {
  const chosen = chosenColumns(source, params);
  const [counted] = await ctx.data.query<{ n: bigint }>(sql`select count(*) as n from ${source.relation}`);
  const rows = Number(counted?.n ?? 0);
  const columns: ColumnProfile[] = [];
  for (const column of chosen) {
    columns.push(await columnProfile(ctx, source, column, rows, params.top_values));
    // A column is a scan over all rows: so many columns done are that share of the rows.
    ctx.progress(Math.floor((rows * columns.length) / chosen.length), rows);
  }
  return { rows, columns, left_out: source.columns.length - chosen.length };
}

function chosenColumns(source: Source, params: QualityParams): readonly Column[] {
  if (params.profile_columns === undefined) return source.columns.slice(0, MOST_COLUMNS);
  return params.profile_columns.map((name) => {
    const column = source.columns.find((one) => one.name === name);
    if (column === undefined)
      throw qualityError("QUALITY_BAD_PARAMETERS", `profile_columns: there is no column ${JSON.stringify(name)}`);
    return column;
  });
}

async function columnProfile(
  ctx: ModContext,
  source: Source,
  column: Column,
  rows: number,
  top: number,
): Promise<ColumnProfile> {
  const { name, type } = column;
  const x = ident(name);
  const numeric = isNumeric(type);
  const ordered = numeric || isTemporal(type) || /^(?:VARCHAR|BOOLEAN|TIME|UUID)/.test(type);
  const distinct = rows <= EXACT_ROWS ? sql`count(distinct ${x})` : sql`approx_count_distinct(${x})`;
  const asDouble = sql`cast(${x} as double)`;
  const finite = numeric && /^(?:DOUBLE|FLOAT)$/.test(type) ? sql` filter (where isfinite(${x}))` : sql``;
  const [found = {}] = await ctx.data.query(sql`
    select count(*) filter (where ${isMissing(column)}) as missing, ${distinct} as different,
      ${ordered ? sql`cast(min(${x}) as varchar)` : sql`null`} as low, ${ordered ? sql`cast(max(${x}) as varchar)` : sql`null`} as high
      ${numeric ? sql`, avg(${asDouble})${finite} as mean, stddev_samp(${asDouble})${finite} as deviation, approx_quantile(${asDouble}, [0.25, 0.5, 0.75])${finite} as quartiles` : sql``}
      ${type === "VARCHAR" ? sql`, min(length(${x})) as shortest, max(length(${x})) as longest` : sql``}
    from ${source.relation}`);
  const missing = Number(found["missing"]);
  const number = (key: string): number | null => finiteOrNull(found[key]);
  const text = (key: string): string | null => (typeof found[key] === "string" && top > 0 ? shown(found[key]) : null);
  const isPlotted = numeric || isTemporal(type);
  return {
    name,
    type,
    missing,
    missing_fraction: rows === 0 ? 0 : missing / rows,
    distinct: Number(found["different"]),
    // Without values in the report, the least and greatest text would still be two of them.
    min: type === "VARCHAR" ? text("low") : ((found["low"] as string | null | undefined) ?? null),
    max: type === "VARCHAR" ? text("high") : ((found["high"] as string | null | undefined) ?? null),
    mean: number("mean"),
    stddev: number("deviation"),
    quartiles: Array.isArray(found["quartiles"]) ? (found["quartiles"] as readonly unknown[]).map(finiteOrNull) : null,
    min_length: number("shortest"),
    max_length: number("longest"),
    histogram: isPlotted && rows > 0 ? await histogram(ctx, source, column) : null,
    top_values: !isPlotted && top > 0 && rows > 0 ? await topValues(ctx, source, column, top) : null,
  };
}

async function histogram(ctx: ModContext, source: Source, { name, type }: Column): Promise<Bar[] | null> {
  const x = ident(name);
  const isTime = isTemporal(type);
  const value = isTime ? sql`epoch(cast(${x} as timestamp))` : sql`cast(${x} as double)`;
  const rows = await ctx.data.query<{ bin: number; count: bigint; low: number; high: number }>(sql`
    with v as (select ${value} as v from ${source.relation} where ${x} is not null and isfinite(${isTime ? x : sql`cast(${x} as double)`})),
      b as (select min(v) as low, max(v) as high from v)
    select cast(case when high > low then least(${BINS - 1}, floor((v - low) / (high - low) * ${BINS})) else 0 end as integer) as bin, count(*) as count, any_value(low) as low, any_value(high) as high
    from v, b group by bin order by bin`);
  const [first] = rows;
  if (first === undefined || !Number.isFinite(first.high - first.low)) return null;
  const { low, high } = first;
  const label = (at: number): string =>
    isTime ? new Date(at * 1_000).toISOString().slice(0, 16).replace("T", " ") : String(Number(at.toPrecision(6)));
  if (high === low) return [{ label: label(low), count: Number(first.count) }];
  const counts = new Map(rows.map((row) => [row.bin, Number(row.count)]));
  const width = (high - low) / BINS;
  return Array.from({ length: BINS }, (_, bin) => ({
    label: `${label(low + bin * width)} – ${label(low + (bin + 1) * width)}`,
    count: counts.get(bin) ?? 0,
  }));
}

async function topValues(ctx: ModContext, source: Source, { name }: Column, top: number): Promise<Bar[]> {
  const rows = await ctx.data.query<{ value: string | null; count: bigint }>(sql`
    select cast(${ident(name)} as varchar) as value, count(*) as count from ${source.relation}
    where ${ident(name)} is not null group by 1 order by count desc, value limit ${top}`);
  return rows.map((row) => ({ label: shown(row.value ?? ""), count: Number(row.count) }));
}

function shown(text: string): string {
  return text.length > MOST_LABEL ? `${text.slice(0, MOST_LABEL)}…` : text;
}

function finiteOrNull(value: unknown): number | null {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}
