import { ident, literal, sql } from "@datapy/mod-kit";
import type { Column, Sql } from "@datapy/mod-kit";
import type { FileFormat } from "./file-format.js";
import type { WriterParameters } from "./parameters.js";

/** First characters of texts that a spreadsheet takes for a formula. Source: OWASP, CSV injection. */
const FORMULA = "^[=+@\\t\\r-]";

/** Whether the type holds other values. */
export function isNested(type: string): boolean {
  return /[[\]]$|^(?:STRUCT|MAP|UNION)\(/.test(type);
}

export function isFloat(type: string): boolean {
  return type === "DOUBLE" || type === "FLOAT";
}

/** A column's value as DuckDB is to write it. */
export function columnValue({ name, type }: Column, params: WriterParameters, format: FileFormat): Sql {
  const x = ident(name);
  if (format.kind === "parquet") return x;
  if (type === "DATE" && params.date_format !== undefined) return sql`strftime(${x}, ${literal(params.date_format)})`;
  if (type.startsWith("TIMESTAMP") && params.timestamp_format !== undefined)
    return sql`strftime(${x}, ${literal(params.timestamp_format)})`;
  if (format.kind === "csv") {
    if (isNested(type)) return sql`cast(to_json(${x}) as varchar)`;
    return type === "VARCHAR" && params.formula_guard ? guarded(x) : x;
  }
  if (type.startsWith("TIMESTAMP")) return isoTimestamp(x);
  if (type === "BLOB") return sql`to_base64(${x})`;
  if (isFloat(type) && params.non_finite === "null") return sql`case when isfinite(${x}) then ${x} end`;
  if (isFloat(type) && params.non_finite === "text")
    return sql`case when isfinite(${x}) then to_json(${x}) else to_json(cast(${x} as varchar)) end`;
  return x;
}

/** `2024-01-31T10:00:00.5`, and with time zone `2024-01-31T10:00:00Z`. */
export function isoTimestamp(x: Sql): Sql {
  return sql`regexp_replace(replace(cast(${x} as varchar), ' ', 'T'), ${literal("\\+00$")}, 'Z')`;
}

/** The name as it stands in the header. */
export function headerName(name: string, params: WriterParameters, format: FileFormat): Sql {
  return ident(format.kind === "csv" && params.formula_guard && new RegExp(FORMULA).test(name) ? `'${name}` : name);
}

function guarded(x: Sql): Sql {
  return sql`case when regexp_matches(${x}, ${literal(FORMULA)}) then ${literal("'")} || ${x} else ${x} end`;
}
