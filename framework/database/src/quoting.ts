import type { SqlValue } from "@datapy/mod-kit";
import { databaseFault } from "./database-errors.js";

/** A name between `quote`s, each one inside doubled. Refuses empty names and NUL. */
export function quoteIdentifier(name: string, quote: '"' | "`", title: string): string {
  if (name === "" || name.includes("\0")) {
    const reason = name === "" ? "it is empty" : "it holds a NUL character";
    throw databaseFault("DATABASE_IDENTIFIER_INVALID", { name: JSON.stringify(name), database: title, reason });
  }
  return quote + name.replaceAll(quote, quote + quote) + quote;
}

/** A text between single quotes, each one inside doubled. For databases in which a backslash is a plain character. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A number as SQL text that keeps its value. Refuses those that SQL has no literal for. */
export function numberText(value: number | bigint): string {
  if (typeof value === "bigint") return value.toString();
  if (!Number.isFinite(value))
    throw databaseFault("DATABASE_INPUT_INVALID", { reason: `${String(value)} cannot be written in a statement` });
  return Object.is(value, -0) ? "-0.0" : String(value);
}

/** A list or an object among the values, as JSON text; `bigint`s keep their digits. */
export function jsonText(value: SqlValue): string {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("hex"));
  if (isList(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}:${jsonText(inner)}`)
      .join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Whether a value is a list; unlike `Array.isArray`, it keeps the element's type for read-only lists. */
export function isList(value: SqlValue): value is readonly SqlValue[] {
  return Array.isArray(value);
}
