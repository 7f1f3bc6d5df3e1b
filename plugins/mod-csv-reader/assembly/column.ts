import {
  BOOL,
  DATE,
  DEC,
  DOUBLE,
  INT,
  MIXED,
  NONE,
  TEXT,
  TIME,
  TIMESTAMP,
  classify,
  daysIn,
  isBool,
  isBoolAnyCase,
  isDate,
  isDigit,
  isFloat,
  isTime,
  isTimestamp,
  isTimestampTz,
  isUuid,
  scanNumber,
} from "./types";

/** Declared types. Numbers are part of the interface to `src/scan/layout.ts`. */
const D_BOOL: i32 = 20;
const D_INT: i32 = 21;
const D_UBIGINT: i32 = 22;
const D_DECIMAL: i32 = 23;
const D_DOUBLE: i32 = 24;
const D_DATE: i32 = 25;
const D_TIMESTAMP: i32 = 26;
const D_TIME: i32 = 27;
const D_TIMESTAMPTZ: i32 = 28;
const D_UUID: i32 = 29;
const D_FORMAT: i32 = 30;

/** Why a value is not of its declared type. */
export const NOT_OF_TYPE: i32 = 10;
export const OUT_OF_RANGE: i32 = 11;
export const WOULD_ROUND: i32 = 12;

/** One column's type and what was seen in it. 104 bytes; read by the host field by field. */
@unmanaged
export class Column {
  kind: i32;
  declared: i32;
  /** Digits before the point (DECIMAL), digits that always fit (INT), digits of the fraction (TIMESTAMP), largest power of ten (DOUBLE). */
  a: i32;
  /** Scale (DECIMAL). */
  b: i32;
  min: i64;
  max: i64;
  nulls: i32;
  values: i32;
  intDigits: i32;
  scale: i32;
  /** 1: not every value prints as DOUBLE; 2: past BIGINT; 4: an exponent. */
  flags: i32;
  firstAt: i32;
  firstLine: i32;
  firstLength: i32;
  /** Kind before the column became text. */
  prior: i32;
  offendingAt: i32;
  offendingLine: i32;
  offendingLength: i32;
  /** Values that look typed, counted also after the column became text, until it is plain that it is text. */
  typed: i32;
  misses: i32;
  format: usize;
  formatLength: i32;
  stopped: i32;
  spare: i32;
}

export const COLUMN_BYTES: i32 = offsetof<Column>();

function exponentForm(p: usize, len: i32): bool {
  for (let i = 1; i < len - 1; i++) {
    if ((load<u8>(p + i) | 32) == 101) return (scanNumber(p, i) & 15) != 0 && isFloat(p, len, 300);
  }
  return false;
}

/** The widest reading of a value with aggressive inference. */
function classifyBroadly(p: usize, len: i32): i32 {
  const kind = classify(p, len);
  if (kind != TEXT) return kind;
  if (exponentForm(p, len)) return MIXED;
  if (isBoolAnyCase(p, len)) return BOOL;
  if (isTimestamp(p, len, 6, false)) return TIMESTAMP;
  return TEXT;
}

function addNumber(column: Column, n: i32): void {
  const digits = (n >> 4) & 255;
  const scale = (n >> 12) & 255;
  if (digits > column.intDigits) column.intDigits = digits;
  if (scale > column.scale) column.scale = scale;
  if ((n & 15) == DEC && (n & (1 << 20)) == 0) column.flags |= 1;
  if ((n & (1 << 21)) != 0) column.flags |= 2;
}

function begin(column: Column, p: usize, len: i32, broad: bool): void {
  const kind = broad ? classifyBroadly(p, len) : classify(p, len);
  column.kind = kind;
  if (kind == INT || kind == DEC) addNumber(column, scanNumber(p, len));
  else if (kind == MIXED) column.flags |= 4;
  if (kind == TEXT) column.misses = 1;
  else column.typed = 1;
}

function becomeText(column: Column, prior: i32, at: i32, line: i32, len: i32): void {
  column.prior = prior;
  column.kind = TEXT;
  column.offendingAt = at;
  column.offendingLine = line;
  column.offendingLength = len;
  column.misses++;
}

