import { integerDigits, parseDuckType } from "../../duck-type.js";
import type { DatabaseColumn, Fit } from "../../dialect.js";

/** A MySQL column type, taken apart: `decimal(12,2) unsigned`, `varchar(20)`, `datetime(6)`. */
export interface MysqlType {
  readonly name: string;
  readonly arguments: readonly number[];
  readonly unsigned: boolean;
}

export function parseMysqlType(text: string): MysqlType {
  const lower = text.toLowerCase();
  return {
    name: /^[a-z]+(?: precision)?/.exec(lower)?.[0] ?? lower,
    arguments: /\(([\d, ]+)\)/.exec(lower)?.[1]?.split(",").map(Number) ?? [],
    unsigned: lower.includes("unsigned"),
  };
}

const INTEGERS: Readonly<
  Record<string, { readonly bits: number; readonly duck: string; readonly unsignedDuck: string }>
> = {
  tinyint: { bits: 8, duck: "TINYINT", unsignedDuck: "UTINYINT" },
  smallint: { bits: 16, duck: "SMALLINT", unsignedDuck: "USMALLINT" },
  mediumint: { bits: 24, duck: "INTEGER", unsignedDuck: "UINTEGER" },
  int: { bits: 32, duck: "INTEGER", unsignedDuck: "UINTEGER" },
  bigint: { bits: 64, duck: "BIGINT", unsignedDuck: "UBIGINT" },
};

/**
 * A column's comment may say which DuckDB type it was made for, since MySQL has no booleans, UUIDs, or timestamps with a zone of any
 * year: `datapy:UUID`.
 */
export const COMMENT_MARK = "datapy:";

/** The DuckDB type that keeps every value of a MySQL column. */
export function duckTypeOf(mysqlType: string, comment = ""): string {
  if (comment.startsWith(COMMENT_MARK)) return comment.slice(COMMENT_MARK.length);
  const type = parseMysqlType(mysqlType);
  if (type.name === "tinyint" && type.arguments[0] === 1 && !type.unsigned) return "BOOLEAN";
  const integer = INTEGERS[type.name === "integer" ? "int" : type.name];
  if (integer !== undefined) return type.unsigned ? integer.unsignedDuck : integer.duck;
  switch (type.name) {
    case "decimal":
    case "numeric": {
      const [precision = 10, scale = 0] = type.arguments;
      return precision <= 38 ? `DECIMAL(${String(precision)},${String(scale)})` : "VARCHAR";
    }
    case "float":
      return "FLOAT";
    case "double":
      return "DOUBLE";
    case "date":
      return "DATE";
    case "datetime":
      return "TIMESTAMP";
    case "timestamp":
      return "TIMESTAMP WITH TIME ZONE";
    case "year":
      return "SMALLINT";
    case "json":
      return "JSON";
    case "uuid":
      return "UUID";
    case "binary":
    case "varbinary":
    case "tinyblob":
    case "blob":
    case "mediumblob":
    case "longblob":
    case "bit":
    case "geometry":
      return "BLOB";
    default:
      // TIME goes from -838 to 838 hours, which is no time of day.
      return "VARCHAR";
  }
}

const TEXT = "longtext character set utf8mb4 collate utf8mb4_bin";
/** Longest key text: 3,072 bytes of an index, 4 a character. */
const KEY_TEXT = "varchar(255) character set utf8mb4 collate utf8mb4_bin";

/** The MySQL type that keeps every value of a DuckDB type. Texts compare byte by byte, so that `a` and `A` stay two keys. */
export function mysqlTypeOf(duckType: string, text: string = TEXT): string {
  const type = parseDuckType(duckType);
  const marked = (mysqlType: string): string => `${mysqlType} comment '${COMMENT_MARK}${type.base}'`;
  switch (type.base) {
    case "BOOLEAN":
      return "tinyint(1)";
    case "TINYINT":
      return "tinyint";
    case "SMALLINT":
      return "smallint";
    case "INTEGER":
      return "int";
    case "BIGINT":
      return "bigint";
    case "UTINYINT":
      return "tinyint unsigned";
    case "USMALLINT":
      return "smallint unsigned";
    case "UINTEGER":
      return "int unsigned";
    case "UBIGINT":
      return "bigint unsigned";
    case "HUGEINT":
    case "UHUGEINT":
      return "decimal(39,0)";
    case "DECIMAL":
      return `decimal(${String(type.precision)},${String(type.scale)})`;
    case "FLOAT":
      return "float";
    case "DOUBLE":
      return "double";
    case "DATE":
      return "date";
    case "TIMESTAMP":
    case "TIMESTAMP_S":
    case "TIMESTAMP_MS":
      return "datetime(6)";
    case "TIMESTAMP WITH TIME ZONE":
      // `timestamp` ends in 2038; a datetime in UTC does not.
      return marked("datetime(6)");
    case "UUID":
      return marked("char(36) character set ascii collate ascii_bin");
    case "TIME":
      return marked("time(6)");
    case "BLOB":
      return "longblob";
    case "JSON":
      return marked(text);
    case "STRUCT":
    case "MAP":
    case "UNION":
    case "LIST":
      return `${text} comment '${COMMENT_MARK}JSON'`;
    default:
      return text;
  }
}

