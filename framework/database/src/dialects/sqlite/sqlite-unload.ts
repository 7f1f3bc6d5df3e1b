import { ident, join, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { CsvColumn } from "../../csv-pipe.js";
import type { ResultColumn } from "../../dialect.js";
import { parseDuckType } from "../../duck-type.js";
import { affinityOf } from "./sqlite-types.js";

/** What a column of a query really holds: in SQLite the type of a column says little of its values. */
export interface StoredKinds {
  readonly integers: boolean;
  readonly reals: boolean;
  readonly texts: boolean;
  readonly blobs: boolean;
  /** Whole numbers past 2^53, which a DOUBLE beside them would damage. */
  readonly wide: boolean;
  /** Whole numbers other than 0 and 1. */
  readonly beyondBoolean: boolean;
  /** Numbers with more digits behind the point than the declared type has. */
  readonly beyondScale: boolean;
  /** Texts that do not have the shape of the declared type. */
  readonly misshapen: boolean;
}

const DECIMAL = /^DECIMAL(?:_TEXT)?\((\d+)(?:,\s*(\d+))?\)$/;
const DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]";
const TIME = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]";
const UUID = "????????-????-????-????-????????????";

/** Condition that a text has the shape that a declared type asks for; `undefined` when the type asks for none. */
function shape(value: Sql, declared: string): Sql | undefined {
  const type = declared.toUpperCase();
  if (type === "DATE") return sql`${value} glob ${literal(DATE)}`;
  if (type === "TIME") return sql`${value} glob ${literal(`${TIME}*`)}`;
  if (type === "TIMESTAMP" || type === "DATETIME" || type === "TIMESTAMP_NS") {
    return sql`(${value} glob ${literal(`${DATE}[ T]${TIME}*`)} and substr(${value}, 20) not glob '*[^.0-9]*')`;
  }
  if (type === "TIMESTAMPTZ") return sql`${value} glob ${literal(`${DATE}[ T]${TIME}*[+Zz-]*`)}`;
  if (type === "UUID") return sql`${value} glob ${literal(UUID)}`;
  if (type === "JSON_TEXT" || type === "JSON") return sql`json_valid(${value})`;
  if (type.startsWith("DECIMAL_TEXT")) return sql`(${value} not glob '*[^-0-9.]*' and ${value} <> '')`;
  return undefined;
}

/** The query that finds out the {@link StoredKinds} of every column in one pass; five values a column. */
export function kindsQuery(query: Sql, columns: readonly { readonly name: string; readonly declared: string }[]): Sql {
  const parts = columns.flatMap(({ declared }, index) => {
    const value = place(index);
    const label = (kind: string): Sql => raw(`as k${String(index)}_${kind}`);
    const fits = shape(value, declared);
    const scale = DECIMAL.exec(declared.toUpperCase())?.[2];
    return [
      sql`max(typeof(${value}) = 'integer') ${label("integers")}`,
      sql`max(typeof(${value}) = 'real') ${label("reals")}`,
      sql`max(typeof(${value}) = 'text') ${label("texts")}`,
      sql`max(typeof(${value}) = 'blob') ${label("blobs")}`,
      sql`max(typeof(${value}) = 'integer' and (${value} > 9007199254740992 or ${value} < -9007199254740992)) ${label("wide")}`,
      sql`max(typeof(${value}) = 'integer' and ${value} not in (0, 1)) ${label("beyond")}`,
      sql`${scale === undefined ? sql`0` : sql`max(typeof(${value}) = 'real' and round(${value}, ${raw(scale)}) <> ${value})`} ${label("scale")}`,
      sql`${fits === undefined ? sql`0` : sql`max(typeof(${value}) = 'text' and not ${fits})`} ${label("misshapen")}`,
    ];
  });
  const list = parts.flatMap((part, index) => (index === 0 ? [part] : [raw(", "), part]));
  return sql`${named(query, columns.length)} select ${list.reduce((all, part) => sql`${all}${part}`)} from q`;
}

/**
 * The query under the name `q`, with its columns called `c0`, `c1` …: a subquery of SQLite renames a column called "true", and a quoted
 * name that is none is taken for a text without an error.
 */
export function named(query: Sql, width: number): Sql {
  return sql`with q (${join(Array.from({ length: width }, (_, index) => place(index)))}) as (${query}\n)`;
}

/** The column number `index` of {@link named}. */
function place(index: number): Sql {
  return ident(`c${String(index)}`);
}

