import {
  DatapyError,
  closestName,
  ident,
  isKnownType,
  join,
  literal,
  raw,
  rowMarks,
  rowNumber,
  sql,
  strictCast,
  table,
} from "@datapy/mod-kit";
import type { Column, Sql } from "@datapy/mod-kit";
import type { ValidatorParams, ValidatorRule } from "./params.js";

/** A rule, ready to run. `bad` is an SQL condition, true for the rows that break the rule, and never NULL. */
export interface Condition {
  readonly name: string;
  readonly severity: "error" | "warn";
  readonly bad: Sql;
  /** What `bad` looks up: statements to be run first. */
  readonly lookup: readonly Sql[];
}

/** What {@link planConditions} needs of the run. */
export interface ConditionSurroundings {
  readonly input: readonly Column[];
  /** Columns of another table. */
  describe(artifact: string): Promise<readonly Column[]>;
  /** Rows of the input. */
  readonly rows: number;
}

/** Name of the row number in the statements; no column of the table has it. */
export function rowNumberName(columns: readonly Column[]): string {
  let name = "row_number_of_the_input";
  while (columns.some((column) => column.name.toLowerCase() === name)) name += "_";
  return name;
}

/** Makes conditions of the rules. Throws `VALIDATOR_BAD_RULE` (20), which names every rule that does not fit the table. */
export async function planConditions(params: ValidatorParams, around: ConditionSurroundings): Promise<Condition[]> {
  const faults: string[] = [];
  const conditions: Condition[] = [];
  const names = new Set<string>();
  for (const [index, rule] of params.rules.entries()) {
    const name = rule.name ?? defaultName(rule);
    if (names.has(name))
      faults.push(`rules[${index}]: there is another rule called ${quoted(name)}: give it a \`name\``);
    names.add(name);
    const before = faults.length;
    const known = columnsOf(rule).map((column) => {
      const found = around.input.find((one) => one.name === column);
      if (found === undefined)
        faults.push(
          `rules[${index}] (${rule.check}): there is no column ${quoted(column)}${suggestion(column, around.input)}`,
        );
      return found;
    });
    if (faults.length > before) continue;
    const found = known as Column[];
    const made = await condition(rule, found, params, around, index, (text) => {
      faults.push(`rules[${index}] (${rule.check}): ${text}`);
      return undefined;
    });
    if (made !== undefined)
      conditions.push({
        name,
        severity: rule.severity ?? "error",
        bad: sql`coalesce(${made.bad}, false)`,
        lookup: made.lookup,
      });
  }
  if (faults.length > 0) {
    throw new DatapyError({
      code: "VALIDATOR_BAD_RULE",
      exitCode: 20,
      message: faults.join("; "),
      parameter: ["rules", Number(/^rules\[(\d+)\]/.exec(faults[0] ?? "")?.[1] ?? 0)],
      hint: `The columns are ${around.input.map((one) => `${quoted(one.name)} ${one.type}`).join(", ")}.`,
    });
  }
  return conditions;
}

function columnsOf(rule: ValidatorRule): readonly string[] {
  if ("columns" in rule) return rule.columns;
  return "column" in rule ? [rule.column] : [];
}

function defaultName(rule: ValidatorRule): string {
  return rule.check === "expression" ? rule.expression : `${rule.check}(${columnsOf(rule).join(", ")})`;
}

