import { ident, join, literal, raw, sql } from "@datapy/mod-kit";
import type { SqlDialect, SqlValue } from "@datapy/mod-kit";
import type { DatabaseColumn, Dialect, Fit } from "../../dialect.js";
import { databaseFault } from "../../database-errors.js";
import { INTEGER_BITS, integerDigits, parseDuckType } from "../../duck-type.js";
import { isList, numberText, quoteIdentifier, quoteText } from "../../quoting.js";

function literalText(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "number" || typeof value === "bigint") return numberText(value);
  if (typeof value === "string") return value.split("\0").map(quoteText).join(" || chr(0) || ");
  if (value instanceof Uint8Array) return `unhex('${Buffer.from(value).toString("hex")}')`;
  if (isList(value)) return `[${value.map(literalText).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, inner]) => `${quoteText(key)}: ${literalText(inner)}`)
    .join(", ")}}`;
}

const quoting: SqlDialect = {
  identifier: (name) => quoteIdentifier(name, '"', "DuckDB"),
  placeholder: (index) => `$${String(index)}`,
  literal: literalText,
  table: () => {
    throw databaseFault("DATABASE_UNSUPPORTED", {
      database: "DuckDB",
      reason: "a table artifact is read by the run's own DuckDB",
    });
  },
};

/** SQL and types of DuckDB files. */
export const duckdbDialect: Dialect = {
  kind: "duckdb",
  title: "DuckDB",
  capabilities: {
    transactionalDdl: true,
    savepoints: false,
    bulkLoad: "native",
    schemas: true,
    onConflict: true,
    sharedSnapshot: false,
    damagesUnloadable: false,
    identifierLimit: Number.MAX_SAFE_INTEGER,
    identifierUnit: "none",
  },
  sql: quoting,
  foldName: (name) => name.toLowerCase(),
  columnType: (duckType) => (parseDuckType(duckType).base === "ENUM" ? "VARCHAR" : duckType),
  keyType: (duckType) => (parseDuckType(duckType).base === "ENUM" ? "VARCHAR" : duckType),
  fit: duckdbFit,
  widened: duckdbWidened,
  alterColumnType: (table, column, type) => sql`alter table ${table} alter column ${ident(column)} type ${raw(type)}`,
  differs: (a, b) => sql`${a} is distinct from ${b}`,
  changes: (value, duckType, column) => {
    const kept = sql`try_cast(${value} as ${raw(column.type)})`;
    return sql`${value} is not null and (${kept} is null or try_cast(${kept} as ${raw(duckType)}) is distinct from ${value})`;
  },
  assign: (value, duckType, column) => (duckType === column.type ? value : sql`cast(${value} as ${raw(column.type)})`),
  updateFrom: (target, source, keys, columns, where = sql`true`) =>
    sql`update ${target} as t set ${join(columns.map(({ name, value }) => sql`${ident(name)} = ${value}`))} from ${source} as s
      where ${join(
        keys.map((key) => sql`t.${ident(key)} = s.${ident(key)}`),
        " and ",
      )} and ${where}`,
  timestamp: (iso) => sql`cast(${literal(iso)} as timestamp with time zone)`,
  unloadable: () => [],
};

/** How values of a DuckDB type keep in a column of a DuckDB table. What is not known to keep is compared. */
export function duckdbFit(duckType: string, column: DatabaseColumn): Fit {
  const from = parseDuckType(duckType);
  const to = parseDuckType(column.type);
  if (duckType === column.type || (from.base === "ENUM" && to.base === "VARCHAR")) return "exact";
  const fromBits = INTEGER_BITS[from.base];
  const toBits = INTEGER_BITS[to.base];
  if (fromBits !== undefined && toBits !== undefined) {
    const keeps = fromBits > 0 ? toBits >= fromBits : toBits < 0 ? -toBits >= -fromBits : toBits > -fromBits;
    return keeps ? "exact" : "checked";
  }
  const digits = integerDigits(from);
  if (to.base === "DECIMAL" && digits !== undefined)
    return digits <= (to.precision as number) - (to.scale as number) ? "exact" : "checked";
  if (to.base === "DECIMAL" && from.base === "DECIMAL") {
    if ((from.scale as number) > (to.scale as number)) return "lossy";
    return (from.precision as number) - (from.scale as number) <= (to.precision as number) - (to.scale as number)
      ? "exact"
      : "checked";
  }
  if (to.base === "DOUBLE" && (from.base === "FLOAT" || (digits !== undefined && digits <= 10))) return "exact";
  if (to.base === "TIMESTAMP" && (from.base === "DATE" || from.base === "TIMESTAMP_S" || from.base === "TIMESTAMP_MS"))
    return "exact";
  if (
    (from.base === "TIMESTAMP WITH TIME ZONE") !== (to.base === "TIMESTAMP WITH TIME ZONE") &&
    from.base !== "VARCHAR" &&
    to.base !== "VARCHAR"
  ) {
    return "impossible";
  }
  if (to.base === "VARCHAR") return from.base === "BLOB" ? "lossy" : "exact";
  return "lossy";
}

function duckdbWidened(duckType: string, column: DatabaseColumn): string | undefined {
  const from = parseDuckType(duckType);
  const to = parseDuckType(column.type);
  const fromDigits = integerDigits(from);
  const toDigits = integerDigits(to);
  if (fromDigits !== undefined && toDigits !== undefined) {
    const widest = ["SMALLINT", "INTEGER", "BIGINT", "HUGEINT"].find(
      (type) =>
        duckdbFit(duckType, { ...column, type }) === "exact" && duckdbFit(column.type, { ...column, type }) === "exact",
    );
    return widest;
  }
  if ((from.base === "DECIMAL" || fromDigits !== undefined) && (to.base === "DECIMAL" || toDigits !== undefined)) {
    const scale = Math.max(from.scale ?? 0, to.scale ?? 0);
    const whole = Math.max(
      fromDigits ?? (from.precision as number) - (from.scale as number),
      toDigits ?? (to.precision as number) - (to.scale as number),
    );
    return whole + scale <= 38 ? `DECIMAL(${String(whole + scale)},${String(scale)})` : undefined;
  }
  if (to.base === "FLOAT" && from.base === "DOUBLE") return "DOUBLE";
  if (to.base === "DATE" && from.base === "TIMESTAMP") return "TIMESTAMP";
  return undefined;
}
