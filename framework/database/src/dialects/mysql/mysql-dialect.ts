import { ident, join, literal as literalSql, raw, sql } from "@datapy/mod-kit";
import type { Sql, SqlDialect, SqlValue } from "@datapy/mod-kit";
import type { Dialect, LoadColumn } from "../../dialect.js";
import { databaseFault } from "../../database-errors.js";
import { parseDuckType } from "../../duck-type.js";
import { isList, jsonText, numberText, quoteIdentifier, quoteText } from "../../quoting.js";
import { mysqlFit, mysqlKeyType, mysqlTypeOf, mysqlWidened, parseMysqlType } from "./mysql-types.js";

const IDENTIFIER_CHARACTERS = 64;

function identifier(name: string): string {
  const reason =
    [...name].length > IDENTIFIER_CHARACTERS
      ? `it has more than ${String(IDENTIFIER_CHARACTERS)} characters`
      : /[ \t\n\v\f\r]$/.test(name)
        ? "it ends with white space"
        : /[\u{10000}-\u{10ffff}]/u.test(name)
          ? "it holds a character beyond U+FFFF"
          : undefined;
  if (reason !== undefined)
    throw databaseFault("DATABASE_IDENTIFIER_INVALID", { name: JSON.stringify(name), database: "MySQL", reason });
  return quoteIdentifier(name, "`", "MySQL");
}

/**
 * The catalog compares names without case and accents, and from 33 columns on takes `ı` for `i` too: then two columns of a statement
 * would silently be one.
 */
function foldName(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ı", "i");
}

function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "number" || typeof value === "bigint") return numberText(value);
  // Sessions run with NO_BACKSLASH_ESCAPES: a backslash is a plain character.
  if (typeof value === "string") return quoteText(value);
  if (value instanceof Uint8Array) return value.length === 0 ? "''" : `x'${Buffer.from(value).toString("hex")}'`;
  return isList(value) ? quoteText(jsonText(value)) : quoteText(jsonText(value));
}

const quoting: SqlDialect = {
  identifier,
  placeholder: () => "?",
  literal,
  table: () => {
    throw databaseFault("DATABASE_UNSUPPORTED", {
      database: "MySQL",
      reason: "a table artifact is read by DuckDB only",
    });
  },
};

/** SQL and types of MySQL 8 and MariaDB 10.5 and later. */
export const mysqlDialect: Dialect = {
  kind: "mysql",
  title: "MySQL",
  capabilities: {
    transactionalDdl: false,
    savepoints: true,
    bulkLoad: "stream",
    schemas: true,
    onConflict: false,
    sharedSnapshot: false,
    damagesUnloadable: true,
    identifierLimit: IDENTIFIER_CHARACTERS,
    identifierUnit: "characters",
  },
  sql: quoting,
  foldName,
  columnType: (duckType) => mysqlTypeOf(duckType),
  keyType: mysqlKeyType,
  fit: mysqlFit,
  widened: mysqlWidened,
  alterColumnType: (table, column, type) => sql`alter table ${table} modify column ${ident(column)} ${raw(type)}`,
  differs: (a, b) => sql`not (${a} <=> ${b})`,
  changes: (value, duckType, column) => {
    // CAST knows other type names than columns do.
    const to = parseMysqlType(column.type);
    const [precision, scale] = to.arguments;
    const cast =
      to.name.endsWith("int") || to.name === "integer"
        ? to.unsigned
          ? "unsigned"
          : "signed"
        : to.name === "decimal"
          ? `decimal(${String(precision ?? 10)},${String(scale ?? 0)})`
          : to.name === "datetime" || to.name === "timestamp"
            ? `datetime(${String(precision ?? 0)})`
            : to.name === "date"
              ? "date"
              : to.name === "time"
                ? `time(${String(precision ?? 0)})`
                : to.name === "char"
                  ? `char(${String(precision ?? 1)})`
                  : to.name === "float"
                    ? "float"
                    : "double";
    const kept = sql`cast(${value} as ${raw(cast)})`;
    const { base } = parseDuckType(duckType);
    const isText = base === "VARCHAR" || base === "ENUM";
    // As texts for texts ("007" becomes 7), as values for values (1.50 stays 1.5).
    return isText ? sql`not (cast(${kept} as char) collate utf8mb4_bin <=> ${value})` : sql`not (${kept} <=> ${value})`;
  },
  assign: (value) => value,
  updateFrom: (target, source, keys, columns, where = sql`true`) =>
    sql`update ${target} as t join ${source} as s on ${join(
      keys.map((key) => sql`t.${ident(key)} = s.${ident(key)}`),
      " and ",
    )}
      set ${join(columns.map(({ name, value }) => sql`t.${ident(name)} = ${value}`))} where ${where}`,
  timestamp: (iso) => sql`cast(${literalSql(iso.replace("T", " ").replace("Z", ""))} as datetime(6))`,
  unloadable,
};

/** MariaDB differs in name only, as far as these mods go. */
export const mariadbDialect: Dialect = { ...mysqlDialect, kind: "mariadb", title: "MariaDB" };

function unloadable(column: LoadColumn): readonly { readonly condition: Sql; readonly reason: string }[] {
  const { base } = parseDuckType(column.duckType);
  const name = ident(column.name);
  if (base === "FLOAT" || base === "DOUBLE") {
    return [
      {
        condition: sql`not isfinite(${name})`,
        reason: `column ${column.name} is not a finite number, which MySQL does not have`,
      },
    ];
  }
  if (base === "DATE" || base.startsWith("TIMESTAMP")) {
    return [
      {
        condition: sql`not isfinite(${name}) or year(${name}) not between 1 and 9999`,
        reason: `column ${column.name} is before year 1 or after 9999, which MySQL does not have`,
      },
    ];
  }
  if (base === "TIMESTAMP_NS") {
    return [
      {
        condition: sql`epoch_ns(${name}) % 1000 <> 0`,
        reason: `column ${column.name} has nanoseconds, which MySQL does not have`,
      },
    ];
  }
  return [];
}

/** The CSV text of a DuckDB value for `LOAD DATA`, in the form that the column of {@link mysqlTypeOf} reads. */
export function loadExpression(column: LoadColumn): Sql {
  const name = ident(column.name);
  switch (parseDuckType(column.duckType).base) {
    case "BOOLEAN":
      return sql`cast(${name} as tinyint)`;
    case "BLOB":
      return sql`hex(${name})`;
    case "TIMESTAMP WITH TIME ZONE":
      return sql`cast(${name} at time zone 'UTC' as varchar)`;
    case "LIST":
    case "STRUCT":
    case "MAP":
    case "UNION":
      return sql`cast(to_json(${name}) as varchar)`;
    default:
      return name;
  }
}
