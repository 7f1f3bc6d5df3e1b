// Lexical checks of single values. A value is `len` bytes at `p`; 16 bytes past the last value of a buffer may be read.

/** What a column's values have been so far. Numbers are part of the interface to `src/scan/layout.ts`. */
export const NONE: i32 = 0;
export const INT: i32 = 1;
export const DEC: i32 = 2;
export const DOUBLE: i32 = 3;
export const BOOL: i32 = 4;
export const DATE: i32 = 5;
export const TIMESTAMP: i32 = 6;
export const TIME: i32 = 7;
/** Only with aggressive inference: numbers of differing scale or with an exponent. */
export const MIXED: i32 = 8;
export const TEXT: i32 = 10;

/** Asks the host whether a number of more than 15 digits is what DuckDB would print for the DOUBLE that it reads as. */
@external("host", "printsAsDouble")
declare function printsAsDouble(p: usize, len: i32): i32;

// @ts-ignore: decorator
@inline
export function isDigit(c: i32): bool {
  return <u32>(c - 48) < 10;
}

/** Result of `scanNumber`: bits 0-3 INT, DEC or 0; 4-11 digits before the point; 12-19 scale; 20 prints as DOUBLE; 21 past BIGINT. */
export function scanNumber(p: usize, len: i32, asDouble: bool = true): i32 {
  const neg: i32 = load<u8>(p) == 45 ? 1 : 0;
  let intEnd = len;
  let scale = 0;
  let zero = false;
  if (len <= 16) {
    const v = v128.load(p);
    const all: i32 = (1 << len) - 1;
    const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(48)), i8x16.splat(10))) & all;
    const rest = all & ~digits & ~neg;
    if (rest != 0) {
      if ((rest & (rest - 1)) != 0) return 0;
      intEnd = ctz(rest);
      if (load<u8>(p + intEnd) != 46) return 0;
      scale = len - 1 - intEnd;
      if (scale == 0) return 0;
    }
    if (neg != 0) zero = (digits & ~i8x16.bitmask(i8x16.eq(v, i8x16.splat(48)))) == 0;
  } else {
    if (len > 41) return 0;
    zero = true;
    let point = -1;
    for (let i = neg; i < len; i++) {
      const c: i32 = load<u8>(p + i);
      if (c == 46 && point < 0) point = i;
      else if (!isDigit(c)) return 0;
      else if (c != 48) zero = false;
    }
    if (point >= 0) {
      intEnd = point;
      scale = len - 1 - point;
      if (scale == 0) return 0;
    }
  }
  const intDigits = intEnd - neg;
  if (intDigits <= 0 || intDigits + scale > 38) return 0;
  const first: i32 = load<u8>(p + neg);
  if (first == 48 && intDigits > 1) return 0;
  if (neg != 0 && zero) return 0;
  if (scale == 0) {
    let big = 0;
    if (intDigits >= 19) big = intDigits > 19 || pastBigint(p + neg, neg) ? 1 : 0;
    return INT | (intDigits << 4) | (big << 21);
  }
  let dbl = 0;
  if (asDouble && (load<u8>(p + len - 1) != 48 || scale == 1)) {
    // Fixed notation begins at 1e-4; at most 15 significant digits always come back as they were written.
    const tiny = first == 48 && scale > 4 && load<u32>(p + intEnd + 1) == 0x30303030;
    if (!tiny) dbl = intDigits + scale <= 15 ? 1 : intDigits <= 16 ? printsAsDouble(p, len) : 0;
  }
  return DEC | (intDigits << 4) | (scale << 12) | (dbl << 20);
}

/** Whether 19 digits are past 9223372036854775807 (or …808 below zero). */
function pastBigint(p: usize, neg: i32): bool {
  const limit: u64 = neg != 0 ? 9223372036854775808 : 9223372036854775807;
  let value: u64 = 0;
  for (let i = 0; i < 19; i++) value = value * 10 + <u64>(load<u8>(p + i) - 48);
  return value > limit;
}

// @ts-ignore: decorator
@inline
function pair(p: usize): i32 {
  return (<i32>load<u8>(p) - 48) * 10 + (<i32>load<u8>(p, 1) - 48);
}

export function daysIn(year: i32, month: i32): i32 {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** `YYYY-MM-DD`, years 0001 to 9999, in the first ten bytes. */
export function isDate(p: usize): bool {
  const v = v128.load(p);
  const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(48)), i8x16.splat(10)));
  if ((digits & 0b1101101111) != 0b1101101111) return false;
  if (load<u8>(p, 4) != 45 || load<u8>(p, 7) != 45) return false;
  const month = pair(p + 5);
  if (month < 1 || month > 12) return false;
  const day = pair(p + 8);
  if (day < 1) return false;
  const year = pair(p) * 100 + pair(p + 2);
  if (year < 1) return false;
  return day <= 28 || day <= daysIn(year, month);
}

/** `HH:MM:SS` in the first eight bytes. */
export function isClock(p: usize): bool {
  const v = v128.load(p);
  const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(48)), i8x16.splat(10)));
  if ((digits & 0b11011011) != 0b11011011) return false;
  if (load<u8>(p, 2) != 58 || load<u8>(p, 5) != 58) return false;
  return pair(p) < 24 && pair(p + 3) < 60 && pair(p + 6) < 60;
}

