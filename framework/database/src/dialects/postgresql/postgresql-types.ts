import { integerDigits, parseDuckType } from "../../duck-type.js";
import type { DuckType } from "../../duck-type.js";
import type { DatabaseColumn, Fit } from "../../dialect.js";

/** A PostgreSQL type as `format_type` writes it, taken apart. */
export interface PostgresType {
  readonly name: string;
  readonly arguments: readonly number[];
  readonly array: boolean;
}

/** Takes `numeric(12,2)`, `timestamp(3) without time zone`, `character varying(20)[]` apart. */
export function parsePostgresType(text: string): PostgresType {
  const array = text.endsWith("[]");
  const bare = array ? text.slice(0, -2) : text;
  const numbers = /\(([-\d, ]+)\)/.exec(bare)?.[1]?.split(",").map(Number) ?? [];
  return { name: bare.replace(/\s*\([-\d, ]+\)/, "").toLowerCase(), arguments: numbers, array };
}

const TO_DUCK: Readonly<Record<string, string>> = {
  smallint: "SMALLINT",
  integer: "INTEGER",
  bigint: "BIGINT",
  oid: "UINTEGER",
  real: "FLOAT",
  "double precision": "DOUBLE",
  boolean: "BOOLEAN",
  bytea: "BLOB",
  date: "DATE",
  "time without time zone": "TIME",
  // A table artifact keeps neither an offset of a time nor months of an interval other than as text.
  "time with time zone": "VARCHAR",
  "timestamp without time zone": "TIMESTAMP",
  "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
  interval: "VARCHAR",
  uuid: "UUID",
  json: "JSON",
  jsonb: "JSON",
  bit: "BIT",
  "bit varying": "BIT",
};

/** The DuckDB type that keeps every value of a PostgreSQL type. Types without one (inet, xml, ranges, composites) keep as text. */
export function duckTypeOf(postgresType: string): string {
  const type = parsePostgresType(postgresType);
  if (type.array) return `${duckTypeOf(postgresType.slice(0, -2))}[]`;
  if (type.name === "numeric") {
    const [precision, scale = 0] = type.arguments;
    return precision !== undefined && precision <= 38 && scale >= 0 && scale <= precision
      ? `DECIMAL(${String(precision)},${String(scale)})`
      : "VARCHAR";
  }
  return TO_DUCK[type.name] ?? "VARCHAR";
}

const TO_POSTGRES: Readonly<Record<string, string>> = {
  BOOLEAN: "boolean",
  TINYINT: "smallint",
  SMALLINT: "smallint",
  INTEGER: "integer",
  BIGINT: "bigint",
  HUGEINT: "numeric(39,0)",
  UTINYINT: "smallint",
  USMALLINT: "integer",
  UINTEGER: "bigint",
  UBIGINT: "numeric(20,0)",
  UHUGEINT: "numeric(39,0)",
  VARINT: "numeric",
  FLOAT: "real",
  DOUBLE: "double precision",
  VARCHAR: "text",
  BLOB: "bytea",
  DATE: "date",
  TIME: "time without time zone",
  "TIME WITH TIME ZONE": "time with time zone",
  TIMESTAMP: "timestamp without time zone",
  TIMESTAMP_S: "timestamp without time zone",
  TIMESTAMP_MS: "timestamp without time zone",
  // Nanoseconds do not fit a PostgreSQL timestamp; the text keeps them.
  TIMESTAMP_NS: "text",
  TIME_NS: "text",
  "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
  INTERVAL: "interval",
  UUID: "uuid",
  BIT: "bit varying",
  ENUM: "text",
  // `json`, not `jsonb`, since jsonb changes the text: order of keys, spaces, repeated keys.
  JSON: "json",
  STRUCT: "json",
  MAP: "json",
  UNION: "json",
};

/** The PostgreSQL type that keeps every value of a DuckDB type. */
export function postgresTypeOf(duckType: string): string {
  const type = parseDuckType(duckType);
  if (type.base === "DECIMAL") return `numeric(${String(type.precision)},${String(type.scale)})`;
  if (type.base === "LIST") {
    // A PostgreSQL array has any number of dimensions under one type name.
    let element = type.element as DuckType;
    while (element.base === "LIST") element = element.element as DuckType;
    return `${postgresTypeOf(element.text)}[]`;
  }
  return TO_POSTGRES[type.base] ?? "text";
}

const TEXT = new Set(["text", "character varying", "citext"]);
const INTEGERS: Readonly<Record<string, number>> = { smallint: 16, integer: 32, bigint: 64 };

