import type { SqlDialect, SqlValue } from "@datapy/mod-kit";
import { fault } from "../errors.js";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const HUGEINT_MIN = -(2n ** 127n);
const HUGEINT_MAX = 2n ** 127n - 1n;
const UHUGEINT_MAX = 2n ** 128n - 1n;

/** How DuckDB writes identifiers, values and table artifacts. */
export const duckdbDialect: SqlDialect = {
  identifier: quoteIdentifier,
  placeholder: (index) => `$${String(index)}`,
  literal,
  table: readParquet,
};

/** Quotes one identifier. Any text is one but the empty one and one that holds NUL. */
export function quoteIdentifier(name: string): string {
  if (name === "" || name.includes("\0"))
    throw fault("DATAPY_SQL_VALUE", { detail: `${JSON.stringify(name)} is not an identifier` });
  return `"${wellFormed(name).replaceAll('"', '""')}"`;
}

/** Quotes a text. NUL cannot stand in a statement, so a text with one is put together with `chr(0)`. */
export function quoteText(text: string): string {
  const quoted = wellFormed(text)
    .split("\0")
    .map((piece) => `'${piece.replaceAll("'", "''")}'`);
  return quoted.length === 1 ? (quoted[0] as string) : `(${quoted.join(" || chr(0) || ")})`;
}

/**
 * Reads one Parquet file. The path is one file and never a pattern, and its folders never become columns.
 */
export function readParquet(uri: string): string {
  return `read_parquet(${quoteText(escapeGlob(uri))}, hive_partitioning = false, union_by_name = false)`;
}

/** A path in which `*`, `?` and `[` stand for themselves, for DuckDB's file functions. */
export function escapeGlob(path: string): string {
  // DuckDB takes a backslash for a separator as soon as there is a pattern: it would look for another file.
  if (process.platform !== "win32" && path.includes("\\") && /[*?[]/.test(path)) {
    throw fault("DATAPY_SQL_VALUE", {
      detail: `the path ${JSON.stringify(path)} holds a backslash beside one of * ? [`,
    });
  }
  return path.replace(/[*?[]/g, (character) => `[${character}]`);
}

function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  switch (typeof value) {
    case "string":
      return quoteText(value);
    case "boolean":
      return value ? "TRUE" : "FALSE";
    case "number":
      return numberLiteral(value);
    case "bigint":
      return bigintLiteral(value);
    default:
      break;
  }
  if (value instanceof Uint8Array) {
    return `'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex").replace(/../g, "\\x$&")}'::BLOB`;
  }
  if (Array.isArray(value)) return `[${(value as readonly SqlValue[]).map(literal).join(", ")}]`;
  return structLiteral(value as Readonly<Record<string, SqlValue>>);
}

/** Whole numbers become integers, all others `DOUBLE` (a plain `1.5` would be a decimal). */
function numberLiteral(value: number): string {
  if (!Number.isFinite(value)) throw fault("DATAPY_SQL_VALUE", { detail: `${String(value)} is not a finite number` });
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return parenthesized(String(value));
  const text = Object.is(value, -0) ? "-0.0" : String(value);
  return parenthesized(text.includes("e") ? text : `${text}e0`);
}

function bigintLiteral(value: bigint): string {
  if (value > INT64_MIN && value <= INT64_MAX) return parenthesized(value.toString());
  if (value >= HUGEINT_MIN && value <= HUGEINT_MAX) return `'${value.toString()}'::HUGEINT`;
  if (value > 0n && value <= UHUGEINT_MAX) return `'${value.toString()}'::UHUGEINT`;
  throw fault("DATAPY_SQL_VALUE", { detail: "a whole number of more than 128 bits" });
}

/** A sign in front of a literal would otherwise bind weaker than what follows it (`-1::BIGINT`, `a -${-1}`). */
function parenthesized(text: string): string {
  return text.startsWith("-") ? `(${text})` : text;
}

function structLiteral(value: Readonly<Record<string, SqlValue>>): string {
  const entries = Object.entries(value);
  if (entries.length === 0) throw fault("DATAPY_SQL_VALUE", { detail: "an object without keys" });
  const fields = entries.map(([key, field]) => {
    if (key === "" || key.includes("\0"))
      throw fault("DATAPY_SQL_VALUE", { detail: `${JSON.stringify(key)} is not a field name` });
    return `${quoteText(key)}: ${literal(field)}`;
  });
  return `{${fields.join(", ")}}`;
}

/** Half a surrogate pair has no UTF-8 form: written anyway it would silently become U+FFFD. */
function wellFormed(text: string): string {
  if (isWellFormed(text)) return text;
  throw fault("DATAPY_SQL_VALUE", {
    detail: `${JSON.stringify(text.slice(0, 60))} holds half a character (a lone surrogate)`,
  });
}

/** Whether a text holds whole characters only, no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return (
    !/[\ud800-\udfff]/.test(text) ||
    !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)
  );
}
