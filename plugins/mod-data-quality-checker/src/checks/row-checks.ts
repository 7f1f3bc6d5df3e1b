import { ident, isDatapyError, join, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { ExpectationOf } from "../params.js";
import { isMissing, isTemporal } from "../profile.js";
import { qualityError } from "../quality-error.js";
import { columnOf } from "./check-context.js";
import type { CheckContext } from "./check-context.js";
import { judged, percent } from "./outcome.js";
import type { Finding } from "./outcome.js";

const DEFAULT_FUTURE_MS = 300_000;

async function countWhere({ ctx, source }: CheckContext, condition: Sql): Promise<number> {
  const [row] = await ctx.data.query<{ n: bigint }>(
    sql`select count(*) filter (where ${condition}) as n from ${source.relation}`,
  );
  return Number(row?.n ?? 0);
}

/** Values are there. */
export async function completeness(around: CheckContext, given: ExpectationOf<"completeness">): Promise<Finding> {
  const column = columnOf(around.source.columns, given.column);
  const missing = await countWhere(around, isMissing(column));
  const share = around.rows === 0 ? 1 : 1 - missing / around.rows;
  const most = given.max_missing;
  const least = given.min_fraction ?? (most === undefined ? 1 : 0);
  const isMet = (most === undefined || missing <= most) && (least >= 1 ? missing === 0 : share >= least);
  const expected = [
    most === undefined ? [] : `at most ${String(most)} missing`,
    given.min_fraction === undefined && most !== undefined ? [] : `${percent(least)} there`,
  ].flat();
  return judged(
    isMet,
    expected.join(", "),
    `${String(missing)} of ${String(around.rows)} missing (${percent(share)} there)`,
    share,
  );
}

/** No two rows have the same values. NULL equals NULL here: a key that is missing twice is no key. */
export async function uniqueness(around: CheckContext, given: ExpectationOf<"uniqueness">): Promise<Finding> {
  const keys = join(given.columns.map((name) => ident(columnOf(around.source.columns, name).name)));
  const { ctx, source } = around;
  const [row] = await ctx.data.query<{ more: bigint | null; keys: bigint }>(
    sql`select sum(n - 1) as more, count(*) as keys from (select count(*) as n from ${source.relation} group by ${keys} having count(*) > 1)`,
  );
  const more = Number(row?.more ?? 0);
  const most = given.max_duplicates ?? 0;
  return judged(
    more <= most,
    `at most ${String(most)} duplicates`,
    more === 0 ? "none" : `${String(more)} duplicates of ${String(row?.keys)} keys`,
    more,
  );
}

/** The newest value is new enough. */
export async function freshness(around: CheckContext, given: ExpectationOf<"freshness">): Promise<Finding> {
  const column = columnOf(around.source.columns, given.column);
  const { ctx, source } = around;
  const x = ident(column.name);
  if (!isTemporal(column.type) && column.type !== "VARCHAR")
    throw qualityError(
      "QUALITY_BAD_EXPECTATION",
      `${JSON.stringify(column.name)} is ${column.type}, neither a date nor a timestamp`,
    );
  const moment = sql`try_cast(${x} as timestamptz)`;
  const now = given.as_of === undefined ? sql`now()` : sql`cast(${given.as_of} as timestamptz)`;
  let row;
  try {
    [row] = await ctx.data.query<{ newest: string | null; age: number | null; unread: bigint }>(
      sql`select cast(max(${moment}) as varchar) as newest, cast(epoch(${now}) - epoch(max(${moment})) as double) as age,
          count(*) filter (where ${x} is not null and ${moment} is null) as unread from ${source.relation}`,
    );
  } catch (cause) {
    ctx.signal.throwIfAborted();
    throw qualityError("QUALITY_BAD_EXPECTATION", `freshness of ${column.name}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const expected = `newest value at most ${duration(given.max_age)} old`;
  if (Number(row?.unread ?? 0) > 0) return judged(false, expected, `${String(row?.unread)} values are no timestamps`);
  if (row?.newest == null || row.age === null) return judged(false, expected, "no value at all");
  const future = given.max_future ?? DEFAULT_FUTURE_MS;
  // A date stands for the whole of its day.
  const age = row.age * 1_000;
  const isFuture = age < -future && !(column.type === "DATE" && age > -86_400_000);
  const observed = `${row.newest}, ${age < 0 ? `${duration(-age)} in the future` : `${duration(age)} old`}`;
  return judged(age <= given.max_age && !isFuture, expected, observed, age / 1_000);
}

/** Columns are there, with these types. */
export function schema(around: CheckContext, given: ExpectationOf<"schema">): Finding {
  const { columns } = around.source;
  const faults: string[] = [];
  for (const [name, type] of Object.entries(given.columns)) {
    const found = columns.find((one) => one.name === name);
    if (found === undefined) faults.push(`${name} is missing`);
    else if (type !== "" && canonical(found.type) !== canonical(type))
      faults.push(`${name} is ${found.type}, not ${type}`);
  }
  if (given.exact === true) {
    for (const one of columns) if (!Object.hasOwn(given.columns, one.name)) faults.push(`${one.name} is not expected`);
  }
  return judged(
    faults.length === 0,
    `${String(Object.keys(given.columns).length)} columns${given.exact === true ? " and no other" : ""}`,
    faults.join("; ") || "as expected",
  );
}

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n", 1)[0]?.replace(/^a statement failed: /, "") ?? "";
}

/** What the host takes for the column that was meant. */
function nearOf(error: unknown): string {
  const hint = isDatapyError(error) ? (error.hint ?? "") : "";
  return hint.startsWith("Did you mean") ? `${hint} ` : "";
}

/** An SQL condition holds. */
export async function expression(around: CheckContext, given: ExpectationOf<"expression">): Promise<Finding> {
  let bad: number;
  try {
    bad = await countWhere(around, sql`not coalesce((${raw(given.expression)}\n), false)`);
  } catch (cause) {
    around.ctx.signal.throwIfAborted();
    throw qualityError(
      "QUALITY_BAD_EXPECTATION",
      `the expression ${JSON.stringify(given.expression)} cannot be run: ${firstLine(cause)}`,
      // The line and the caret that DuckDB gives are of a statement that nobody wrote.
      {
        cause,
        hint: `${nearOf(cause)}The columns are ${around.source.columns.map((one) => JSON.stringify(one.name)).join(", ")}.`,
      },
    );
  }
  const share = around.rows === 0 ? 1 : 1 - bad / around.rows;
  const least = given.min_fraction ?? 1;
  return judged(
    least >= 1 ? bad === 0 : share >= least,
    `holds for ${percent(least)} of the rows`,
    `does not hold for ${String(bad)} of ${String(around.rows)}`,
    share,
  );
}

function canonical(type: string): string {
  const text = type.toUpperCase().replace(/\s+/g, " ").replace(/, /g, ",").trim();
  const names: Readonly<Record<string, string>> = {
    TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE",
    TEXT: "VARCHAR",
    STRING: "VARCHAR",
    INT: "INTEGER",
    BOOL: "BOOLEAN",
    REAL: "FLOAT",
  };
  return names[text] ?? text;
}

/** A length of time in its two greatest units. */
function duration(milliseconds: number): string {
  let left = Math.round(milliseconds / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) parts.push(`${String(count)}${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}
