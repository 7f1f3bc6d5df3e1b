import { ident, join, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { PlannedColumn } from "./column-plan.js";
import type { CleanerParams, FillRule, MaskRule, OutlierRule } from "./params.js";
import { plannedValue } from "./row-rules.js";
import type { RowRules } from "./row-rules.js";
import { own } from "./text-rules.js";

/** A number that {@link TableRules.counts} gives. */
export interface RuleCount {
  /** Its name there. */
  readonly name: string;
  readonly rule: string;
  /** The column that the rule changed; none for rows. */
  readonly column: string | undefined;
}

/** The second half of the work: every rule that looks at the row as it has become so far, or at other rows too. */
export interface TableRules {
  /**
   * Query of one row: `bad`, how many values and rows each rule changed, under the names in {@link counted}, and whether any row forbids a rule's
   * shortcut, under the flag's `unless`.
   */
  readonly counts: Sql;
  readonly counted: readonly RuleCount[];
  /** What leaves out rows that equal others; none when that was not asked for. */
  readonly duplicates: Duplicates | undefined;
  /** Query of the output, in the order of the input; `without` is a condition over `k` for rows to leave out. */
  output(without?: Sql): Sql;
}

/**
 * How duplicates are left out. A join of the rows with the keys that repeat would lose their order, so that the join gives a bit a row instead, by
 * which the rows are then filtered as they are read.
 */
export interface Duplicates {
  /** Query of the keys that occur more than once: the row that `stays` and how many are `more`. Few keys repeat in most tables. */
  readonly repeated: Sql;
  /** Query of the numbers `n` of the rows to leave out, by a table of {@link repeated}. */
  surplus(repeated: Sql): Sql;
}

/** Where the rows come from after the row-wise rules, and whether bad ones are among them that are to be left out. */
export interface RowSource {
  readonly rows: Sql;
  readonly leaveOutBad: boolean;
}

/** Whether a rule needs to know other rows before it can change the first one. */
export function needsOtherRows({ fill = {}, outliers = {} }: CleanerParams): boolean {
  return (
    Object.values(fill).some((rule) => typeof rule !== "object") ||
    Object.values(outliers).some(({ min: _min, max: _max, ...others }) => Object.keys(others).length > 0)
  );
}

/** Writes the second half over the rows of the first. Rows that are bad are never counted as changed. */
export function tableRules(
  params: CleanerParams,
  planned: readonly PlannedColumn[],
  { flags, casts }: RowRules,
  { rows, leaveOutBad }: RowSource,
): TableRules {
  const counted: RuleCount[] = [];
  const counts: Sql[] = [];
  const countWhere = (condition: Sql): Sql =>
    sql`count(*) filter (where ${casts ? sql`b is null and ` : sql``}(${condition}))`;
  const count = (rule: string, column: string | undefined, number: Sql): void => {
    const name = `n${String(counted.length)}`;
    counted.push({ name, rule, column });
    counts.push(sql`${number} as ${ident(name)}`);
  };
  for (const { flag, rule, column } of flags) count(rule, column, countWhere(ident(flag)));
  const shortcuts = flags.flatMap(({ unless }) => (unless === undefined ? [] : [ident(unless)]));
  const fromRows: Sql[] = [raw("b"), ...flags.map(({ flag }) => ident(flag)), ...shortcuts];
  const marks = [...fromRows];
  const outside: Sql[] = [];
  const empty: Sql[] = [];
  const values = planned.map((_, at) => plannedValue(at));

  const clipped = planned.map((column, at) => {
    const rule = own(params.outliers, column.name);
    const x = plannedValue(at);
    if (rule === undefined) return x;
    const bounds = clipTo(rule, x, column.type);
    const mark = ident(`o${String(at)}`);
    outside.push(sql`${bounds.outside} as ${mark}`);
    marks.push(mark);
    count("outliers", column.name, countWhere(mark));
    return sql`${bounds.clip} as ${x}`;
  });
  const filled = planned.map((column, at) => {
    const rule = own(params.fill, column.name);
    const x = plannedValue(at);
    if (rule === undefined) return x;
    const mark = ident(`e${String(at)}`);
    empty.push(sql`${x} is null as ${mark}`);
    count("fill", column.name, sql`${countWhere(mark)} - ${countWhere(sql`${x} is null`)}`);
    return sql`${fillWith(rule, x, column.type)} as ${x}`;
  });
  const watched = planned.flatMap((column, at) =>
    params.null_columns === undefined || params.null_columns.includes(column.name)
      ? [sql`${plannedValue(at)} is not null`]
      : [],
  );
  const whole = params.null_strategy === "drop" && watched.length > 0 ? join(watched, " and ") : undefined;
  if (whole !== undefined) count("rows_dropped", undefined, countWhere(sql`not (${whole})`));
  const masked = planned.map((column, at) => {
    const rule = own(params.mask, column.name);
    const x = plannedValue(at);
    return sql`${rule === undefined ? x : maskWith(rule, x, params.mask_salt ?? "")} as ${ident(column.name)}`;
  });
  const clauses = sql`
    good as (select * from ${rows}${leaveOutBad ? sql` where b is null` : sql``}),
    clipped as (select ${join([raw("r"), ...fromRows, ...outside, ...clipped])} from good),
    filled as (select ${join([raw("r"), ...marks, ...empty, ...filled])} from clipped),
    kept as (select ${join([raw("r"), ...values])} from filled${whole === undefined ? sql`` : sql` where ${whole}`})`;
  const duplicates = deduplicate(params, planned);
  return {
    counts: sql`with ${clauses} select ${join([sql`count(b) as bad`, ...counts, ...shortcuts.map((one) => sql`bool_or(${one}) as ${one}`)])} from filled`,
    counted,
    duplicates: duplicates && {
      repeated: sql`with ${clauses} ${duplicates.repeated}`,
      surplus: (repeated) => sql`with ${clauses} ${duplicates.surplus(repeated)}`,
    },
    output: (without) =>
      sql`with ${clauses} select ${join(masked)} from kept as k${without === undefined ? sql`` : sql` where not ${without}`}`,
  };
}

/** The tightest bounds of a rule, as greatest and least; NULL stays NULL. */
function clipTo(rule: OutlierRule, x: Sql, type: string): { readonly clip: Sql; readonly outside: Sql } {
  const lower: Sql[] = [];
  const upper: Sql[] = [];
  const statistic = (expression: Sql): Sql => sql`(select ${expression} from good)`;
  const whole = type.includes("INT");
  if (rule.min !== undefined) lower.push(whole ? sql`ceil(${literal(rule.min)})` : literal(rule.min));
  if (rule.max !== undefined) upper.push(whole ? sql`floor(${literal(rule.max)})` : literal(rule.max));
  if (rule.quantiles !== undefined) {
    lower.push(quantile(x, Math.min(...rule.quantiles)));
    upper.push(quantile(x, Math.max(...rule.quantiles)));
  }
  const wide = wideType(type);
  if (rule.iqr !== undefined) {
    const [first, third] = [quantile(x, 0.25), quantile(x, 0.75)];
    const spread =
      wide === undefined
        ? sql`${literal(rule.iqr)} * (${third} - ${first})`
        : toward(sql`${literal(rule.iqr)} * cast(cast(${third} as ${raw(wide)}) - ${first} as double)`, wide, "floor");
    lower.push(within(first, "-", spread));
    upper.push(within(third, "+", spread));
  }
  if (rule.standard_deviations !== undefined) {
    const { base, distance } = fromLeast(x, wide, statistic);
    const centre = statistic(sql`avg(${distance})`);
    const spread = sql`${literal(rule.standard_deviations)} * ${statistic(sql`stddev_samp(${distance})`)}`;
    lower.push(above(base, sql`(${centre} - ${spread})`, wide, "ceil"));
    upper.push(above(base, sql`(${centre} + ${spread})`, wide, "floor"));
  }
  // A bound between two values of a whole-number type is brought inside the bounds, so that no clipped value lies outside.
  const inward = (bound: Sql, round: "ceil" | "floor"): Sql =>
    whole && wide === undefined
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

/** The type to reckon in where a DOUBLE would lose digits of the column; `undefined` where it keeps them all. */
function wideType(type: string): string | undefined {
  if (type === "UHUGEINT") return type;
  if (/^(U?BIGINT|HUGEINT)$/.test(type)) return "HUGEINT";
  const decimal = /^DECIMAL\((\d+), ?(\d+)\)$/.exec(type);
  return decimal !== null && Number(decimal[1]) > 15 ? `DECIMAL(38,${decimal[2] ?? "0"})` : undefined;
}

/** Values as distances from the least one: what a DOUBLE rounds then is small against their spread, and not against the values. */
function fromLeast(
  x: Sql,
  wide: string | undefined,
  statistic: (expression: Sql) => Sql,
): { readonly base: Sql | undefined; readonly distance: Sql } {
  if (wide === undefined) return { base: undefined, distance: x };
  const base = sql`cast(${statistic(sql`min(${x})`)} as ${raw(wide)})`;
  return { base, distance: sql`cast(cast(${x} as ${raw(wide)}) - ${base} as double)` };
}

/** The value at a distance from the least one; NULL where the type has no such value, so that none can lie beyond it. */
function above(base: Sql | undefined, distance: Sql, wide: string | undefined, round: "ceil" | "floor"): Sql {
  return base === undefined || wide === undefined ? distance : within(base, "+", toward(distance, wide, round));
}

/** A sum or difference; NULL past the limits of its type. */
function within(a: Sql, operator: "+" | "-", b: Sql): Sql {
  return sql`(select try(a ${raw(operator)} b) from (select ${a} as a, ${b} as b))`;
}

function toward(value: Sql, wide: string, round: "ceil" | "floor"): Sql {
  return wide.includes("INT")
    ? sql`try_cast(${raw(round)}(${value}) as ${raw(wide)})`
    : sql`try_cast(${value} as ${raw(wide)})`;
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
    case "mean": {
      const wide = wideType(type);
      const { base, distance } = fromLeast(x, wide, (expression) => sql`(select ${expression} from clipped)`);
      const mean = sql`(select avg(${distance}) from clipped)`;
      return sql`coalesce(${x}, cast(${base === undefined || wide === undefined ? mean : sql`${base} + cast(${mean} as ${raw(wide)})`} as ${target}))`;
    }
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

function deduplicate(params: CleanerParams, planned: readonly PlannedColumn[]): Duplicates | undefined {
  if (params.deduplicate === undefined || params.deduplicate === false) return undefined;
  const rule = params.deduplicate === true ? {} : params.deduplicate;
  const valueOf = (name: string): Sql => plannedValue(planned.findIndex((column) => column.name === name));
  const keys = rule.keys === undefined ? planned.map((_, at) => plannedValue(at)) : rule.keys.map(valueOf);
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
    repeated: sql`select ${join([...keys, sql`${stays} as stays`, raw("count(*) - 1 as more")])} from kept group by ${join(keys)} having count(*) > 1`,
    surplus: (repeated) =>
      sql`select k.r as n from kept as k join ${repeated} as d on ${join(same, " and ")} and d.stays <> k.r`,
  };
}
