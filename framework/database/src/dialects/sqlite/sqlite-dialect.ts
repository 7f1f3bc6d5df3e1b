import { ident, join, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql, SqlDialect, SqlValue } from "@datapy/mod-kit";
import type { Dialect, LoadColumn } from "../../dialect.js";
import { databaseFault } from "../../database-errors.js";
import { parseDuckType } from "../../duck-type.js";
import { isList, jsonText, numberText, quoteIdentifier, quoteText } from "../../quoting.js";
import { sqliteFit, sqliteTypeOf } from "./sqlite-types.js";

function literalText(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number" || typeof value === "bigint") return numberText(value);
  if (typeof value === "string") {
    if (value.includes("\0"))
      throw databaseFault("DATABASE_INPUT_INVALID", { reason: "a text of a statement cannot hold a NUL character" });
    return quoteText(value);
  }
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  if (isList(value)) return literalText(jsonText(value));
  return literalText(jsonText(value));
}

const quoting: SqlDialect = {
  identifier: (name) => quoteIdentifier(name, '"', "SQLite"),
  placeholder: () => "?",
  literal: literalText,
  table: () => {
    throw databaseFault("DATABASE_UNSUPPORTED", {
      database: "SQLite",
      reason: "a table artifact is read by DuckDB only",
    });
  },
};

/** SQL and types of SQLite 3.35 and later. */
export const sqliteDialect: Dialect = {
  kind: "sqlite",
  title: "SQLite",
  capabilities: {
    transactionalDdl: true,
    savepoints: true,
    bulkLoad: "batches",
    schemas: false,
    onConflict: true,
    sharedSnapshot: false,
    damagesUnloadable: true,
    identifierLimit: Number.MAX_SAFE_INTEGER,
    identifierUnit: "none",
  },
  sql: quoting,
  foldName: (name) => name.toLowerCase(),
  columnType: sqliteTypeOf,
  keyType: sqliteTypeOf,
  fit: sqliteFit,
  // A column's type cannot be changed, and any column takes any value.
  widened: () => undefined,
  alterColumnType: () => {
    throw databaseFault("DATABASE_UNSUPPORTED", {
      database: "SQLite",
      reason: "it cannot change the type of a column",
    });
  },
  differs: (a, b) => sql`${a} is not ${b}`,
  changes: (value, duckType) => {
    // A text that looks like a number becomes one, and is another text when it is read again: 007, 1e5, more than 15 digits.
    const number = sql`cast(${value} as numeric)`;
    const { base } = parseDuckType(duckType);
    const written =
      base === "DECIMAL"
        ? sql`case when instr(${value}, '.') then rtrim(rtrim(${value}, '0'), '.') else ${value} end`
        : value;
    if (base === "FLOAT" || base === "DOUBLE") return sql`cast(cast(${value} as text) as real) is not ${value}`;
    return sql`${value} = ${number} and cast(${number} as text) is not ${written}`;
  },
  assign: (value) => value,
  updateFrom: (target, source, keys, columns, where = sql`true`) =>
    sql`update ${target} as t set ${join(columns.map(({ name, value }) => sql`${ident(name)} = ${value}`))} from ${source} as s
      where ${join(
        keys.map((key) => sql`t.${ident(key)} = s.${ident(key)}`),
        " and ",
      )} and ${where}`,
  timestamp: (iso) => sql`${literal(iso.replace("T", " ").replace("Z", "+00"))}`,
  unloadable,
};

function unloadable(column: LoadColumn): readonly { readonly condition: Sql; readonly reason: string }[] {
  const { base } = parseDuckType(column.duckType);
  const name = ident(column.name);
  if (base === "FLOAT" || base === "DOUBLE") {
    return [
      { condition: sql`isnan(${name})`, reason: `column ${column.name} is NaN, which SQLite would keep as NULL` },
    ];
  }
  if (["VARCHAR", "ENUM", "JSON", "LIST", "STRUCT", "MAP", "UNION"].includes(base)) {
    return [
      {
        condition: sql`contains(cast(${name} as varchar), chr(0))`,
        reason: `column ${column.name} holds a NUL character, which SQLite's text functions cut`,
      },
    ];
  }
  return [];
}

/**
 * The place in `INSERT` for a value of {@link bindExpression}. Floating-point numbers travel as their shortest exact text, which SQLite
 * reads back bit for bit: the driver takes a bound number below 1e-16 for 0.
 */
export function bindPlace(column: LoadColumn): Sql {
  const { base } = parseDuckType(column.duckType);
  return raw(base === "FLOAT" || base === "DOUBLE" ? "cast(? as real)" : "?");
}

/** The form in which a DuckDB value is bound: whole numbers and bytes as they are, everything else as text. */
export function bindExpression(column: LoadColumn): Sql {
  const name = ident(column.name);
  const { base } = parseDuckType(column.duckType);
  switch (base) {
    case "BOOLEAN":
      return sql`cast(${name} as integer)`;
    case "TINYINT":
    case "SMALLINT":
    case "INTEGER":
    case "BIGINT":
    case "UTINYINT":
    case "USMALLINT":
    case "UINTEGER":
    case "BLOB":
      return name;
    case "FLOAT":
    case "DOUBLE":
      return sql`case when isinf(${name}) then case when ${name} > 0 then '9e999' else '-9e999' end else cast(cast(${name} as double) as varchar) end`;
    case "LIST":
    case "STRUCT":
    case "MAP":
    case "UNION":
      return sql`cast(to_json(${name}) as varchar)`;
    default:
      return sql`cast(${name} as ${raw("varchar")})`;
  }
}
