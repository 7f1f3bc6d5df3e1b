import path from "node:path";
import type { SqlValue } from "@datapy/mod-kit";
import { duckdbDialect, quoteIdentifier, quoteText, escapeGlob } from "../data/duckdb-dialect.js";
import { parquetSafe } from "../data/parquet-types.js";
import { copyStatement } from "../data/table-columns.js";
import { fault } from "../errors.js";
import type { TableReader } from "../artifacts/table-file.js";
import type { TestTable } from "../schema/pipeline-test-schema.js";

/** Writes a table of a test as a Parquet file. `folder` is that of the file of the test. @throws DatapyError `DATAPY_TEST_TABLE` */
export async function writeTable(
  reader: TableReader,
  table: TestTable,
  target: string,
  where: { readonly what: string; readonly folder: string },
): Promise<void> {
  const query = queryOf(table, where);
  try {
    await reader.rows(copyStatement(parquetSafe(query, await reader.describe(query)), target));
  } catch (error) {
    throw fault(
      "DATAPY_TEST_TABLE",
      { what: where.what, detail: error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error) },
      { cause: error },
    );
  }
}

function queryOf(
  { rows, file, columns = {} }: TestTable,
  { what, folder }: { readonly what: string; readonly folder: string },
): string {
  if ((rows === undefined) === (file === undefined))
    throw fault("DATAPY_TEST_TABLE", { what, detail: "either rows or file is needed" });
  if (file === undefined) return queryOfRows(rows ?? [], columns, what);
  const from = path.resolve(folder, file);
  if (/\.parquet$/i.test(from)) return casted(duckdbDialect.table(from), columns);
  if (!/\.csv$/i.test(from)) throw fault("DATAPY_TEST_TABLE", { what, detail: `${file} is neither .csv nor .parquet` });
  const options =
    "header = true, delim = ',', quote = '\"', escape = '\"', all_varchar = true, nullstr = '', allow_quoted_nulls = false, sample_size = -1";
  return casted(`read_csv(${quoteText(escapeGlob(from))}, ${options})`, columns);
}

/** A table whose columns get the types that are declared, and stay as they are otherwise. */
function casted(source: string, types: Readonly<Record<string, string>>): string {
  const casts = Object.entries(types).map(([name, type]) => {
    const column = quoteIdentifier(name);
    return `CAST(${column} AS ${typeName(type)}) AS ${column}`;
  });
  return `SELECT *${casts.length === 0 ? "" : ` REPLACE (${casts.join(", ")})`} FROM ${source}`;
}

function queryOfRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  types: Readonly<Record<string, string>>,
  what: string,
): string {
  const names = [...new Set([...Object.keys(types), ...rows.flatMap((row) => Object.keys(row))])];
  if (names.length === 0)
    throw fault("DATAPY_TEST_TABLE", { what, detail: "without rows, `columns` must say what it has" });
  const typeOf = (name: string): string => {
    const declared = types[name];
    return declared === undefined ? likelyType(rows.map((row) => row[name] ?? null)) : typeName(declared);
  };
  const columns = names.map((name) => ({ name, type: typeOf(name) }));
  const select = (row: Readonly<Record<string, unknown>>): string =>
    `SELECT ${columns.map(({ name, type }) => `${cell(row[name] ?? null, type)} AS ${quoteIdentifier(name)}`).join(", ")}`;
  if (rows.length === 0) return `${select({})} WHERE false`;
  return rows.map(select).join(" UNION ALL ");
}

function cell(value: unknown, type: string): string {
  if (value === null) return type === "" ? "NULL" : `CAST(NULL AS ${type})`;
  const literal =
    typeof value === "object" ? duckdbDialect.literal(value as SqlValue) : quoteText(`${value as number}`);
  return type === "" ? literal : `CAST(${literal} AS ${type})`;
}

/** Empty for lists and mappings, whose types DuckDB knows. */
function likelyType(values: readonly unknown[]): string {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => kindOf(value)));
  const [only, other] = [...kinds];
  if (only === undefined) return "VARCHAR";
  if (other === undefined) return only;
  return kinds.size === 2 && kinds.has("BIGINT") && kinds.has("DOUBLE") ? "DOUBLE" : "VARCHAR";
}

function kindOf(value: unknown): string {
  switch (typeof value) {
    case "boolean":
      return "BOOLEAN";
    case "number":
      return Number.isInteger(value) ? "BIGINT" : "DOUBLE";
    case "object":
      return "";
    default:
      return "VARCHAR";
  }
}

/** A type is written by who writes the test; it is no place for anything else. */
function typeName(type: string): string {
  if (/^[A-Za-z][\w ]*(?:\([\w ,()]*\))?(?:\[\d*\])*$/.test(type)) return type;
  throw fault("DATAPY_TEST_TABLE", { what: "columns", detail: `${JSON.stringify(type)} is no type` });
}
