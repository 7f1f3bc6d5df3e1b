import { DatapyError, defineMod, ident, join, literal, rowNumber, sql, table } from "@datapy/mod-kit";
import type { Column, ColumnLineage, ModContext, Sql } from "@datapy/mod-kit";
import { readFileSync } from "node:fs";
import path from "node:path";
import { planConditions, rowNumberName } from "./conditions.js";
import type { Condition } from "./conditions.js";
import { Params } from "./params.js";
import type { ValidatorParams } from "./params.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

const artifacts = {
  output_data: { kind: "table", description: "Rows that break no rule of severity `error`" },
  quarantine: {
    kind: "table",
    description: "Rows that break one: row number, names of the rules, then the row as it was",
    optional: true,
  },
} as const;

type ValidatorContext = ModContext<typeof artifacts>;

/** Rows of the table, and how many break each rule. */
interface Tally {
  readonly rows: number;
  readonly bad: number;
  readonly failed: readonly number[];
}

export default defineMod({
  metadata: {
    name: "validator",
    version,
    description:
      "Checks the rows of a table against rules; good rows go on, bad rows are set aside with the rules that they break",
    author: "The DataPy authors",
    tags: ["validate", "rules", "quarantine", "quality"],
    category: "transformer",
  },
  params: Params,
  artifacts,
  run: async (params, ctx) => {
    const source = sql`${table(params.input_artifact)}`;
    const input = await ctx.data.describe(sql`select * from ${source}`);
    const total = await countRows(ctx, source);
    const conditions = await planConditions(params, {
      input,
      describe: (artifact) => ctx.data.describe(sql`select * from ${table(artifact)}`),
      rows: total,
    });
    for (const { lookup } of conditions) {
      for (const statement of lookup) await ctx.data.execute(statement);
    }
    const row = ident(rowNumberName(input));
    const rows = sql`(select *, ${rowNumber(input)} as ${row} from ${source}) as i`;
    await probe(ctx, source, row, conditions);
    const errors = conditions.filter((one) => one.severity === "error");
    const isBad =
      errors.length === 0
        ? sql`false`
        : sql`(${join(
            errors.map((one) => one.bad),
            " or ",
          )})`;
    // Rules are mostly kept: the rows are written and judged in one pass, and each rule's breaches are counted only when there are any.
    const columns = join(input.map((column) => ident(column.name)));
    let tally: Tally = { rows: total, bad: 0, failed: conditions.map(() => 0) };
    const output = await ctx.data.writeTable("output_data", sql`select ${columns} from ${rows} where not ${isBad}`, {
      lineage: identity(params, input),
      verify: async (written) => {
        if (written.rows === total && errors.length === conditions.length) return;
        tally = await count(ctx, rows, conditions, isBad);
        judge(params, conditions, tally);
      },
    });
    let aside = 0;
    if (tally.bad > 0) {
      const broken = join(errors.map((one) => sql`case when ${one.bad} then ${literal(one.name)} end`));
      const query = sql`
        select ${row} as quarantine_row, list_filter([${broken}], lambda name : name is not null) as quarantine_rules, ${columns}
        from ${rows} where ${isBad} order by ${row}`;
      const quarantine = await ctx.data.writeTable("quarantine", query);
      aside = quarantine.rows;
      const message = `${tally.bad} of ${tally.rows} rows break a rule and were set aside: ${quarantine.uri} (${summary(errors, conditions, tally)})`;
      if (params.bad_rows_status === "success") ctx.log.info(message);
      else ctx.result.addWarning(message);
    }
    if (tally.rows !== total || output.rows + aside !== total) {
      throw new DatapyError({
        code: "VALIDATOR_ROWS_UNRECONCILED",
        message: `${total} rows were read, but ${output.rows} passed and ${aside} were set aside`,
        hint: "A rule whose expression gives another answer each time (random(), now()) cannot be used.",
      });
    }
    conditions.forEach((one, index) => {
      const failed = tally.failed[index] ?? 0;
      if (one.severity === "warn" && failed > 0)
        ctx.result.addWarning(`${failed} of ${tally.rows} rows break the rule ${one.name}`);
    });
    ctx.result.addMetric("rows_read", tally.rows);
    ctx.result.addMetric("rows_processed", tally.rows);
    ctx.result.addMetric("rows_output", output.rows);
    ctx.result.addMetric("rows_rejected", aside);
    ctx.result.addMetric(
      "rules_failed",
      Object.fromEntries(conditions.map((one, index) => [one.name, tally.failed[index] ?? 0])),
    );
    return ctx.result.success();
  },
});

