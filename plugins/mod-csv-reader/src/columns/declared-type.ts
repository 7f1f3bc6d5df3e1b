import { DatapyError } from "@datapy/mod-kit";
import { KIND } from "../scan/layout.js";
import type { ScanColumn } from "../scan/scan-types.js";

/** A type that the user declared for a column. */
export interface DeclaredType {
  /** DuckDB type of the column in the artifact. */
  readonly type: string;
  readonly scan: ScanColumn;
  /** strptime pattern; the column is then read as text and converted. */
  readonly format?: string;
}

const NO_LIMITS = { a: 0, b: 0, min: 0n, max: 0n };

function integer(bits: number, signed: boolean): ScanColumn {
  const max = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  const min = signed ? -(1n << BigInt(bits - 1)) : 0n;
  // Any canonical number of `a` digits fits; below zero only where the type has a sign.
  const safeDigits = signed ? String(max).length - 1 : 0;
  return { kind: KIND.declaredInteger, a: safeDigits, b: 0, min, max };
}

function timestamp(fraction: number, from = 1n, to = 9999n): ScanColumn {
  return { kind: KIND.declaredTimestamp, a: fraction, b: 0, min: from, max: to };
}

function decimal(precision: number, scale: number): ScanColumn {
  return { ...NO_LIMITS, kind: KIND.declaredDecimal, a: precision - scale, b: scale };
}

const TEXT: ScanColumn = { ...NO_LIMITS, kind: KIND.text };

const TYPES: Readonly<Record<string, { readonly type: string; readonly scan: ScanColumn }>> = {
  VARCHAR: { type: "VARCHAR", scan: TEXT },
  BOOLEAN: { type: "BOOLEAN", scan: { ...NO_LIMITS, kind: KIND.declaredBoolean } },
  TINYINT: { type: "TINYINT", scan: integer(8, true) },
  SMALLINT: { type: "SMALLINT", scan: integer(16, true) },
  INTEGER: { type: "INTEGER", scan: integer(32, true) },
  BIGINT: { type: "BIGINT", scan: integer(64, true) },
  UTINYINT: { type: "UTINYINT", scan: integer(8, false) },
  USMALLINT: { type: "USMALLINT", scan: integer(16, false) },
  UINTEGER: { type: "UINTEGER", scan: integer(32, false) },
  UBIGINT: { type: "UBIGINT", scan: { ...NO_LIMITS, kind: KIND.declaredUnsigned } },
  // Parquet has no whole numbers of 128 bits (DuckDB would write them as DOUBLE); DECIMAL(38,0) keeps every digit.
  HUGEINT: { type: "DECIMAL(38,0)", scan: decimal(38, 0) },
  FLOAT: { type: "FLOAT", scan: { ...NO_LIMITS, kind: KIND.declaredDouble, a: 38 } },
  DOUBLE: { type: "DOUBLE", scan: { ...NO_LIMITS, kind: KIND.declaredDouble, a: 308 } },
  DATE: { type: "DATE", scan: { ...NO_LIMITS, kind: KIND.declaredDate } },
  TIME: { type: "TIME", scan: { ...NO_LIMITS, kind: KIND.declaredTime } },
  TIMESTAMP: { type: "TIMESTAMP", scan: timestamp(6) },
  TIMESTAMP_S: { type: "TIMESTAMP_S", scan: timestamp(0) },
  TIMESTAMP_MS: { type: "TIMESTAMP_MS", scan: timestamp(3) },
  TIMESTAMP_NS: { type: "TIMESTAMP_NS", scan: timestamp(9, 1678n, 2261n) },
  TIMESTAMPTZ: { type: "TIMESTAMPTZ", scan: { ...NO_LIMITS, kind: KIND.declaredTimestampTz } },
  UUID: { type: "UUID", scan: { ...NO_LIMITS, kind: KIND.declaredUuid } },
};

const ALIASES: Readonly<Record<string, string>> = {
  TEXT: "VARCHAR",
  STRING: "VARCHAR",
  CHAR: "VARCHAR",
  BPCHAR: "VARCHAR",
  BOOL: "BOOLEAN",
  LOGICAL: "BOOLEAN",
  INT1: "TINYINT",
  INT2: "SMALLINT",
  SHORT: "SMALLINT",
  INT: "INTEGER",
  INT4: "INTEGER",
  SIGNED: "INTEGER",
  INT8: "BIGINT",
  LONG: "BIGINT",
  REAL: "FLOAT",
  FLOAT4: "FLOAT",
  FLOAT8: "DOUBLE",
  DATETIME: "TIMESTAMP",
  "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
  "DOUBLE PRECISION": "DOUBLE",
};

/** Types that a pattern may be given for. */
const MOMENTS = new Set(["DATE", "TIMESTAMP", "TIME"]);
const FORMAT_ITEMS = "YymdHIMSfbBp";

/**
 * Understands a declared type: a DuckDB scalar type or its alias, with a strptime pattern for dates and times.
 * @throws DatapyError `CSV_COLUMN_TYPE` (exit code 20) when it is none that a CSV value can be checked against.
 */
export function declaredType(column: string, type: string, format: string | undefined): DeclaredType {
  const written = type.trim().toUpperCase().replace(/\s+/g, " ");
  const name = ALIASES[written] ?? written;
  if (format !== undefined) return withFormat(column, name, format);
  const numeric = /^(?:DECIMAL|NUMERIC)(?: ?\( ?(\d+) ?(?:, ?(\d+) ?)?\))?$/.exec(name);
  if (numeric !== null) {
    const precision = Number(numeric[1] ?? 18);
    const scale = Number(numeric[2] ?? (numeric[1] === undefined ? 3 : 0));
    if (precision < 1 || precision > 38 || scale > precision)
      throw unknown(column, type, "precision is 1 to 38, scale at most the precision");
    return { type: `DECIMAL(${precision},${scale})`, scan: decimal(precision, scale) };
  }
  const text = /^(?:VARCHAR|CHAR|STRING|TEXT) ?\(\d+\)$/.test(name) ? TYPES["VARCHAR"] : TYPES[name];
  if (text === undefined) throw unknown(column, type, `known types: ${Object.keys(TYPES).join(", ")}, DECIMAL(p,s)`);
  return text;
}

function withFormat(column: string, type: string, format: string): DeclaredType {
  if (!MOMENTS.has(type)) throw unknown(column, type, "format goes with DATE, TIME and TIMESTAMP only");
  for (const match of format.matchAll(/%(.?)/gs)) {
    if (match[1] === "" || !FORMAT_ITEMS.includes(match[1] ?? "?")) {
      throw unknown(
        column,
        `${type} with format ${JSON.stringify(format)}`,
        `known items: ${Array.from(FORMAT_ITEMS)
          .map((item) => `%${item}`)
          .join(" ")}`,
      );
    }
  }
  return { type, format, scan: { ...NO_LIMITS, kind: KIND.declaredFormat, format } };
}

function unknown(column: string, type: string, hint: string): DatapyError {
  return new DatapyError({
    code: "CSV_COLUMN_TYPE",
    exitCode: 20,
    message: `column ${JSON.stringify(column)} cannot be read as ${type}`,
    hint,
  });
}