async function condition(
  rule: ValidatorRule,
  columns: readonly Column[],
  params: ValidatorParams,
  around: ConditionSurroundings,
  index: number,
  refuse: (text: string) => undefined,
): Promise<{ bad: Sql; lookup: Condition["lookup"] } | undefined> {
  const [column] = columns;
  const x = column === undefined ? sql`null` : ident(column.name);
  const isText = column?.type === "VARCHAR";
  const plain = (bad: Sql): { bad: Sql; lookup: readonly Sql[] } => ({ bad, lookup: [] });
  const textOnly = (bad: Sql): { bad: Sql; lookup: readonly Sql[] } | undefined => {
    if (isText) return plain(bad);
    refuse(`${quoted(column?.name ?? "")} is ${column?.type ?? ""}, not text`);
    return undefined;
  };
  switch (rule.check) {
    case "required":
      return plain(isText ? sql`(${x} is null or ${x} = '')` : sql`${x} is null`);
    case "type":
      if (!isKnownType(rule.type)) {
        refuse(`${quoted(rule.type)} is not a type that can be checked`);
        return;
      }
      return plain(
        strictCast(x, column?.type ?? "", {
          type: rule.type,
          ...(rule.formats === undefined ? {} : { formats: rule.formats }),
        }).bad,
      );
    case "range": {
      if (rule.min === undefined && rule.max === undefined) {
        refuse("needs `min`, `max` or both");
        return;
      }
      const type = raw(column?.type ?? "");
      const sides = [
        ...(rule.min === undefined ? [] : [sql`${x} < cast(${literal(rule.min)} as ${type})`]),
        ...(rule.max === undefined ? [] : [sql`${x} > cast(${literal(rule.max)} as ${type})`]),
      ];
      return plain(sql`(${join(sides, " or ")})`);
    }
    case "length": {
      if (rule.min === undefined && rule.max === undefined) {
        refuse("needs `min`, `max` or both");
        return;
      }
      return textOnly(
        sql`length(${x}) not between ${raw(String(rule.min ?? 0))} and ${raw(String(rule.max ?? Number.MAX_SAFE_INTEGER))}`,
      );
    }
    case "pattern":
      return textOnly(sql`not regexp_full_match(${x}, ${literal(rule.pattern)})`);
    case "enum":
      return plain(
        sql`${isText ? x : sql`cast(${x} as varchar)`} not in (${join(rule.values.map((one) => literal(String(one))))})`,
      );
    case "expression":
      // A line end keeps a comment in the expression from swallowing the closing bracket.
      return plain(sql`not (${raw(rule.expression)}\n)`);
    case "unique": {
      const row = ident(rowNumberName(around.input));
      const keys = columns.map((one) => ident(one.name));
      const filled = join(
        keys.map((key) => sql`${key} is not null`),
        " and ",
      );
      const repeated = sql`(select ${join(keys)}, min(${row}) as ${row} from ${numbered(params, around)} where ${filled} group by ${join(keys)} having count(*) > 1)`;
      const same = join(
        keys.map((key) => sql`d.${key} = i.${key}`),
        " and ",
      );
      const others = rule.keep === "first" ? sql` and d.${row} <> i.${row}` : sql``;
      return lookUp(
        sql`select i.${row} as n from ${numbered(params, around)} as i join ${repeated} as d on ${same}${others}`,
        around,
        index,
      );
    }
    case "foreign_key":
      return foreignKey(rule, columns, params, around, index, refuse);
  }
}

async function foreignKey(
  rule: Extract<ValidatorRule, { check: "foreign_key" }>,
  columns: readonly Column[],
  params: ValidatorParams,
  around: ConditionSurroundings,
  index: number,
  refuse: (text: string) => undefined,
): Promise<{ bad: Sql; lookup: Condition["lookup"] } | undefined> {
  const references = rule.references ?? rule.columns;
  if (references.length !== columns.length) {
    refuse("`references` names as many columns as `columns`");
    return;
  }
  const other = await around.describe(rule.input_artifact);
  for (const [at, name] of references.entries()) {
    const found = other.find((one) => one.name === name);
    const own = columns[at];
    if (found === undefined) {
      refuse(`${rule.input_artifact} has no column ${quoted(name)}${suggestion(name, other)}`);
      return;
    }
    if (own !== undefined && isText(found) !== isText(own)) {
      refuse(`${quoted(own.name)} is ${own.type} but ${quoted(name)} is ${found.type}: cast one of them first`);
      return;
    }
  }
  const keys = references.map((name) => ident(name));
  const filled = join(
    keys.map((key) => sql`${key} is not null`),
    " and ",
  );
  const known = sql`(select distinct ${join(keys.map((key, at) => sql`${key} as ${ident(`k${at}`)}`))} from ${table(rule.input_artifact)} where ${filled})`;
  const same = join(
    columns.map((one, at) => sql`d.${ident(`k${at}`)} = i.${ident(one.name)}`),
    " and ",
  );
  const given = join(
    columns.map((one) => sql`i.${ident(one.name)} is not null`),
    " and ",
  );
  const row = ident(rowNumberName(around.input));
  return lookUp(
    sql`select i.${row} as n from ${numbered(params, around)} as i where ${given} and not exists (select 1 from ${known} as d where ${same})`,
    around,
    index,
  );
}

function numbered(params: ValidatorParams, { input }: ConditionSurroundings): Sql {
  return sql`(select *, ${rowNumber(input)} as ${ident(rowNumberName(input))} from ${table(params.input_artifact)})`;
}

/** The condition of the rows whose numbers `n` a query gives. */
function lookUp(query: Sql, around: ConditionSurroundings, index: number): { bad: Sql; lookup: readonly Sql[] } {
  const marks = rowMarks(`rows_that_break_${String(index)}`, query, around.rows);
  return { bad: marks.isMarked(ident(rowNumberName(around.input))), lookup: marks.statements };
}

function isText(column: Column): boolean {
  return column.type === "VARCHAR";
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function suggestion(name: string, among: readonly Column[]): string {
  const found = closestName(
    name,
    among.map((one) => one.name),
  );
  return found === undefined ? "" : ` (did you mean ${quoted(found)}?)`;
}