/** The DuckDB type that keeps all that a column holds. */
export function storedDuckType(declared: string, kinds: StoredKinds): string {
  const type = declared.toUpperCase();
  const numbers = kinds.integers || kinds.reals;
  const precise = kinds.beyondScale ? null : DECIMAL.exec(type);
  const decimal =
    precise !== null && Number(precise[1]) <= 38 ? `DECIMAL(${String(precise[1])},${precise[2] ?? "0"})` : undefined;
  if (kinds.blobs) return "BLOB";
  if (kinds.texts) {
    if (numbers || kinds.misshapen) return "VARCHAR";
    return textDuckType(type, decimal);
  }
  if (!numbers) return affinityOf(declared) === "BLOB" && type !== "" ? "BLOB" : emptyDuckType(type, decimal);
  if (decimal !== undefined && (!kinds.reals || type.startsWith("DECIMAL("))) return decimal;
  if (kinds.reals) return kinds.wide ? "VARCHAR" : type === "FLOAT" ? "FLOAT" : "DOUBLE";
  if (type.startsWith("BOOL")) return kinds.beyondBoolean ? "BIGINT" : "BOOLEAN";
  if (affinityOf(declared) === "REAL") return kinds.wide ? "VARCHAR" : "DOUBLE";
  return INTEGERS.has(type) ? type : "BIGINT";
}

/** Only names that our own writer declares promise a range; any INTEGER column of SQLite holds 64 bits. */
const INTEGERS = new Set(["TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER"]);

function textDuckType(type: string, decimal: string | undefined): string {
  if (type === "DATE" || type === "TIME" || type === "UUID" || type === "TIMESTAMP_NS") return type;
  if (type === "TIMESTAMP" || type === "DATETIME") return "TIMESTAMP";
  if (type === "TIMESTAMPTZ") return "TIMESTAMP WITH TIME ZONE";
  if (type === "JSON_TEXT" || type === "JSON") return "JSON";
  if (type.startsWith("DECIMAL_TEXT") && decimal !== undefined) return decimal;
  return "VARCHAR";
}

function emptyDuckType(type: string, decimal: string | undefined): string {
  if (decimal !== undefined) return decimal;
  const text = textDuckType(type, undefined);
  if (text !== "VARCHAR") return text;
  if (type.startsWith("BOOL")) return "BOOLEAN";
  if (INTEGERS.has(type)) return type;
  const byAffinity = {
    INTEGER: "BIGINT",
    REAL: "DOUBLE",
    NUMERIC: type === "NUMERIC" ? "DOUBLE" : "VARCHAR",
    TEXT: "VARCHAR",
    BLOB: "VARCHAR",
  };
  return type === "FLOAT" ? "FLOAT" : byAffinity[affinityOf(type)];
}

/** Whether a column's values leave SQLite as numbers: its own text of a floating-point number does not keep the smallest ones. */
function leavesAsNumber(column: ResultColumn): boolean {
  return column.duckType === "FLOAT" || column.duckType === "DOUBLE";
}

/** The expression by which SQLite writes a column as a field of CSV. */
function csvField(column: ResultColumn, value: Sql): Sql {
  if (column.duckType === "BLOB")
    return sql`case typeof(${value}) when 'null' then '' else '"' || hex(${value}) || '"' end`;
  if (column.duckType.startsWith("DECIMAL")) {
    return sql`case typeof(${value}) when 'null' then '' when 'real' then format('%!.17g', ${value}) else ${value} end`;
  }
  if (column.duckType === "BOOLEAN" || column.duckType.includes("INT")) return sql`coalesce(${value}, '')`;
  return sql`case typeof(${value}) when 'null' then '' when 'real' then format('%!.17g', ${value}) when 'integer' then ${value}
    else '"' || replace(${value}, '"', '""') || '"' end`;
}

/**
 * The parts of a line: texts that SQLite has put together, and the columns between them that {@link leavesAsNumber}. `positions` says
 * where in {@link named} each column stands.
 */
export function lineParts(columns: readonly ResultColumn[], positions: readonly number[]): Sql[] {
  const parts: Sql[] = [];
  let text: Sql = sql`''`;
  columns.forEach((column, index) => {
    const comma = index === 0 ? sql`` : sql` || ','`;
    if (!leavesAsNumber(column)) {
      text = sql`${text}${comma} || ${csvField(column, place(positions[index] as number))}`;
      return;
    }
    parts.push(sql`${text}${comma}`, place(positions[index] as number));
    text = sql`''`;
  });
  return [...parts, text];
}

/** How DuckDB reads what {@link csvField} made. */
export function csvColumn(column: ResultColumn): CsvColumn {
  const { name, duckType } = column;
  const { base } = parseDuckType(duckType);
  if (base === "BLOB") return { name, csvType: "VARCHAR", expression: (field) => sql`unhex(${field})` };
  if (base === "DECIMAL") {
    const type = raw(duckType);
    const inexact = literal(`a value of column ${name} has more digits than its type ${column.type}`);
    return {
      name,
      csvType: "VARCHAR",
      expression: (field) =>
        sql`case when contains(${field}, '.') and not ends_with(${field}, '.0') and cast(cast(${field} as ${type}) as double) is distinct from cast(${field} as double) then error(${inexact}) else cast(${field} as ${type}) end`,
    };
  }
  if (base === "JSON" || base === "UUID" || base === "TIMESTAMP_NS") {
    return { name, csvType: "VARCHAR", expression: (field) => sql`cast(${field} as ${raw(duckType)})` };
  }
  return { name, csvType: duckType };
}
