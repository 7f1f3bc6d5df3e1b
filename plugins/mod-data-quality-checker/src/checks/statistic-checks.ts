import { ident, join, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { ExpectationOf } from "../params.js";
import { isMissing, isNumeric } from "../profile.js";
import { qualityError } from "../quality-error.js";
import { columnOf } from "./check-context.js";
import type { CheckContext } from "./check-context.js";
import { judged, plain } from "./outcome.js";
import type { Finding } from "./outcome.js";

type Band = NonNullable<ExpectationOf<"row_count">["history"]>;

const DEFAULT_RUNS = 10;
const DEFAULT_MIN_RUNS = 3;

/** The number of rows. */
export function rowCount(around: CheckContext, given: ExpectationOf<"row_count">, name: string): Promise<Finding> {
  return within(around, around.rows, given, name);
}

/** A statistic of a column. */
export async function distribution(
  around: CheckContext,
  given: ExpectationOf<"distribution">,
  name: string,
): Promise<Finding> {
  const { ctx, source, rows } = around;
  const column = columnOf(source.columns, given.column);
  const numeric = isNumeric(column.type);
  const x = ident(column.name);
  const value = sql`cast(${x} as double)`;
  const { statistic } = given;
  if (!numeric && !["distinct", "null_fraction", "share"].includes(statistic))
    throw qualityError(
      "QUALITY_BAD_EXPECTATION",
      `${JSON.stringify(column.name)} is ${column.type}, which has no ${statistic}`,
    );
  let query: Sql;
  switch (statistic) {
    case "mean":
      query = sql`avg(${value})`;
      break;
    case "median":
      query = sql`median(${value})`;
      break;
    case "stddev":
      query = sql`stddev_samp(${value})`;
      break;
    case "min":
      query = sql`min(${value})`;
      break;
    case "max":
      query = sql`max(${value})`;
      break;
    case "sum":
      query = sql`sum(${value})`;
      break;
    case "quantile":
      if (given.quantile === undefined)
        throw qualityError("QUALITY_BAD_EXPECTATION", "the statistic `quantile` needs `quantile`");
      query = sql`quantile_cont(${value}, ${given.quantile})`;
      break;
    case "distinct":
      query = sql`count(distinct ${x})`;
      break;
    case "null_fraction":
      query = sql`count(*) filter (where ${isMissing(column)}) / count(*)`;
      break;
    case "share": {
      if (given.values === undefined)
        throw qualityError("QUALITY_BAD_EXPECTATION", "the statistic `share` needs `values`");
      const values = join(given.values.map((one) => sql`${String(one)}`));
      query = sql`count(*) filter (where cast(${x} as varchar) in (${values})) / count(*)`;
      break;
    }
  }
  const [row] = await ctx.data.query<{ found: number | null }>(
    sql`select cast(${query} as double) as found from ${source.relation}`,
  );
  const found = row?.found ?? null;
  if (found === null || !Number.isFinite(found))
    return judged(false, bounds(given) || "a value", rows === 0 ? "no rows" : "no finite value");
  return within(around, found, given, name);
}

async function within(
  around: CheckContext,
  value: number,
  given: { readonly min?: number; readonly max?: number; readonly history?: Band },
  name: string,
): Promise<Finding> {
  const { min, max, history } = given;
  const isMet = (min === undefined || value >= min) && (max === undefined || value <= max);
  if (history === undefined) return judged(isMet, bounds(given) || "any", plain(value), value);
  const runs = await around.earlier(history.runs ?? DEFAULT_RUNS);
  const before = runs.map((run) => valueOf(run.metrics["quality_values"], name)).filter((one) => one !== undefined);
  const expected = bounds(given);
  const more = `change of at most ${plain(history.max_change * 100)} %`;
  const shown = { value, history: before.toReversed() };
  if (before.length < (history.min_runs ?? DEFAULT_MIN_RUNS)) {
    const known = `${runsText(before.length)}, too few to compare with`;
    return {
      status: isMet ? (expected === "" ? "skipped" : "passed") : "failed",
      expected: [expected, more].filter((one) => one !== "").join(", "),
      observed: `${plain(value)}; ${known}`,
      ...shown,
    };
  }
  const middle = median(before);
  const allowed = Math.abs(middle) * history.max_change;
  const isNear = Math.abs(value - middle) <= allowed;
  const change =
    middle === 0
      ? value === 0
        ? "no change"
        : "from 0"
      : `${value >= middle ? "+" : ""}${plain(Number((((value - middle) / Math.abs(middle)) * 100).toFixed(2)))} %`;
  return {
    status: isMet && isNear ? "passed" : "failed",
    expected: [expected, `${more} against the median of ${runsText(before.length)}`]
      .filter((one) => one !== "")
      .join(", "),
    observed: `${plain(value)}; median before ${plain(middle)} (${change})`,
    ...shown,
  };
}

function valueOf(values: unknown, name: string): number | undefined {
  if (typeof values !== "object" || values === null || !Object.hasOwn(values, name)) return undefined;
  const value = (values as Readonly<Record<string, unknown>>)[name];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}

function bounds({ min, max }: { readonly min?: number; readonly max?: number }): string {
  if (min !== undefined && max !== undefined) return `${plain(min)} to ${plain(max)}`;
  if (min !== undefined) return `at least ${plain(min)}`;
  return max === undefined ? "" : `at most ${plain(max)}`;
}

function runsText(count: number): string {
  return `${String(count)} earlier run${count === 1 ? "" : "s"}`;
}
