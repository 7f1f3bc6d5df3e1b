import type { Column } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { quoteIdentifier } from "./duckdb-dialect.js";
import { errorText } from "./duckdb-error.js";

/** Types that Parquet files of DuckDB do not keep exactly, and the type that does. */
const EXACT: Readonly<Record<string, string>> = {
  // Would be written as DOUBLE: digits past 2^53 lost. A value past 38 digits is an error.
  HUGEINT: "DECIMAL(38,0)",
  UHUGEINT: "DECIMAL(38,0)",
  // Would be cut to milliseconds.
  INTERVAL: "VARCHAR",
  // Would be shifted to UTC, its offset lost.
  "TIME WITH TIME ZONE": "VARCHAR",
};

/** The type in which values of `type`, as `DESCRIBE` writes it, go into a Parquet file without loss. Mostly `type` itself. */
export function parquetType(type: string): string {
  const list = /^(.*?)((?:\[\d*\])+)$/s.exec(type);
  if (list !== null) return parquetType(list[1] ?? "") + (list[2] ?? "");
  // Would become a struct with a field a member, without their names; as JSON it is an object of the member's name and value.
  if (type.startsWith("UNION(")) return "JSON";
  const nested = /^(STRUCT|MAP)\((.*)\)$/s.exec(type);
  if (nested === null) return EXACT[type] ?? type;
  const parts = splitParts(nested[2] ?? "").map((part) => {
    const field = nested[1] === "STRUCT" ? fieldOf(part) : undefined;
    return field === undefined ? parquetType(part) : `${field.name} ${parquetType(field.type)}`;
  });
  return `${nested[1] ?? ""}(${parts.join(", ")})`;
}

/** A field has a name, unless the struct is a tuple: then it is the type alone. */
function fieldOf(part: string): { readonly name: string; readonly type: string } | undefined {
  if (/^TIME(?:STAMP)? WITH TIME ZONE(?:\[|$)/.test(part)) return undefined;
  const field = /^("(?:[^"]|"")*"|[^\s"'(]+) (.*)$/s.exec(part);
  return field === null ? undefined : { name: field[1] ?? "", type: field[2] ?? "" };
}

/** Splits at the commas that stand in no parentheses and no quotes. */
function splitParts(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const [piece] of text.matchAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|./gs)) {
    if (piece === "(") depth += 1;
    if (piece === ")") depth -= 1;
    if (piece === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
    } else part += piece;
  }
  return [...parts, part.trim()];
}

/** `query` with every column cast that a Parquet file would damage. */
export function parquetSafe(query: string, columns: readonly Column[]): string {
  return replacing(
    query,
    columns.map(({ name, type }) => ({ name, before: type, after: parquetType(type) })),
  );
}

/** A query that gives the columns of a file that was written {@link parquetSafe}ly in the types that they had before. */
export function parquetRestored(source: string, written: readonly Column[], before: readonly Column[]): string {
  return replacing(
    `SELECT * FROM ${source}`,
    before.map(({ name, type }, index) => {
      const now = written[index]?.type ?? type;
      // NULLs of no type cannot be cast to.
      return { name, before: now, after: type.includes('"NULL"') ? now : type };
    }),
  );
}

/** The error of writing `columns` {@link parquetSafe}ly, said in the user's terms where a number is too long for it. */
export function parquetError(error: unknown, columns: readonly Column[]): unknown {
  const value = /Could not cast value (-?\d+) to DECIMAL\(38,0\)/.exec(errorText(error))?.[1];
  const long = columns.filter(({ type }) => type.includes("HUGEINT") && parquetType(type) !== type);
  if (value === undefined || long.length === 0) return error;
  const named = long.map(({ name, type }) => `${JSON.stringify(name)} (${type})`).join(", ");
  return fault("DATAPY_DATA_NUMBER_TOO_LONG", { value, columns: named }, { cause: error });
}

function replacing(
  query: string,
  columns: readonly { readonly name: string; readonly before: string; readonly after: string }[],
): string {
  const casts = columns
    .filter(({ before, after }) => before !== after)
    .map(({ name, after }) => `CAST(${quoteIdentifier(name)} AS ${after}) AS ${quoteIdentifier(name)}`);
  return casts.length === 0 ? query : `SELECT * REPLACE (${casts.join(", ")}) FROM (${query}\n)`;
}