/** A fraction of a second, `.` and 1 to `most` digits; with `exact`, as DuckDB prints it (no zero at the end). */
function isFraction(p: usize, len: i32, most: i32, exact: bool): bool {
  if (len < 2 || len > most + 1 || load<u8>(p) != 46) return false;
  for (let i = 1; i < len; i++) if (!isDigit(load<u8>(p + i))) return false;
  return !exact || load<u8>(p + len - 1) != 48;
}

export function isTime(p: usize, len: i32, exact: bool): bool {
  if (len < 8 || !isClock(p)) return false;
  return len == 8 || isFraction(p + 8, len - 8, 6, exact);
}

/** `YYYY-MM-DD HH:MM:SS[.f]`; without `exact`, `T` may stand between date and time. */
export function isTimestamp(p: usize, len: i32, most: i32, exact: bool): bool {
  if (len < 19 || !isDate(p)) return false;
  const c: i32 = load<u8>(p, 10);
  if (c != 32 && (exact || c != 84)) return false;
  if (!isClock(p + 11)) return false;
  return len == 19 || isFraction(p + 19, len - 19, most, exact);
}

/** A time zone offset, `Z`, `+hh`, `+hhmm` or `+hh:mm`. */
function isOffset(p: usize, len: i32): bool {
  const c: i32 = load<u8>(p);
  if (len == 1) return c == 90;
  if (c != 43 && c != 45) return false;
  if (len != 3 && len != 6) return false;
  if (!isDigit(load<u8>(p, 1)) || !isDigit(load<u8>(p, 2)) || pair(p + 1) > 15) return false;
  if (len == 3) return true;
  return load<u8>(p, 3) == 58 && isDigit(load<u8>(p, 4)) && isDigit(load<u8>(p, 5)) && pair(p + 4) < 60;
}

/** A timestamp that names its offset. */
export function isTimestampTz(p: usize, len: i32): bool {
  for (let cut = 19; cut < len && cut <= 26; cut++) {
    const c: i32 = load<u8>(p + cut);
    if (c == 90 || c == 43 || c == 45) return isTimestamp(p, cut, 6, false) && isOffset(p + cut, len - cut);
  }
  return false;
}

/** `true` or `false` in lower case. */
export function isBool(p: usize, len: i32): bool {
  if (len == 4) return load<u32>(p) == 0x65757274;
  return len == 5 && load<u32>(p) == 0x736c6166 && load<u8>(p, 4) == 101;
}

/** `true` or `false` in any case. */
export function isBoolAnyCase(p: usize, len: i32): bool {
  if (len == 4) return (load<u32>(p) | 0x20202020) == 0x65757274;
  return len == 5 && (load<u32>(p) | 0x20202020) == 0x736c6166 && (load<u8>(p, 4) | 32) == 101;
}

export function isUuid(p: usize, len: i32): bool {
  if (len != 36) return false;
  for (let i = 0; i < 36; i++) {
    const c: i32 = load<u8>(p + i);
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != 45) return false;
    } else if (!isDigit(c) && <u32>((c | 32) - 97) > 5) return false;
  }
  return true;
}

/** A number for a DOUBLE: sign, digits, point, exponent; the exponent is kept so small that it cannot overflow. */
export function isFloat(p: usize, len: i32, most: i32): bool {
  let i = 0;
  const c: i32 = load<u8>(p);
  if (c == 45 || c == 43) i++;
  let digits = 0;
  let whole = 0;
  for (; i < len && isDigit(load<u8>(p + i)); i++) {
    digits++;
    if (whole > 0 || load<u8>(p + i) != 48) whole++;
  }
  if (i < len && load<u8>(p + i) == 46) {
    i++;
    for (; i < len && isDigit(load<u8>(p + i)); i++) digits++;
  }
  if (digits == 0) return false;
  let exponent = 0;
  if (i < len && (load<u8>(p + i) | 32) == 101) {
    i++;
    let sign = 1;
    if (i < len && (load<u8>(p + i) == 45 || load<u8>(p + i) == 43)) {
      if (load<u8>(p + i) == 45) sign = -1;
      i++;
    }
    if (i >= len) return false;
    for (; i < len && isDigit(load<u8>(p + i)); i++) exponent = exponent < 100000 ? exponent * 10 + (<i32>load<u8>(p + i) - 48) : exponent;
    exponent *= sign;
  }
  return i == len && whole + exponent <= most;
}

/** Kind of one value for inference: what it is exactly as DuckDB prints it, or TEXT. */
export function classify(p: usize, len: i32): i32 {
  const c: i32 = load<u8>(p);
  if (isDigit(c) || c == 45) {
    if (len == 10 && isDate(p)) return DATE;
    if (len >= 19 && len <= 26 && isTimestamp(p, len, 6, true)) return TIMESTAMP;
    const kind = scanNumber(p, len) & 15;
    if (kind != 0) return kind;
    if (len >= 8 && len <= 15 && isTime(p, len, true)) return TIME;
    return TEXT;
  }
  return isBool(p, len) ? BOOL : TEXT;
}
