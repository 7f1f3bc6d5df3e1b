// Numbers that the scanner (`assembly/`) and the host agree on.

/** Kinds of values, as the scanner knows them. */
export const KIND = {
  none: 0,
  int: 1,
  decimal: 2,
  double: 3,
  boolean: 4,
  date: 5,
  timestamp: 6,
  time: 7,
  mixed: 8,
  text: 10,
  declaredBoolean: 20,
  declaredInteger: 21,
  declaredUnsigned: 22,
  declaredDecimal: 23,
  declaredDouble: 24,
  declaredDate: 25,
  declaredTimestamp: 26,
  declaredTime: 27,
  declaredTimestampTz: 28,
  declaredUuid: 29,
  declaredFormat: 30,
} as const;

/** Bits of a column's `flags`. */
export const FLAG = { notDouble: 1, pastBigint: 2, exponent: 4 } as const;

/** Which bytes end a record: LF or CRLF, CR alone, or any of the three. */
export const TERMINATOR = { lines: 0, returns: 1, any: 2 } as const;

/** Why a call of the scanner came back. */
export const STATUS = { done: 0, incomplete: 1, full: 2 } as const;

/** Offsets in the scanner's `Column`. */
export const COLUMN = {
  kind: 0,
  declared: 4,
  a: 8,
  b: 12,
  min: 16,
  max: 24,
  nulls: 32,
  values: 36,
  intDigits: 40,
  scale: 44,
  flags: 48,
  firstAt: 52,
  firstLine: 56,
  firstLength: 60,
  prior: 64,
  offendingAt: 68,
  offendingLine: 72,
  offendingLength: 76,
  typed: 80,
  misses: 84,
  format: 88,
  formatLength: 92,
  bytes: 104,
} as const;

/** 32-bit numbers of one bad record: from, to, next, line, lines, reason, column, value from, value to, fields found. */
export const BAD_FIELDS = 10;

/** Reasons for which a record is bad. */
export const REASON = {
  tooFew: 1,
  tooMany: 2,
  strayQuote: 3,
  afterQuote: 4,
  unclosed: 5,
  badEscape: 6,
  nul: 7,
  notUtf8: 8,
  loneReturn: 9,
  notOfType: 10,
  outOfRange: 11,
  wouldRound: 12,
  repeatsHeader: 13,
  undeclaredQuote: 14,
  wrongTerminator: 15,
} as const;