/** The same for a column of a key, which cannot be a text of any length. */
export function mysqlKeyType(duckType: string): string {
  return parseDuckType(duckType).base === "BLOB" ? "varbinary(255)" : mysqlTypeOf(duckType, KEY_TEXT);
}

/** Characters that a text column takes for certain. */
const ANY_LENGTH = new Set(["longtext", "mediumtext", "text"]);

/** How values of a DuckDB type keep in a MySQL column, in strict mode. */
export function mysqlFit(duckType: string, column: DatabaseColumn): Fit {
  const from = parseDuckType(duckType);
  const to = parseMysqlType(column.type);
  const same = parseMysqlType(mysqlTypeOf(duckType).replace(/ comment .*/, ""));
  // A width that only says how a whole number is printed (`bigint(20)`) is no difference.
  const sameWidth = same.name in INTEGERS || same.arguments.join() === to.arguments.join();
  const sameKind = same.name === to.name && same.unsigned === to.unsigned && sameWidth;
  if (ANY_LENGTH.has(to.name)) return to.name === "longtext" ? "exact" : "checked";
  if (sameKind) return "exact";
  if (["varchar", "char", "tinytext"].includes(to.name))
    return to.name === "char" && from.base === "VARCHAR" ? "lossy" : "checked";
  const digits = from.base === "BOOLEAN" ? 1 : integerDigits(from);
  const integer = INTEGERS[to.name === "integer" ? "int" : to.name];
  if (integer !== undefined) return digits === undefined ? "lossy" : "checked";
  if (to.name === "decimal" || to.name === "numeric") {
    const [precision = 10, scale = 0] = to.arguments;
    if (digits !== undefined) return digits <= precision - scale ? "exact" : "checked";
    if (from.base === "DECIMAL") return (from.scale as number) > scale ? "lossy" : "checked";
    return "lossy";
  }
  if (to.name === "double") return from.base === "FLOAT" || (digits !== undefined && digits <= 10) ? "exact" : "lossy";
  if (to.name === "datetime" && (to.arguments[0] ?? 0) === 6)
    return from.base === "DATE" || from.base.startsWith("TIMESTAMP") ? "exact" : "lossy";
  if (to.name === "json" || to.name.endsWith("blob")) return "checked";
  return "lossy";
}

export function mysqlWidened(duckType: string, column: DatabaseColumn): string | undefined {
  const from = parseDuckType(duckType);
  const to = parseMysqlType(column.type);
  const digits = integerDigits(from);
  const integer = INTEGERS[to.name === "integer" ? "int" : to.name];
  if (integer !== undefined && digits !== undefined && !to.unsigned)
    return digits <= 10 ? "bigint" : digits <= 19 ? "bigint" : `decimal(${String(digits)},0)`;
  const whole =
    integer === undefined ? (to.arguments[0] ?? 10) - (to.arguments[1] ?? 0) : Math.ceil(integer.bits * 0.30103);
  if ((integer !== undefined || to.name === "decimal") && (from.base === "DECIMAL" || digits !== undefined)) {
    const scale = Math.max(integer === undefined ? (to.arguments[1] ?? 0) : 0, from.scale ?? 0);
    const wide = Math.max(whole, digits ?? (from.precision as number) - (from.scale as number));
    return wide + scale <= 65 ? `decimal(${String(wide + scale)},${String(scale)})` : undefined;
  }
  if (to.name === "float" && from.base === "DOUBLE") return "double";
  if (
    to.name === "varchar" ||
    to.name === "char" ||
    to.name === "tinytext" ||
    to.name === "text" ||
    to.name === "mediumtext"
  )
    return TEXT;
  if (to.name === "date" && from.base.startsWith("TIMESTAMP")) return "datetime(6)";
  if (to.name === "datetime" && from.base.startsWith("TIMESTAMP")) return "datetime(6)";
  return undefined;
}