/** How values of a DuckDB type keep in a PostgreSQL column. */
export function postgresFit(duckType: string, column: DatabaseColumn): Fit {
  const from = parseDuckType(duckType);
  const to = parsePostgresType(column.type);
  if (postgresTypeOf(duckType) === column.type) return "exact";
  if (TEXT.has(to.name) && !to.array) return to.arguments.length === 0 ? "exact" : "checked";
  if (to.name === "character") return "lossy";
  if (to.array !== (from.base === "LIST")) return from.base === "VARCHAR" ? "checked" : "impossible";
  if (to.array) return column.duckType === duckType ? "exact" : "lossy";
  if (to.name === "json" || to.name === "jsonb")
    return from.base === "JSON" || from.base === "STRUCT" || from.base === "MAP" ? "exact" : "checked";
  const digits = integerDigits(from);
  if (to.name in INTEGERS) {
    if (digits !== undefined) return fitsInteger(from, INTEGERS[to.name] as number) ? "exact" : "checked";
    // Whole-number input refuses "1.5", "true" and dates; but of the text "007" it keeps 7.
    return from.base === "VARCHAR" || from.base === "ENUM" ? "lossy" : "checked";
  }
  if (to.name === "numeric") {
    const [precision, scale = 0] = to.arguments;
    if (precision === undefined) return from.base === "VARCHAR" ? "checked" : "exact";
    if (digits !== undefined) return digits <= precision - scale ? "exact" : "checked";
    if (from.base === "DECIMAL") {
      const whole = (from.precision as number) - (from.scale as number);
      if ((from.scale as number) > scale) return "lossy";
      return whole <= precision - scale ? "exact" : "checked";
    }
    return "lossy";
  }
  if (to.name === "double precision")
    return from.base === "FLOAT" || from.base === "DOUBLE" || (digits !== undefined && digits <= 10)
      ? "exact"
      : "lossy";
  if (to.name === "real") return from.base === "FLOAT" || (digits !== undefined && digits <= 5) ? "exact" : "lossy";
  if (to.name.startsWith("timestamp")) {
    const zoned = to.name.endsWith("with time zone");
    if (to.arguments.length > 0) return "lossy";
    if (from.base === "DATE") return "exact";
    if (from.base === "TIMESTAMP WITH TIME ZONE") return zoned ? "exact" : "impossible";
    if (from.base.startsWith("TIMESTAMP") && from.base !== "TIMESTAMP_NS") return zoned ? "impossible" : "exact";
    return "lossy";
  }
  if (to.name === "date") return "lossy";
  if (to.name.startsWith("time ")) return from.base === "VARCHAR" && to.arguments.length === 0 ? "checked" : "lossy";
  return from.base === "VARCHAR" || from.base === "ENUM" || TO_DUCK[to.name] === undefined ? "checked" : "lossy";
}

function fitsInteger(from: DuckType, bits: number): boolean {
  const have = { TINYINT: 8, SMALLINT: 16, INTEGER: 32, BIGINT: 64, UTINYINT: 9, USMALLINT: 17, UINTEGER: 33 }[
    from.base
  ];
  return have !== undefined && have <= bits;
}

/** The type that keeps a column's values and those of `duckType`: only ever wider, never another kind. */
export function postgresWidened(duckType: string, column: DatabaseColumn): string | undefined {
  const from = parseDuckType(duckType);
  const to = parsePostgresType(column.type);
  if (to.array || from.base === "LIST") return undefined;
  const digits = integerDigits(from);
  if (to.name === "character varying") return "text";
  if (to.name in INTEGERS) {
    if (digits !== undefined)
      return digits <= 10
        ? fitsInteger(from, 32)
          ? "integer"
          : "bigint"
        : fitsInteger(from, 64)
          ? "bigint"
          : `numeric(${String(digits)},0)`;
    if (from.base === "DECIMAL") {
      const whole = Math.max(
        (from.precision as number) - (from.scale as number),
        { smallint: 5, integer: 10, bigint: 19 }[to.name] as number,
      );
      return `numeric(${String(whole + (from.scale as number))},${String(from.scale)})`;
    }
    return undefined;
  }
  if (to.name === "numeric" && to.arguments[0] !== undefined) {
    const scale = Math.max(to.arguments[1] ?? 0, from.scale ?? 0);
    const whole = Math.max(
      to.arguments[0] - (to.arguments[1] ?? 0),
      digits ?? (from.precision ?? 0) - (from.scale ?? 0),
    );
    return from.base === "DECIMAL" || digits !== undefined
      ? `numeric(${String(whole + scale)},${String(scale)})`
      : undefined;
  }
  if (to.name === "real" && from.base === "DOUBLE") return "double precision";
  if (
    to.name === "date" &&
    (from.base === "TIMESTAMP" || from.base === "TIMESTAMP_MS" || from.base === "TIMESTAMP_S")
  ) {
    return "timestamp without time zone";
  }
  return undefined;
}
