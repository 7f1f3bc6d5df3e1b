import { integerDigits, parseDuckType } from "../../duck-type.js";
import type { DatabaseColumn, Fit } from "../../dialect.js";

/** What SQLite does to values on their way into a column. */
export type Affinity = "INTEGER" | "TEXT" | "BLOB" | "REAL" | "NUMERIC";

/** Affinity of a declared type, by SQLite's own five rules in their order (https://sqlite.org/datatype3.html#determination_of_column_affinity). */
export function affinityOf(declared: string): Affinity {
  const type = declared.toUpperCase();
  if (type.includes("INT")) return "INTEGER";
  if (/CHAR|CLOB|TEXT/.test(type)) return "TEXT";
  if (type === "" || type.includes("BLOB")) return "BLOB";
  if (/REAL|FLOA|DOUB/.test(type)) return "REAL";
  return "NUMERIC";
}

/** Decimal digits that SQLite's numbers always keep. */
const SAFE_DIGITS = 15;

/**
 * The declared type that keeps every value of a DuckDB type. SQLite has no decimals, dates or lists: what it would damage as a number is
 * declared with `TEXT` in its name, which gives it text affinity and lets the reader know what it was.
 */
export function sqliteTypeOf(duckType: string): string {
  const type = parseDuckType(duckType);
  switch (type.base) {
    case "BOOLEAN":
      return "BOOLEAN";
    case "TINYINT":
    case "SMALLINT":
    case "INTEGER":
    case "BIGINT":
    case "UTINYINT":
    case "USMALLINT":
    case "UINTEGER":
      return type.base;
    case "UBIGINT":
      return "DECIMAL_TEXT(20,0)";
    case "HUGEINT":
    case "UHUGEINT":
      return "DECIMAL_TEXT(38,0)";
    case "DECIMAL":
      return `${(type.precision as number) <= SAFE_DIGITS ? "DECIMAL" : "DECIMAL_TEXT"}(${String(type.precision)},${String(type.scale)})`;
    case "FLOAT":
      return "FLOAT";
    case "DOUBLE":
      return "DOUBLE";
    case "DATE":
    case "TIME":
    case "UUID":
      return type.base;
    case "TIMESTAMP":
    case "TIMESTAMP_S":
    case "TIMESTAMP_MS":
      return "TIMESTAMP";
    case "TIMESTAMP_NS":
      return "TIMESTAMP_NS";
    case "TIMESTAMP WITH TIME ZONE":
      return "TIMESTAMPTZ";
    case "BLOB":
      return "BLOB";
    case "JSON":
    case "STRUCT":
    case "MAP":
    case "UNION":
    case "LIST":
      return "JSON_TEXT";
    default:
      return "TEXT";
  }
}

const NEVER_NUMBERS = new Set([
  "DATE",
  "TIME",
  "UUID",
  "TIMESTAMP",
  "TIMESTAMP_S",
  "TIMESTAMP_MS",
  "TIMESTAMP_NS",
  "TIMESTAMP WITH TIME ZONE",
]);

/** How values of a DuckDB type keep in a SQLite column. SQLite refuses hardly anything; it converts. */
export function sqliteFit(duckType: string, column: DatabaseColumn): Fit {
  const from = parseDuckType(duckType);
  const affinity = affinityOf(column.type);
  if (affinity === "BLOB" || from.base === "BLOB" || NEVER_NUMBERS.has(from.base)) return "exact";
  const digits = from.base === "BOOLEAN" ? 1 : integerDigits(from);
  if (digits !== undefined) {
    if (digits > 19) return affinity === "TEXT" ? "exact" : "lossy";
    return affinity === "REAL" && digits > SAFE_DIGITS ? "lossy" : "exact";
  }
  if (from.base === "FLOAT" || from.base === "DOUBLE") return affinity === "TEXT" ? "lossy" : "exact";
  if (affinity === "TEXT") return "exact";
  return from.base === "DECIMAL" && (from.precision as number) <= SAFE_DIGITS ? "exact" : "lossy";
}
