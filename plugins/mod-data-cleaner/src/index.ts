import { DatapyError, defineMod, ident, join, literal, raw, rowMarks, rowNumber, sql, table } from "@datapy/mod-kit";
import type { ColumnLineage, ModContext, Sql } from "@datapy/mod-kit";
import { readFileSync } from "node:fs";
import path from "node:path";
import { planColumns } from "./column-plan.js";
import type { PlannedColumn } from "./column-plan.js";
import { byNullStrategy, nullColumns, Params } from "./params.js";
import type { CleanerParams } from "./params.js";
import { rowRules } from "./row-rules.js";
import type { ChangeFlag } from "./row-rules.js";
import { needsOtherRows, tableRules } from "./table-rules.js";
import type { Duplicates } from "./table-rules.js";
import { own, textRules } from "./text-rules.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

const artifacts = {
  output_data: { kind: "table", description: "The clean table" },
  quarantine: {
    kind: "table",
    description: "Rows whose values do not cast: row number, column, value and reason, then the row as it was",
    optional: true,
  },
} as const;

/** Keys that occur more than once. In DuckDB's own table and not in a file, so that every type is kept exactly. */
const REPEATED = ident("temp", "main", "repeated_keys");

type CleanerContext = ModContext<typeof artifacts>;

export default defineMod({
  metadata: {
    name: "data-cleaner",
    version,
    description: "Cleans a table: nulls, text, types, duplicates, outliers, masking; counts what each rule changed",
    author: "The DataPy authors",
    tags: ["clean", "null", "deduplicate", "cast", "mask"],
    category: "transformer",
  },
  params: Params,
  artifacts,
  run: async (given, ctx) => {
    const params = byNullStrategy(given);
    const input = table(params.input_artifact);
    const inputColumns = await ctx.data.describe(sql`select * from ${input}`);
    const planned = planColumns(params, inputColumns, nullColumns(given));
    await checkFillValues(params, ctx, planned);
    const rules = rowRules(params, planned, inputColumns.length);
    const [counted = {}] = await ctx.data.query(sql`select count(*) as n from ${input}`);
    const rowsRead = Number(counted["n"]);
    // Rules that must know other rows first read the rows several times, so these are written down; the others are done in passing.
    const staged = needsOtherRows(params) ? await ctx.data.spool(rules.query) : undefined;
    const rows = staged ?? sql`(${rules.query})`;
    let rowsRejected = 0;
    if (staged !== undefined && rules.casts) {
      rowsRejected = await countBadRows(ctx, staged);
      await judgeBadRows(params, ctx, staged, rowsRead, rowsRejected);
    }
    const judged = tableRules(params, planned, rules, { rows, leaveOutBad: rowsRejected > 0 });
    const [counts = {}] = await ctx.data.query(judged.counts);
    if (staged === undefined) {
      rowsRejected = Number(counts["bad"]);
      await judgeBadRows(params, ctx, rows, rowsRead, rowsRejected);
    }
    const changes: Record<string, Record<string, number>> = {};
    let rowsDropped = 0;
    for (const { name, rule, column } of judged.counted) {
      const count = Number(counts[name]);
      if (column === undefined) rowsDropped = count;
      else if (count > 0) (changes[rule] ??= {})[column] = ((changes[rule] ??= {})[column] ?? 0) + count;
    }
    // What no row needs, as the counts say, is not done again.
    const idle = rules.flags.filter((_, at) => Number(counts[judged.counted[at]?.name ?? ""]) === 0);
    const plain = rules.flags.filter(({ unless }) => unless !== undefined && counts[unless] !== true);
    const known = { idle: flagNames(idle), plain: flagNames(plain) };
    const final =
      staged === undefined && rowsRejected === 0
        ? sql`(${rowRules(params, planned, inputColumns.length, known).query})`
        : rows;
    const cleaning = tableRules(params, planned, rules, { rows: final, leaveOutBad: rowsRejected > 0 });
    const { surplus: duplicates, isSurplus } =
      cleaning.duplicates === undefined
        ? { surplus: 0, isSurplus: undefined }
        : await markSurplus(ctx, cleaning.duplicates, rowsRead);
    const output = await ctx.data.writeTable("output_data", cleaning.output(isSurplus), {
      lineage: lineage(params, planned),
      verify: (written) => {
        if (written.rows === rowsRead - rowsRejected - rowsDropped - duplicates) return;
        throw new DatapyError({
          code: "CLEANER_ROWS_UNRECONCILED",
          message: `${rowsRead} rows were read, ${rowsRejected} rejected, ${rowsDropped} dropped, ${duplicates} were duplicates, but ${written.rows} came out`,
          hint: "This is a fault in data-cleaner; please report it.",
        });
      },
    });
    // Masks leave NULL as it is, so that every other value of such a column was masked.
    for (const { name } of planned) {
      const nulls = output.columns.find((column) => column.name === name)?.nullCount;
      if (own(params.mask, name) !== undefined && nulls !== undefined && output.rows > nulls)
        (changes["mask"] ??= {})[name] = output.rows - nulls;
    }
    if (rowsRejected > 0)
      await setAside(
        params,
        ctx,
        rows,
        inputColumns.length,
        rowsRejected,
        inputColumns.map((one) => one.name),
      );

    ctx.result.addMetric("rows_read", rowsRead);
    ctx.result.addMetric("rows_processed", rowsRead);
    ctx.result.addMetric("rows_output", output.rows);
    ctx.result.addMetric("rows_rejected", rowsRejected);
    ctx.result.addMetric("rows_dropped", rowsDropped);
    ctx.result.addMetric("duplicates_removed", duplicates);
    ctx.result.addMetric("changes", changes);
    return ctx.result.success();
  },
});

