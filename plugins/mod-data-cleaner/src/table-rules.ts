import { ident, join, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { PlannedColumn } from "./column-plan.js";
import type { CleanerParams, FillRule, MaskRule, OutlierRule } from "./params.js";
import { stagedValue } from "./staged-rules.js";
import { own } from "./text-rules.js";

/** The second half of the work, over the staged table: every rule that looks at other rows too. Each member is a name of `with`. */
export interface TableRules {
  /** `with` clauses: `good`, `clipped`, `filled`, `kept`, `repeated`. */
  readonly clauses: Sql;
  /** Query of the output. */
  readonly output: Sql;
  /** Query of one row: how many values and rows each rule changed; names as in {@link tableRuleCounts}. */
  readonly counts: Sql;
  readonly counted: readonly { readonly name: string; readonly rule: string; readonly column: string | undefined }[];
}

/** Writes the table-wise rules over `staged`, a piece of SQL to read from. */
export function tableRules(params: CleanerParams, planned: readonly PlannedColumn[], staged: Sql): TableRules {
  const counted: { name: string; rule: string; column: string | undefined }[] = [];
  const counts: Sql[] = [];
  const count = (rule: string, column: string | undefined, query: Sql): void => {
    const name = `n${String(counted.length)}`;
    counted.push({ name, rule, column });
    counts.push(sql`(${query}) as ${ident(name)}`);
  };
  const values = planned.map((_, at) => stagedValue(at));

  const clipped = planned.map((column, at) => {
    const rule = own(params.outliers, column.name);
    const x = stagedValue(at);
    if (rule === undefined) return x;
    const { clip, outside } = clipTo(rule, x, column.type);
    count("outliers", column.name, sql`select count(*) from good where ${outside}`);
    return sql`${clip} as ${x}`;
  });
  const filled = planned.map((column, at) => {
    const rule = own(params.fill, column.name);
    const x = stagedValue(at);
    if (rule === undefined) return x;
    const nulls = (from: "clipped" | "filled"): Sql => sql`(select count(*) from ${raw(from)} where ${x} is null)`;
    count("fill", column.name, sql`select ${nulls("clipped")} - ${nulls("filled")}`);
    return sql`${fillWith(rule, x, column.type)} as ${x}`;
  });
  const watched = planned.flatMap((column, at) =>
    params.null_columns === undefined || params.null_columns.includes(column.name)
      ? [sql`${stagedValue(at)} is not null`]
      : [],
  );
  const drops = params.null_strategy === "drop" && watched.length > 0;
  if (drops) count("rows_dropped", undefined, sql`select (select count(*) from filled) - (select count(*) from kept)`);
  const { repeated, single } = deduplicate(params, planned);
  const masked = planned.map((column, at) => {
    const rule = own(params.mask, column.name);
    const x = stagedValue(at);
    return sql`${rule === undefined ? x : maskWith(rule, x, params.mask_salt ?? "")} as ${ident(column.name)}`;
  });
  const clauses = sql`
    good as (select * from ${staged} where b is null),
    clipped as (select ${join([raw("r"), ...clipped])} from good),
    filled as (select ${join([raw("r"), ...filled])} from clipped),
    kept as (select ${join([raw("r"), ...values])} from filled${drops ? sql` where ${join(watched, " and ")}` : sql``})${repeated}`;
  return {
    clauses,
    output: sql`with ${clauses} select ${join(masked)} from kept as k${single}`,
    counts: counts.length === 0 ? sql`select 1` : sql`with ${clauses} select ${join(counts)}`,
    counted,
  };
}

/** The tightest bounds of a rule, as greatest and least; NULL stays NULL. */
function clipTo(rule: OutlierRule, x: Sql, type: string): { readonly clip: Sql; readonly outside: Sql } {
  const lower: Sql[] = [];
  const upper: Sql[] = [];
  const statistic = (expression: Sql): Sql => sql`(select ${expression} from good)`;
  if (rule.min !== undefined) lower.push(literal(rule.min));
  if (rule.max !== undefined) upper.push(literal(rule.max));
  if (rule.quantiles !== undefined) {
    lower.push(quantile(x, Math.min(...rule.quantiles)));
    upper.push(quantile(x, Math.max(...rule.quantiles)));
  }
  if (rule.iqr !== undefined) {
    const spread = sql`${literal(rule.iqr)} * (${quantile(x, 0.75)} - ${quantile(x, 0.25)})`;
    lower.push(sql`(${quantile(x, 0.25)} - ${spread})`);
    upper.push(sql`(${quantile(x, 0.75)} + ${spread})`);
  }
  if (rule.standard_deviations !== undefined) {
    const spread = sql`${literal(rule.standard_deviations)} * ${statistic(sql`stddev_samp(${x})`)}`;
    lower.push(sql`(${statistic(sql`avg(${x})`)} - ${spread})`);
    upper.push(sql`(${statistic(sql`avg(${x})`)} + ${spread})`);
  }
  // A bound between two values of a whole-number type is brought inside the bounds, so that no clipped value lies outside.
  const inward = (bound: Sql, round: "ceil" | "floor"): Sql =>
    type.includes("INT")
      ? sql`try_cast(${raw(round)}(${bound}) as ${raw(type)})`
      : sql`try_cast(${bound} as ${raw(type)})`;
  const low = lower.length === 0 ? undefined : sql`greatest(${join(lower.map((bound) => inward(bound, "ceil")))})`;
  const high = upper.length === 0 ? undefined : sql`least(${join(upper.map((bound) => inward(bound, "floor")))})`;
  const sides: (readonly [Sql, Sql])[] = [];
  if (low !== undefined) sides.push([sql`${x} < ${low}`, low]);
  if (high !== undefined) sides.push([sql`${x} > ${high}`, high]);
  const cases = sides.map(([outside, bound]) => sql`when ${outside} then ${bound}`);
  return {
    clip: sql`case ${join(cases, " ")} else ${x} end`,
    outside: join(
      sides.map(([outside]) => outside),
      " or ",
    ),
  };
}

/** A discrete quantile, by sorting: a sort spills to disk, where an aggregate would hold every value. */
function quantile(x: Sql, q: number): Sql {
  const at = sql`(select cast(floor(${literal(q)} * greatest(count(${x}) - 1, 0)) as bigint) from good)`;
  return sql`(select ${x} from good where ${x} is not null order by ${x} limit 1 offset ${at})`;
}

function fillWith(rule: FillRule, x: Sql, type: string): Sql {
  const target = raw(type);
  if (typeof rule === "object") return sql`coalesce(${x}, cast(${literal(rule.value)} as ${target}))`;
  switch (rule) {
    case "mean":
      return sql`coalesce(${x}, (select cast(avg(${x}) as ${target}) from clipped))`;
    case "median": {
      const at = sql`(select cast(greatest(count(${x}) - 1, 0) // 2 as bigint) from clipped)`;
      return sql`coalesce(${x}, (select ${x} from clipped where ${x} is not null order by ${x} limit 1 offset ${at}))`;
    }
    case "mode":
      return sql`coalesce(${x}, (select ${x} from clipped where ${x} is not null group by ${x} order by count(*) desc, ${x} limit 1))`;
    case "previous":
      return sql`coalesce(${x}, last_value(${x} ignore nulls) over (order by r rows between unbounded preceding and current row))`;
  }
}

function maskWith(rule: MaskRule, x: Sql, salt: string): Sql {
  if (rule === "hash") return sql`sha256(${literal(salt)} || ${x})`;
  if (rule === "redact") return sql`case when ${x} is null then null else '***' end`;
  const first = rule.keep_first ?? 0;
  const last = rule.keep_last ?? 0;
  const shown = raw(String(first + last));
  // A text that is no longer than what may be seen is hidden whole.
  return sql`case when length(${x}) <= ${shown} then repeat('*', length(${x}))
    else left(${x}, ${raw(String(first))}) || repeat('*', length(${x}) - ${shown}) || right(${x}, ${raw(String(last))}) end`;
}

/**
 * Rows to leave out: those whose keys stand in `repeated` (the keys that occur more than once, and the row that stays). Few keys repeat in most
 * tables, so the join's table stays small.
 */
function deduplicate(params: CleanerParams, planned: readonly PlannedColumn[]): { repeated: Sql; single: Sql } {
  if (params.deduplicate === undefined || params.deduplicate === false) return { repeated: sql``, single: sql`` };
  const rule = params.deduplicate === true ? {} : params.deduplicate;
  const valueOf = (name: string): Sql => stagedValue(planned.findIndex((column) => column.name === name));
  const keys = rule.keys === undefined ? planned.map((_, at) => stagedValue(at)) : rule.keys.map(valueOf);
  const order = (rule.order_by ?? []).map((name) =>
    name.startsWith("-") && !planned.some((column) => column.name === name)
      ? sql`${valueOf(name.slice(1))} desc nulls last`
      : sql`${valueOf(name)} asc nulls last`,
  );
  const stays =
    rule.keep === "best"
      ? sql`first(r order by ${join([...order, raw("r")])})`
      : rule.keep === "last"
        ? sql`max(r)`
        : sql`min(r)`;
  const same = keys.map((key) => sql`d.${key} is not distinct from k.${key}`);
  return {
    repeated: sql`, repeated as (select ${join([...keys, sql`${stays} as stays`])} from kept group by ${join(keys)} having count(*) > 1)`,
    single: sql` where not exists (select 1 from repeated as d where ${join(same, " and ")} and d.stays <> k.r)`,
  };
}
