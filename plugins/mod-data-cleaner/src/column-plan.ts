import { DatapyError, closestName, isKnownType } from "@datapy/mod-kit";
import type { Column } from "@datapy/mod-kit";
import { castTarget } from "./params.js";
import type { CleanerParams } from "./params.js";
import { own } from "./text-rules.js";

/** A column on its way from input to output. */
export interface PlannedColumn {
  /** Place in the input, from 0. */
  readonly index: number;
  readonly source: string;
  /** Name after `rename`. */
  readonly name: string;
  readonly sourceType: string;
  /** Type after `cast`. */
  readonly type: string;
}

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|REAL|DOUBLE|DECIMAL\(.*\))$/i;

/** Whether values of the type can be averaged and clipped. */
export function isNumeric(type: string): boolean {
  return NUMERIC.test(type);
}

/**
 * `watched` are columns whose names are to be checked, too. Which columns come out, and as what. Throws `CLEANER_BAD_RULE` (20), which names every rule that does not fit the table.
 */
export function planColumns(
  params: CleanerParams,
  input: readonly Column[],
  watched: readonly string[],
): PlannedColumn[] {
  const faults: string[] = [];
  const sources = input.map((column) => column.name);
  // A column that `select` misspells is missed by every rule after it: that is one fault.
  const missed = new Set<string>();
  const known = (names: readonly string[], where: string, among: readonly string[]): void => {
    for (const name of names)
      if (!among.includes(name) && !missed.has(name))
        faults.push(`${where}: there is no column ${quoted(name)}${suggestion(name, among)}`);
  };
  known(Object.keys(params.rename ?? {}), "rename", sources);
  const renamed = input.map((column, index) => ({
    column,
    index,
    name: own(params.rename, column.name) ?? column.name,
  }));
  const names = renamed.map((one) => one.name);
  names.forEach((name, at) => {
    if (names.indexOf(name) !== at) faults.push(`rename: two columns would be called ${quoted(name)}`);
  });
  const offered = [...new Set([...names, ...sources])];
  known(params.select ?? [], "select", offered);
  known(params.drop ?? [], "drop", offered);
  const called = (list: readonly string[] | undefined, one: (typeof renamed)[number]): number =>
    list === undefined ? -1 : list.includes(one.name) ? list.indexOf(one.name) : list.indexOf(one.column.name);
  const kept = renamed
    .filter((one) => (params.select === undefined || called(params.select, one) >= 0) && called(params.drop, one) < 0)
    .sort((a, b) => called(params.select, a) - called(params.select, b));
  if ((params.select ?? []).some((name) => !offered.includes(name))) for (const name of offered) missed.add(name);
  if (kept.length === 0) faults.push("select, drop: no column is left");

  const planned = kept.map(({ column, index, name }): PlannedColumn => {
    const cast = own(params.cast, name);
    const wanted = cast === undefined ? undefined : castTarget(cast).type.toUpperCase();
    const type = wanted === undefined || !isKnownType(wanted) ? column.type : wanted;
    return { index, source: column.name, name, sourceType: column.type, type: TYPE_NAMES[type] ?? type };
  });
  const planNames = planned.map((column) => column.name);
  known(watched, "null_strategy", planNames);
  checkRules(params, planned, faults, known);
  if (faults.length > 0) {
    throw new DatapyError({
      code: "CLEANER_BAD_RULE",
      exitCode: 20,
      message: faults.join("; "),
      parameter: faults[0]?.split(/[:,.]/, 1) ?? [],
      hint: `The columns are ${(missed.size > 0 ? input : planned).map((one) => `${quoted(one.name)} ${one.type}`).join(", ")}.`,
    });
  }
  return planned;
}

/** Types that are mostly cast to, for suggestions. */
const CAST_TYPES = ["INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE", "TIME", "TIMESTAMP", "DECIMAL(18,2)"];

/** Other spellings of DuckDB types. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  INT: "INTEGER",
  REAL: "FLOAT",
  BOOL: "BOOLEAN",
  TEXT: "VARCHAR",
  TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE",
};

function checkRules(
  params: CleanerParams,
  planned: readonly PlannedColumn[],
  faults: string[],
  known: (names: readonly string[], where: string, among: readonly string[]) => void,
): void {
  const names = planned.map((column) => column.name);
  const ofType = (
    rule: string,
    used: readonly string[],
    fits: (column: PlannedColumn) => boolean,
    wanted: string,
  ): void => {
    known(used, rule, names);
    for (const column of planned) {
      if (used.includes(column.name) && !fits(column))
        faults.push(`${rule}: ${quoted(column.name)} is ${column.sourceType}, not ${wanted}`);
    }
  };
  const listed = (value: boolean | readonly string[] | undefined): readonly string[] =>
    Array.isArray(value) ? (value as string[]) : [];
  const text = (rule: string, used: readonly string[]): void =>
    ofType(rule, used, (column) => column.sourceType === "VARCHAR", "text");
  for (const rule of [
    "trim",
    "collapse_whitespace",
    "remove_control_characters",
    "normalize_unicode",
    "strip_accents",
  ] as const) {
    text(rule, listed(params[rule]));
  }
  text("case", Object.keys(params.case ?? {}));
  text(
    "regex_replace",
    (params.regex_replace ?? []).map((one) => one.column),
  );
  text("replace", Object.keys(params.replace ?? {}));
  text("min_length", typeof params.min_length === "object" ? Object.keys(params.min_length) : []);
  known(Object.keys(params.cast ?? {}), "cast", names);
  for (const [name, rule] of Object.entries(params.cast ?? {})) {
    const { type } = castTarget(rule);
    if (!isKnownType(type))
      faults.push(
        `cast: ${quoted(name)}: ${quoted(type)} is not a type that can be cast to${suggestion(type, CAST_TYPES)}`,
      );
  }
  const numeric = (column: PlannedColumn): boolean => isNumeric(column.type);
  ofType("outliers", Object.keys(params.outliers ?? {}), numeric, "a number (cast it first)");
  ofType(
    "fill",
    Object.keys(params.fill ?? {}),
    (column) => own(params.fill, column.name) !== "mean" || numeric(column),
    "a number, which `mean` needs",
  );
  known(params.null_columns ?? [], "null_columns", names);
  if (params.null_strategy === "fill" && Object.keys(params.fill ?? {}).length === 0)
    faults.push("null_strategy: `fill` needs the parameter `fill`");
  const unique = typeof params.deduplicate === "object" ? params.deduplicate : undefined;
  known(unique?.keys ?? [], "deduplicate.keys", names);
  known(
    (unique?.order_by ?? []).map((one) => one.replace(/^-/, "")),
    "deduplicate.order_by",
    names,
  );
  if (unique !== undefined && (unique.keep === "best") !== (unique.order_by !== undefined)) {
    faults.push("deduplicate: `keep: best` and `order_by` go together");
  }
  ofType("mask", Object.keys(params.mask ?? {}), (column) => column.type === "VARCHAR", "text");
  if (Object.values(params.mask ?? {}).includes("hash") && params.mask_salt === undefined)
    faults.push("mask: `hash` needs `mask_salt`");
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function suggestion(name: string, among: readonly string[]): string {
  const found = closestName(name, among);
  return found === undefined ? "" : ` (did you mean ${quoted(found)}?)`;
}
