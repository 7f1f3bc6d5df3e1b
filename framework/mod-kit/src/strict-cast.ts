import { literal, raw, sql } from "./sql.js";
import type { Sql } from "./sql.js";

/** A cast that never rounds unseen: `value` is NULL and `bad` is true where the value does not fit exactly. */
export interface StrictCast {
  readonly value: Sql;
  readonly bad: Sql;
  /** The value, where rows that are `bad` are left out anyway: less work than `value`, and something else in a bad row. */
  readonly soundValue: Sql;
}

/** A DuckDB type to cast to, with what the cast may do. */
export interface CastTarget {
  /** One of DuckDB's scalar types; see {@link isKnownType}. */
  readonly type: string;
  /** strptime formats of dates and timestamps in text, tried in order. Default: DuckDB's own reading of ISO 8601. */
  readonly formats?: readonly string[];
  /** Whether rounding is wanted (`1.5` to INTEGER, a time of day to DATE). Default `false`. */
  readonly lossy?: boolean;
}

const SCALAR_TYPE =
  /^(TINYINT|SMALLINT|INTEGER|INT|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|REAL|DOUBLE|BOOLEAN|BOOL|VARCHAR|TEXT|DATE|TIME|TIMESTAMP|TIMESTAMPTZ|TIMESTAMP WITH TIME ZONE|UUID|BLOB|INTERVAL|JSON|DECIMAL\(\d{1,2}, ?\d{1,2}\))$/i;

const INTEGER_TYPE = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/i;

/** Directives of strptime that say nothing on the time of day. */
const DAY_PART = /%(?:-?[dmyj]|[aAbBYxGVuUWw%])/g;

/** Whether `type` is one that {@link strictCast} takes. Types are written into statements, so only known ones are. */
export function isKnownType(type: string): boolean {
  return SCALAR_TYPE.test(type.trim());
}

/**
 * Casts `x`, of DuckDB type `from`. DuckDB's own casts round (`'1.5'::INTEGER` is 2) and cut (a timestamp to DATE): here such a value is bad
 * unless `lossy` is set. Throws `TypeError` for a type that is not known, since types are written into the statement.
 */
export function strictCast(x: Sql, from: string, into: CastTarget): StrictCast {
  const { type, formats = [], lossy = false } = into;
  if (!isKnownType(type)) throw new TypeError(`not a type that can be cast to: ${JSON.stringify(type)}`);
  const target = raw(type);
  const fromText = from === "VARCHAR";
  const cast =
    formats.length > 0 && fromText
      ? sql`try_cast(try_strptime(${x}, ${literal([...formats])}) as ${target})`
      : sql`try_cast(${x} as ${target})`;
  const failed = sql`(${x} is not null and ${cast} is null)`;
  if (lossy) return { value: cast, bad: failed, soundValue: cast };
  if (from.toUpperCase() === type.trim().toUpperCase()) return { value: x, bad: sql`false`, soundValue: x };
  const inexact = fromText
    ? inexactText(x, type, formats)
    : sql`try_cast(${cast} as ${raw(from)}) is distinct from ${x}`;
  if (inexact === undefined) return { value: cast, bad: failed, soundValue: cast };
  const bad = sql`(${x} is not null and (${cast} is null or ${inexact}))`;
  return { value: sql`case when ${bad} then null else ${cast} end`, bad, soundValue: cast };
}

/** A condition under which DuckDB would cast the text `x` but change its meaning; undefined where it never does. */
function inexactText(x: Sql, type: string, formats: readonly string[]): Sql | undefined {
  const outside = (pattern: string): Sql => sql`not regexp_full_match(${x}, ${literal(pattern)})`;
  if (INTEGER_TYPE.test(type)) return outside("\\s*[+-]?[0-9]+\\s*");
  const decimal = /^DECIMAL\(\d+, ?(\d+)\)$/i.exec(type);
  if (decimal !== null) {
    const scale = Number(decimal[1]);
    const fraction = scale === 0 ? "0+" : `[0-9]{1,${String(scale)}}0*`;
    return outside(`\\s*[+-]?([0-9]+(\\.(${fraction})?)?|\\.${fraction})\\s*`);
  }
  if (/^(BOOLEAN|BOOL)$/i.test(type)) return outside("(?i)\\s*(true|false|t|f|1|0|yes|no|y|n)\\s*");
  if (/^DATE$/i.test(type)) {
    if (formats.length === 0) return outside("\\s*[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}\\s*");
    // What names no time of day is midnight.
    if (formats.every((format) => !format.replace(DAY_PART, "").includes("%"))) return undefined;
    const parsed = sql`try_strptime(${x}, ${literal([...formats])})`;
    return sql`${parsed} is distinct from date_trunc('day', ${parsed})`;
  }
  // Microseconds are what a TIMESTAMP and a TIME hold.
  if (/^TIME/i.test(type) && formats.length === 0) return sql`regexp_matches(${x}, '\\.[0-9]{6}0*[1-9]')`;
  return undefined;
}