/** Adds one value that is not NULL to what is known of a column whose type is inferred. */
export function infer(column: Column, p: usize, len: i32, at: i32, line: i32, escaped: bool, broad: bool): void {
  const kind = column.kind;
  column.values++;
  if (kind == TEXT) {
    if (column.stopped != 0) return;
    if (!escaped && len > 0 && (broad ? classifyBroadly(p, len) : classify(p, len)) != TEXT) column.typed++;
    else if (++column.misses > 64 && column.misses > column.typed) column.stopped = 1;
    return;
  }
  if (kind == NONE) {
    column.firstAt = at;
    column.firstLine = line;
    column.firstLength = len;
    if (escaped || len == 0) becomeText(column, NONE, at, line, len);
    else begin(column, p, len, broad);
    if (column.kind == TEXT) {
      column.offendingAt = at;
      column.offendingLine = line;
      column.offendingLength = len;
    }
    return;
  }
  if (escaped || len == 0) {
    becomeText(column, kind, at, line, len);
    return;
  }
  let fits = false;
  switch (kind) {
    case INT: {
      const n = scanNumber(p, len);
      if ((n & 15) == INT) {
        addNumber(column, n);
        fits = true;
      } else if (broad && (n != 0 || exponentForm(p, len))) {
        if (n != 0) addNumber(column, n);
        else column.flags |= 4;
        column.kind = MIXED;
        fits = true;
      }
      break;
    }
    case DEC: {
      const n = scanNumber(p, len);
      if ((n & 15) == DEC) {
        if (((n >> 12) & 255) == column.scale) {
          addNumber(column, n);
          fits = true;
        } else if ((column.flags & 1) == 0 && (n & (1 << 20)) != 0) {
          addNumber(column, n);
          column.kind = DOUBLE;
          fits = true;
        }
      }
      if (!fits && broad && (n != 0 || exponentForm(p, len))) {
        if (n != 0) addNumber(column, n);
        else column.flags |= 4;
        column.kind = MIXED;
        fits = true;
      }
      break;
    }
    case DOUBLE: {
      const n = scanNumber(p, len);
      if ((n & 15) == DEC && (n & (1 << 20)) != 0) {
        addNumber(column, n);
        fits = true;
      } else if (broad && (n != 0 || exponentForm(p, len))) {
        if (n != 0) addNumber(column, n);
        else column.flags |= 4;
        column.kind = MIXED;
        fits = true;
      }
      break;
    }
    case MIXED: {
      const n = scanNumber(p, len);
      if (n != 0) {
        addNumber(column, n);
        fits = true;
      } else if (exponentForm(p, len)) {
        column.flags |= 4;
        fits = true;
      }
      break;
    }
    case DATE:
      fits = len == 10 && isDate(p);
      if (!fits && broad && isTimestamp(p, len, 6, false)) {
        column.kind = TIMESTAMP;
        fits = true;
      }
      break;
    case TIMESTAMP:
      fits = isTimestamp(p, len, 6, !broad) || (broad && len == 10 && isDate(p));
      break;
    case TIME:
      fits = isTime(p, len, true);
      break;
    case BOOL:
      fits = broad ? isBoolAnyCase(p, len) : isBool(p, len);
      break;
    default:
      break;
  }
  if (fits) column.typed++;
  else becomeText(column, kind, at, line, len);
}

/** Sign and digits into i64; -1 in the second result when it is no whole number, 1 when it does not fit. */
function checkInteger(column: Column, p: usize, len: i32): i32 {
  let i = 0;
  let neg = false;
  const c: i32 = load<u8>(p);
  if (c == 45 || c == 43) {
    neg = c == 45;
    i = 1;
  }
  if (i >= len) return NOT_OF_TYPE;
  let value: u64 = 0;
  let digits = 0;
  for (; i < len; i++) {
    const d: i32 = load<u8>(p + i) - 48;
    if (<u32>d > 9) return wouldRound(p, i, len) ? WOULD_ROUND : NOT_OF_TYPE;
    if (digits > 0 || d != 0) digits++;
    if (digits > 19) continue;
    value = value * 10 + <u64>d;
  }
  if (digits > 19) return OUT_OF_RANGE;
  if (neg) {
    if (value > 9223372036854775808) return OUT_OF_RANGE;
    return <i64>(0 - value) < column.min ? OUT_OF_RANGE : 0;
  }
  if (value > 9223372036854775807) return OUT_OF_RANGE;
  return <i64>value > column.max ? OUT_OF_RANGE : 0;
}

