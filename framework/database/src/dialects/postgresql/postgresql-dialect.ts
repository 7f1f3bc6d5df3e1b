import { ident, join, literal as literalSql, raw, sql } from "@datapy/mod-kit";
import type { Sql, SqlDialect, SqlValue } from "@datapy/mod-kit";
import type { DatabaseColumn, Dialect, LoadColumn } from "../../dialect.js";
import { databaseFault } from "../../database-errors.js";
import { parseDuckType } from "../../duck-type.js";
import { isList, jsonText, numberText, quoteIdentifier, quoteText } from "../../quoting.js";
import { parsePostgresType, postgresFit, postgresTypeOf, postgresWidened } from "./postgresql-types.js";

const IDENTIFIER_BYTES = 63;

function identifier(name: string): string {
  if (Buffer.byteLength(name) > IDENTIFIER_BYTES) {
    // The server would cut it and only say so in a notice.
    throw databaseFault("DATABASE_IDENTIFIER_INVALID", {
      name: JSON.stringify(name),
      database: "PostgreSQL",
      reason: `it is ${String(Buffer.byteLength(name))} bytes long, ${String(IDENTIFIER_BYTES)} is the limit`,
    });
  }
  return quoteIdentifier(name, '"', "PostgreSQL");
}

function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "number" || typeof value === "bigint") return numberText(value);
  if (typeof value === "string") {
    if (value.includes("\0"))
      throw databaseFault("DATABASE_INPUT_INVALID", { reason: "PostgreSQL text cannot hold a NUL character" });
    // E'' with doubled backslashes means the same whatever standard_conforming_strings says.
    return value.includes("\\") ? `E${quoteText(value.replaceAll("\\", "\\\\"))}` : quoteText(value);
  }
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString("hex")}'::bytea`;
  if (isList(value)) return value.length === 0 ? "'{}'" : `ARRAY[${value.map(literal).join(", ")}]`;
  return literal(jsonText(value));
}

const quoting: SqlDialect = {
  identifier,
  placeholder: (index) => `$${String(index)}`,
  literal,
  table: () => {
    throw databaseFault("DATABASE_UNSUPPORTED", {
      database: "PostgreSQL",
      reason: "a table artifact is read by DuckDB only",
    });
  },
};

/** SQL and types of PostgreSQL 12 and later. */
export const postgresqlDialect: Dialect = {
  kind: "postgresql",
  title: "PostgreSQL",
  capabilities: {
    transactionalDdl: true,
    savepoints: true,
    bulkLoad: "stream",
    schemas: true,
    onConflict: true,
    sharedSnapshot: true,
    damagesUnloadable: false,
    identifierLimit: IDENTIFIER_BYTES,
    identifierUnit: "bytes",
  },
  sql: quoting,
  foldName: (name) => name,
  columnType: postgresTypeOf,
  keyType: postgresTypeOf,
  fit: postgresFit,
  widened: postgresWidened,
  alterColumnType: (table, column, type) => sql`alter table ${table} alter column ${ident(column)} type ${raw(type)}`,
  differs: (a, b, type) => {
    // These have no equality of their own.
    const cast = ["json", "xml", "point"].includes(parsePostgresType(type).name) ? sql`::text` : sql``;
    return sql`${a}${cast} is distinct from ${b}${cast}`;
  },
  changes,
  assign: (value, duckType, column) =>
    postgresTypeOf(duckType) === column.type ? value : sql`cast(${value} as ${raw(column.type)})`,
  updateFrom: (target, source, keys, columns, where = sql`true`) =>
    sql`update ${target} as t set ${join(columns.map(({ name, value }) => sql`${ident(name)} = ${value}`))} from ${source} as s
      where ${join(
        keys.map((key) => sql`t.${ident(key)} = s.${ident(key)}`),
        " and ",
      )} and ${where}`,
  timestamp: (iso) => sql`cast(${literalSql(iso)} as timestamp with time zone)`,
  unloadable: (column: LoadColumn) => {
    const condition = nulCondition(column);
    return condition === undefined
      ? []
      : [{ condition, reason: `column ${column.name} holds a NUL character, which PostgreSQL text cannot` }];
  },
};

/** Shapes of texts that mean one thing only as a date or time. Month and day in any other order would be guessed. */
const DATE_SHAPE = "^\\d{4,6}-\\d{2}-\\d{2}$";
const TIMESTAMP_SHAPE = "^\\d{4,6}-\\d{2}-\\d{2}([ T]\\d{2}:\\d{2}(:\\d{2}([.]\\d{1,6})?)?)?";

function changes(value: Sql, duckType: string, column: DatabaseColumn): Sql {
  const own = postgresTypeOf(duckType);
  const to = parsePostgresType(column.type);
  const kept = sql`cast(${value} as ${raw(column.type)})`;
  if (own === "text" && !to.array) {
    if (to.name === "numeric") return sql`${kept} <> cast(${value} as numeric)`;
    if (to.name === "double precision" || to.name === "real")
      return sql`cast(cast(${kept} as text) as numeric) <> cast(${value} as numeric)`;
    if (to.name === "date") return sql`${value} !~ ${literalSql(DATE_SHAPE)}`;
    if (to.name === "timestamp without time zone" && to.arguments.length === 0)
      return sql`${value} !~ ${literalSql(`${TIMESTAMP_SHAPE}$`)}`;
    if (to.name === "timestamp with time zone" && to.arguments.length === 0)
      return sql`${value} !~ ${literalSql(`${TIMESTAMP_SHAPE}( ?(Z|[-+]\\d{2}(:?\\d{2}){0,2}))$`)}`;
  }
  const text = raw(own === "json" ? "::text" : "");
  return sql`cast(${kept} as ${raw(own)})${text} is distinct from ${value}${text}`;
}

const HOLDS_TEXT = new Set(["VARCHAR", "ENUM", "JSON", "LIST", "STRUCT", "MAP", "UNION"]);

function nulCondition(column: LoadColumn): Sql | undefined {
  if (!HOLDS_TEXT.has(parseDuckType(column.duckType).base)) return undefined;
  return sql`contains(cast(${ident(column.name)} as varchar), chr(0))`;
}
