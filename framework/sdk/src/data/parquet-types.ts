import type { Column } from "@datapy/mod-kit";
import { quoteIdentifier } from "./duckdb-dialect.js";

/** Types that Parquet files of DuckDB do not keep exactly, and the type that does. */
const EXACT: readonly (readonly [RegExp, string])[] = [
  // Would be written as DOUBLE: digits past 2^53 lost. A value past 38 digits is an error.
  [/\bU?HUGEINT\b/g, "DECIMAL(38,0)"],
  // Would be cut to milliseconds.
  [/\bINTERVAL\b/g, "VARCHAR"],
  // Would be shifted to UTC, its offset lost.
  [/\bTIME WITH TIME ZONE\b/g, "VARCHAR"],
];

/** The type in which values of `type` go into a Parquet file without loss. Mostly `type` itself. */
export function parquetType(type: string): string {
  // Names of fields stand in double quotes when they are not plain words, and values of enums in single ones.
  return type
    .split(/("(?:[^"]|"")*"|'(?:[^']|'')*')/)
    .map((piece, index) =>
      index % 2 === 1 ? piece : EXACT.reduce((text, [pattern, exact]) => text.replace(pattern, exact), piece),
    )
    .join("");
}

/** `query` with every column cast that a Parquet file would damage. */
export function parquetSafe(query: string, columns: readonly Column[]): string {
  const casts = columns.map(({ name, type }) => {
    const exact = parquetType(type);
    return exact === type ? undefined : `CAST(${quoteIdentifier(name)} AS ${exact}) AS ${quoteIdentifier(name)}`;
  });
  const changed = casts.filter((cast) => cast !== undefined);
  return changed.length === 0 ? query : `SELECT * REPLACE (${changed.join(", ")}) FROM (${query}\n)`;
}