/** Whether `.` and digits follow: a number, but not a whole one. */
function wouldRound(p: usize, i: i32, len: i32): bool {
  if (load<u8>(p + i) != 46 || i + 1 >= len || i == 0) return false;
  for (let k = i + 1; k < len; k++) if (!isDigit(load<u8>(p + k))) return false;
  return true;
}

function checkUnsigned(p: usize, len: i32): i32 {
  let digits = 0;
  let value: u64 = 0;
  if (len == 0) return NOT_OF_TYPE;
  for (let i = 0; i < len; i++) {
    const d: i32 = load<u8>(p + i) - 48;
    if (<u32>d > 9) {
      if (i == 0 && d == -3) return (scanNumber(p, len) & 15) == INT ? OUT_OF_RANGE : NOT_OF_TYPE;
      return wouldRound(p, i, len) ? WOULD_ROUND : NOT_OF_TYPE;
    }
    if (digits > 0 || d != 0) digits++;
    if (digits > 20) return OUT_OF_RANGE;
    if (digits == 20 && (value > 1844674407370955161 || (value == 1844674407370955161 && d > 5))) return OUT_OF_RANGE;
    value = value * 10 + <u64>d;
  }
  return 0;
}

function checkDecimal(column: Column, p: usize, len: i32): i32 {
  let i = load<u8>(p) == 45 || load<u8>(p) == 43 ? 1 : 0;
  let whole = 0;
  let digits = 0;
  for (; i < len && isDigit(load<u8>(p + i)); i++) {
    digits++;
    if (whole > 0 || load<u8>(p + i) != 48) whole++;
  }
  let significant = 0;
  if (i < len && load<u8>(p + i) == 46) {
    const point = i;
    i++;
    for (; i < len && isDigit(load<u8>(p + i)); i++) {
      digits++;
      if (load<u8>(p + i) != 48) significant = i - point;
    }
  }
  if (i != len || digits == 0) return NOT_OF_TYPE;
  if (whole > column.a) return OUT_OF_RANGE;
  return significant > column.b ? WOULD_ROUND : 0;
}

/** Whether the value is of the column's declared type, exactly: 0 or why not. Blanks round the value do not count. */
export function checkDeclared(column: Column, from: usize, length: i32, escaped: bool): i32 {
  // The plain forms first; what is none of them is looked at with care.
  switch (column.kind) {
    case D_INT: {
      const n = scanNumber(from, length, false);
      if ((n & 15) == INT && ((n >> 4) & 255) <= column.a) return 0;
      break;
    }
    case D_DECIMAL: {
      const n = scanNumber(from, length, false);
      if (n != 0 && ((n >> 4) & 255) <= column.a && ((n >> 12) & 255) <= column.b) return 0;
      break;
    }
    case D_DOUBLE: {
      if (scanNumber(from, length, false) != 0) return 0;
      break;
    }
    case D_BOOL: {
      if (isBool(from, length)) return 0;
      break;
    }
    default:
      break;
  }
  let p = from;
  let len = length;
  while (len > 0 && load<u8>(p) == 32) {
    p++;
    len--;
  }
  while (len > 0 && load<u8>(p + len - 1) == 32) len--;
  if (escaped || len == 0) return NOT_OF_TYPE;
  switch (column.kind) {
    case D_INT:
      return checkInteger(column, p, len);
    case D_DECIMAL:
      return checkDecimal(column, p, len);
    case D_DOUBLE:
      return isFloat(p, len, column.a) ? 0 : isFloat(p, len, 1 << 29) ? OUT_OF_RANGE : NOT_OF_TYPE;
    case D_BOOL:
      return len == length && (isBoolAnyCase(p, len) || (len == 1 && (load<u8>(p) == 48 || load<u8>(p) == 49)))
        ? 0
        : NOT_OF_TYPE;
    case D_DATE:
      return len == 10 && isDate(p) ? 0 : NOT_OF_TYPE;
    case D_TIMESTAMP: {
      if ((len == 10 && isDate(p)) || isTimestamp(p, len, column.a, false)) {
        const year: i64 = <i64>(
          (<i32>load<u8>(p) * 1000 + <i32>load<u8>(p, 1) * 100 + <i32>load<u8>(p, 2) * 10 + <i32>load<u8>(p, 3) - 53328)
        );
        return year < column.min || year > column.max ? OUT_OF_RANGE : 0;
      }
      return isTimestamp(p, len, 12, false) ? WOULD_ROUND : NOT_OF_TYPE;
    }
    case D_TIME:
      return isTime(p, len, false) ? 0 : NOT_OF_TYPE;
    case D_TIMESTAMPTZ:
      return isTimestampTz(p, len) ? 0 : NOT_OF_TYPE;
    case D_UUID:
      return isUuid(p, len) ? 0 : NOT_OF_TYPE;
    case D_UBIGINT:
      return checkUnsigned(p, len);
    case D_FORMAT:
      return matchesFormat(column, p, len) ? 0 : NOT_OF_TYPE;
    default:
      return 0;
  }
}