/** Runs every rule over one row, so that one that DuckDB refuses is named. Throws `VALIDATOR_BAD_RULE` (20). */
async function probe(ctx: ValidatorContext, source: Sql, row: Sql, conditions: readonly Condition[]): Promise<void> {
  const faults: string[] = [];
  let cause: unknown;
  for (const one of conditions) {
    try {
      await ctx.data.query(
        sql`select count(*) filter (where ${one.bad}) as n from (select *, 0 as ${row} from ${source} limit 1) as i`,
      );
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      cause = error;
      faults.push(`the rule ${one.name} cannot be run: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (faults.length > 0)
    throw new DatapyError({
      code: "VALIDATOR_BAD_RULE",
      exitCode: 20,
      message: faults.join("; "),
      hint: "Mend the rule.",
      cause,
    });
}

async function countRows(ctx: ValidatorContext, source: Sql): Promise<number> {
  const [row] = await ctx.data.query(sql`select count(*) as n from ${source}`);
  return Number(row?.["n"]);
}

async function count(ctx: ValidatorContext, rows: Sql, conditions: readonly Condition[], isBad: Sql): Promise<Tally> {
  const counts = conditions.map((one, index) => sql`count(*) filter (where ${one.bad}) as ${ident(`n${index}`)}`);
  const [row = {}] = await ctx.data.query(
    sql`select count(*) as total, count(*) filter (where ${isBad}) as bad, ${join(counts)} from ${rows}`,
  );
  return {
    rows: Number(row["total"]),
    bad: Number(row["bad"]),
    failed: conditions.map((_, index) => Number(row[`n${index}`])),
  };
}

/** Throws `VALIDATOR_BAD_ROWS` (20) when bad rows are not to be set aside, or are too many. Nothing has been written then. */
function judge(params: ValidatorParams, conditions: readonly Condition[], tally: Tally): void {
  if (tally.bad === 0) return;
  const share = tally.bad / tally.rows;
  const reason =
    params.on_bad_row === "fail"
      ? "`on_bad_row` is `fail`"
      : params.max_bad_rows !== undefined && tally.bad > params.max_bad_rows
        ? `\`max_bad_rows\` is ${params.max_bad_rows}`
        : params.max_bad_fraction !== undefined &&
            tally.rows >= (params.min_rows_for_fraction ?? 0) &&
            share > params.max_bad_fraction
          ? `\`max_bad_fraction\` is ${params.max_bad_fraction} and the share is ${share.toFixed(4)}`
          : undefined;
  if (reason === undefined) return;
  throw new DatapyError({
    code: "VALIDATOR_BAD_ROWS",
    exitCode: 20,
    message: `${tally.bad} of ${tally.rows} rows of ${params.input_artifact} break a rule, and ${reason}: ${summary(
      conditions.filter((one) => one.severity === "error"),
      conditions,
      tally,
    )}`,
    hint: "Mend the data where it comes from, clean it before this step, or set `on_bad_row: quarantine` and wider limits.",
  });
}

function summary(shown: readonly Condition[], all: readonly Condition[], tally: Tally): string {
  return shown
    .map((one) => ({ name: one.name, failed: tally.failed[all.indexOf(one)] ?? 0 }))
    .filter((one) => one.failed > 0)
    .map((one) => `${one.name}: ${one.failed}`)
    .join(", ");
}

function identity(params: ValidatorParams, columns: readonly Column[]): ColumnLineage {
  return Object.fromEntries(
    columns.map((column) => [
      column.name,
      [{ uri: params.input_artifact, column: column.name, change: "identity" as const }],
    ]),
  );
}