function flagNames(flags: readonly ChangeFlag[]): ReadonlySet<string> {
  return new Set(flags.map(({ flag }) => flag));
}

/** Throws `CLEANER_BAD_RULE` (20) for values of `fill` that are not of the column's type. */
async function checkFillValues(
  params: CleanerParams,
  ctx: CleanerContext,
  planned: readonly PlannedColumn[],
): Promise<void> {
  const fills = planned.flatMap((column) => {
    const rule = own(params.fill, column.name);
    return typeof rule === "object" ? [{ column, value: rule.value }] : [];
  });
  if (fills.length === 0) return;
  const casts = fills.map(
    ({ column, value }, index) =>
      sql`try_cast(${literal(value)} as ${raw(column.type)}) is null as ${ident(`n${index}`)}`,
  );
  const [row = {}] = await ctx.data.query(sql`select ${join(casts)}`);
  const wrong = fills.filter((_, index) => row[`n${index}`] === true);
  if (wrong.length === 0) return;
  throw new DatapyError({
    code: "CLEANER_BAD_RULE",
    exitCode: 20,
    message: wrong
      .map(({ column, value }) => `fill: ${JSON.stringify(column.name)}: ${JSON.stringify(value)} is no ${column.type}`)
      .join("; "),
    hint: "Give a value of the column's type, or `cast` the column first.",
  });
}

/** Finds the rows that others make superfluous: how many, and the condition that is true for them. */
async function markSurplus(
  ctx: CleanerContext,
  duplicates: Duplicates,
  rowsRead: number,
): Promise<{ readonly surplus: number; readonly isSurplus: Sql | undefined }> {
  await ctx.data.execute(sql`create or replace temporary table ${REPEATED} as ${duplicates.repeated}`);
  const [row] = await ctx.data.query(sql`select cast(coalesce(sum(more), 0) as bigint) as n from ${REPEATED}`);
  const surplus = Number(row?.["n"]);
  if (surplus === 0) return { surplus, isSurplus: undefined };
  const marks = rowMarks("surplus_rows", duplicates.surplus(REPEATED), rowsRead);
  for (const statement of marks.statements) await ctx.data.execute(statement);
  return { surplus, isSurplus: marks.isMarked(raw("k.r")) };
}