const MONTHS: string = "janfebmaraprmayjunjulaugsepoctnovdec";
const REST: string = "uary|ruary|ch|il||e|y|ust|tember|ober|ember|ember|";

function letter(p: usize): i32 {
  return load<u8>(p) | 32;
}

/** Length of the month's name at `p`, and the month in `month`. */
let month: i32 = 0;
function monthName(p: usize, left: i32, full: bool): i32 {
  if (left < 3) return 0;
  let rest = 0;
  for (let m = 0; m < 12; m++) {
    let end = rest;
    while (REST.charCodeAt(end) != 124) end++;
    if (
      letter(p) == MONTHS.charCodeAt(m * 3) &&
      letter(p + 1) == MONTHS.charCodeAt(m * 3 + 1) &&
      letter(p + 2) == MONTHS.charCodeAt(m * 3 + 2)
    ) {
      month = m + 1;
      if (!full) return 3;
      const more = end - rest;
      if (left < 3 + more) return 0;
      for (let k = 0; k < more; k++) if (letter(p + 3 + k) != REST.charCodeAt(rest + k)) return 0;
      return 3 + more;
    }
    rest = end + 1;
  }
  return 0;
}

/** Matches a strptime pattern: `%` and one of YmdHMSfybBpIjz is one item, anything else stands for itself. */
function matchesFormat(column: Column, p: usize, len: i32): bool {
  let i = 0;
  let year = 2000;
  month = 1;
  let day = 1;
  let hour = 0;
  let twelve = false;
  const format = column.format;
  for (let f = 0; f < column.formatLength; f++) {
    const c: i32 = load<u8>(format + f);
    if (c != 37) {
      if (i >= len || load<u8>(p + i) != c) return false;
      i++;
      continue;
    }
    f++;
    const item: i32 = load<u8>(format + f);
    if (item == 98 || item == 66) {
      const used = monthName(p + i, len - i, item == 66);
      if (used == 0) return false;
      i += used;
      continue;
    }
    if (item == 112) {
      if (i + 2 > len || letter(p + i + 1) != 109 || (letter(p + i) != 97 && letter(p + i) != 112)) return false;
      i += 2;
      continue;
    }
    const most = item == 89 ? 4 : item == 102 ? 6 : 2;
    let value = 0;
    let digits = 0;
    while (digits < most && i < len && isDigit(load<u8>(p + i))) {
      value = value * 10 + (<i32>load<u8>(p + i) - 48);
      i++;
      digits++;
    }
    if (digits == 0) return false;
    switch (item) {
      case 89:
        if (digits != 4 || value < 1) return false;
        year = value;
        break;
      case 121:
        if (digits != 2) return false;
        year = value < 69 ? 2000 + value : 1900 + value;
        break;
      case 109:
        if (value < 1 || value > 12) return false;
        month = value;
        break;
      case 100:
        if (value < 1 || value > 31) return false;
        day = value;
        break;
      case 72:
        if (value > 23) return false;
        hour = value;
        break;
      case 73:
        if (value < 1 || value > 12) return false;
        twelve = true;
        break;
      case 77:
      case 83:
        if (value > 59) return false;
        break;
      default:
        break;
    }
  }
  return i == len && day <= daysIn(year, month);
}
