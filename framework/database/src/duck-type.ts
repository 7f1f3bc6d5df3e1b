/** A DuckDB type, taken apart. */
export interface DuckType {
  /** The text it was parsed from. */
  readonly text: string;
  /** Upper-case name: `BIGINT`, `DECIMAL`, `TIMESTAMP WITH TIME ZONE`, `LIST`, `STRUCT`, `MAP`, `ENUM`, `UNION`. */
  readonly base: string;
  /** Of a `DECIMAL`. */
  readonly precision?: number;
  readonly scale?: number;
  /** Of a `LIST` (also of a fixed-size array). */
  readonly element?: DuckType;
}

const ALIASES: Readonly<Record<string, string>> = {
  INT: "INTEGER",
  INT1: "TINYINT",
  INT2: "SMALLINT",
  INT4: "INTEGER",
  INT8: "BIGINT",
  REAL: "FLOAT",
  FLOAT4: "FLOAT",
  FLOAT8: "DOUBLE",
  TEXT: "VARCHAR",
  STRING: "VARCHAR",
  CHAR: "VARCHAR",
  BOOL: "BOOLEAN",
  BYTEA: "BLOB",
  DATETIME: "TIMESTAMP",
  TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE",
  TIMETZ: "TIME WITH TIME ZONE",
  BITSTRING: "BIT",
  NUMERIC: "DECIMAL",
  BIGNUM: "VARINT",
};

/** Takes a DuckDB type's text apart. Never throws: an unknown type has its own name as `base`. */
export function parseDuckType(text: string): DuckType {
  const trimmed = text.trim();
  const list = /^(.*)\[\d*\]$/s.exec(trimmed);
  if (list !== null) return { text: trimmed, base: "LIST", element: parseDuckType(list[1] as string) };
  const decimal = /^(?:DECIMAL|NUMERIC)(?:\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/i.exec(trimmed);
  if (decimal !== null) {
    return {
      text: trimmed,
      base: "DECIMAL",
      precision: Number(decimal[1] ?? 18),
      scale: Number(decimal[2] ?? (decimal[1] === undefined ? 3 : 0)),
    };
  }
  const name = /^[A-Za-z_][A-Za-z0-9_ ]*/.exec(trimmed)?.[0].trim().toUpperCase() ?? trimmed.toUpperCase();
  return { text: trimmed, base: ALIASES[name] ?? name };
}

/** Bits of DuckDB's whole-number types; negative for unsigned ones. */
export const INTEGER_BITS: Readonly<Record<string, number>> = {
  TINYINT: 8,
  SMALLINT: 16,
  INTEGER: 32,
  BIGINT: 64,
  HUGEINT: 128,
  UTINYINT: -8,
  USMALLINT: -16,
  UINTEGER: -32,
  UBIGINT: -64,
  UHUGEINT: -128,
};

/** Decimal digits that any value of a whole-number type fits in; `undefined` for other types. */
export function integerDigits(type: DuckType): number | undefined {
  const bits = INTEGER_BITS[type.base];
  return bits === undefined
    ? undefined
    : ({ 8: 3, 16: 5, 32: 10, 64: bits < 0 ? 20 : 19, 128: 39 } as Record<number, number>)[Math.abs(bits)];
}
