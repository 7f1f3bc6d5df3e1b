import { join, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { CleanerParams } from "./params.js";

/** One rule on one column: what it is called in the metrics, and what it makes of the value. */
export interface TextRule {
  readonly rule: string;
  readonly apply: (x: Sql) => Sql;
  readonly shortcut?: Shortcut;
}

/** What most tables need of a rule, where that is much less work than the whole of it. */
export interface Shortcut {
  /** 0 where the rule leaves the value as it is, 1 where `apply` does the same as the rule, 2 where the whole rule is needed. */
  readonly need: (x: Sql) => Sql;
  readonly apply: (x: Sql) => Sql;
}

// White space as Unicode has it (White_Space), the byte order mark and the zero-width space with it.
const SPACES =
  " \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";
const SPACE = "[\\s\\v\\x{85}\\p{Z}\\x{feff}]";
/** {@link SPACE} but the blank. */
const OTHER_SPACE =
  "[\\t-\\r\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}]";
const CONTROL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x{84}\\x{86}-\\x{9f}\\x{200b}-\\x{200f}\\x{2060}\\x{feff}]";

type Switch = "remove_control_characters" | "trim" | "collapse_whitespace" | "normalize_unicode" | "strip_accents";

const SWITCHES: readonly (readonly [Switch, (x: Sql) => Sql])[] = [
  ["remove_control_characters", (x) => sql`regexp_replace(${x}, ${literal(CONTROL)}, '', 'g')`],
  ["trim", trim],
  ["collapse_whitespace", (x) => sql`regexp_replace(${x}, ${literal(`${SPACE}+`)}, ' ', 'g')`],
  ["normalize_unicode", (x) => sql`nfc_normalize(${x})`],
  ["strip_accents", (x) => sql`strip_accents(${x})`],
];

/** The text rules of a column, in the order in which they are done. `name` is the column's name after `rename`. */
export function textRules(params: CleanerParams, name: string): TextRule[] {
  const rules: TextRule[] = [];
  for (const [rule, apply] of SWITCHES) {
    const scope = params[rule];
    if (scope === true || (Array.isArray(scope) && scope.some((one) => one === name)))
      rules.push({ rule, apply, ...(rule === "trim" ? { shortcut: TRIM } : {}) });
  }
  const letters = own(params.case, name);
  if (letters !== undefined) rules.push({ rule: "case", apply: (x) => changeCase(x, letters) });
  for (const { column, pattern, replacement } of params.regex_replace ?? []) {
    if (column !== name) continue;
    rules.push({
      rule: "regex_replace",
      apply: (x) => sql`regexp_replace(${x}, ${literal(pattern)}, ${literal(replacement)}, 'g')`,
    });
  }
  const replacements = Object.entries(own(params.replace, name) ?? {});
  if (replacements.length > 0) {
    const cases = replacements.map(([from, to]) => sql`when ${literal(from)} then ${literal(to)}`);
    rules.push({ rule: "replace", apply: (x) => sql`case ${x} ${join(cases, " ")} else ${x} end` });
  }
  const nulls = params.null_values ?? [];
  if (nulls.length > 0) {
    rules.push({
      rule: "null_values",
      apply: (x) => sql`case when ${x} in (${join(nulls.map((one) => literal(one)))}) then null else ${x} end`,
    });
  }
  const fewest = typeof params.min_length === "number" ? params.min_length : own(params.min_length, name);
  if (fewest !== undefined && fewest > 0) {
    rules.push({
      rule: "min_length",
      apply: (x) => sql`case when length(${x}) < ${raw(String(fewest))} then null else ${x} end`,
    });
  }
  return rules;
}

/** The value that a mapping gives to a column, never one inherited from `Object.prototype`. */
export function own<Value>(mapping: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return mapping !== undefined && Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}

/** A quick look that tells most texts without white space at an end from the others: true for all that have some, and for a few more. */
function mayHaveSpaceAtEnd(x: Sql): Sql {
  const ends = join(
    [..." \t\n\v\f\r"].map((space) => sql`${x} like ${literal(`%${space}`)}`),
    " or ",
  );
  return sql`(${x} < '!' or ${ends} or strlen(${x}) <> length(${x}))`;
}

/** `trim` with a set of characters costs several times as much as looking first whether there is anything beside blanks to remove. */
function trim(x: Sql): Sql {
  const blanksRemoved = sql`trim(${x})`;
  const more = sql`regexp_matches(${blanksRemoved}, ${literal(`\\A${SPACE}|${SPACE}\\z`)})`;
  return sql`case when not ${mayHaveSpaceAtEnd(x)} then ${x} when ${more} then trim(${x}, ${literal(SPACES)}) else ${blanksRemoved} end`;
}

const TRIM: Shortcut = {
  need: (x) => sql`case when not ${mayHaveSpaceAtEnd(x)} then 0
    when regexp_matches(${x}, ${literal(`\\A *${OTHER_SPACE}|${OTHER_SPACE} *\\z`)}) then 2 when ${x} like ' %' or ${x} like '% ' then 1 else 0 end`,
  apply: (x) => sql`case when ${x} like ' %' or ${x} like '% ' then trim(${x}) else ${x} end`,
};

function changeCase(x: Sql, letters: "lower" | "upper" | "title"): Sql {
  if (letters === "title") {
    return sql`array_to_string(list_transform(string_split(lower(${x}), ' '), lambda word : upper(word[1]) || word[2:]), ' ')`;
  }
  return letters === "lower" ? sql`lower(${x})` : sql`upper(${x})`;
}