async function countBadRows(ctx: CleanerContext, staged: Sql): Promise<number> {
  const [row] = await ctx.data.query(sql`select count(*) as n from ${staged} where b is not null`);
  return Number(row?.["n"]);
}

/** Throws `CLEANER_BAD_ROWS` (20) when the bad rows are not to be set aside, or are too many. */
async function judgeBadRows(
  params: CleanerParams,
  ctx: CleanerContext,
  rows: Sql,
  rowsRead: number,
  bad: number,
): Promise<void> {
  if (bad === 0) return;
  const tooMany =
    params.on_bad_row !== "quarantine"
      ? "`on_bad_row` is `fail`"
      : params.max_bad_rows !== undefined && bad > params.max_bad_rows
        ? `\`max_bad_rows\` is ${params.max_bad_rows}`
        : params.max_bad_fraction !== undefined && bad / rowsRead > params.max_bad_fraction
          ? `\`max_bad_fraction\` is ${params.max_bad_fraction}`
          : undefined;
  if (tooMany === undefined) return;
  const examples = await ctx.data.query(
    sql`select r, b."column" as name, b.reason as reason, b."value" as given from ${rows} where b is not null order by r limit 5`,
  );
  const listed = examples.map(
    (one) =>
      `row ${String(one["r"])}, column ${JSON.stringify(one["name"])}: ${JSON.stringify(String(one["given"]).slice(0, 80))} ${String(one["reason"])}`,
  );
  throw new DatapyError({
    code: "CLEANER_BAD_ROWS",
    exitCode: 20,
    message: `${bad} of ${rowsRead} rows of ${params.input_artifact} do not cast, and ${tooMany}: ${listed.join("; ")}${bad > listed.length ? "; …" : ""}`,
    hint: "Mend the values with `replace`, `regex_replace` or `null_values`, choose a wider type, set `lossy: true` where rounding is wanted, or set `on_bad_row: quarantine`.",
  });
}

async function setAside(
  params: CleanerParams,
  ctx: CleanerContext,
  rows: Sql,
  width: number,
  rejected: number,
  names: readonly string[],
): Promise<void> {
  const places = Array.from({ length: width }, (_, index) => ident(`c${String(index)}`));
  const columns = places.map((place, index) => sql`i.${place} as ${ident(names[index] ?? "")}`);
  const query = sql`
    with i as (select ${rowNumber([])} as r, t.* from ${table(params.input_artifact)} as t(${join(places)}))
    select ${join([raw("i.r as quarantine_row"), raw('s.b."column" as quarantine_column'), raw('s.b."value" as quarantine_value'), raw("s.b.reason as quarantine_reason"), ...columns])}
    from i join ${rows} as s on s.r = i.r where s.b is not null order by i.r`;
  const quarantine = await ctx.data.writeTable("quarantine", query);
  if (quarantine.rows !== rejected) {
    throw new DatapyError({
      code: "CLEANER_ROWS_UNRECONCILED",
      message: `${rejected} rows were rejected, but ${quarantine.rows} set aside`,
    });
  }
  ctx.result.addWarning(`${rejected} rows do not cast and were set aside: ${quarantine.uri}`);
}

function lineage(params: CleanerParams, planned: readonly PlannedColumn[]): ColumnLineage {
  return Object.fromEntries(
    planned.map((column) => {
      const touched =
        own(params.cast, column.name) !== undefined ||
        own(params.fill, column.name) !== undefined ||
        own(params.outliers, column.name) !== undefined ||
        (column.sourceType === "VARCHAR" && textRules(params, column.name).length > 0);
      const change = own(params.mask, column.name) !== undefined ? "masked" : touched ? "transformation" : "identity";
      return [column.name, [{ uri: params.input_artifact, column: column.source, change }]] as const;
    }),
  );
}
