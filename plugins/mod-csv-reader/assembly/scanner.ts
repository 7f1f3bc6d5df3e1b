// Structural scanner of delimited text. One pass over a buffer checks every record's shape, quoting, text encoding and types, and
// collects what inference needs. Records that do not come out right are listed with the place and the reason; the scan goes on with
// the next physical line. Finding structural bytes by SIMD comparison and bit masks follows Langdale and Lemire, "Parsing Gigabytes
// of JSON per Second" (2019), section 3.1.
import { COLUMN_BYTES, Column, checkDeclared, infer } from "./column";
import { TEXT } from "./types";
export { hashDigest, hashReset, hashUpdate } from "./xxh64";
import { isUtf8 } from "./utf8";

/** What ended a call of `scan`. */
const DONE: i32 = 0;
const INCOMPLETE: i32 = 1;
const FULL: i32 = 2;

/** Reasons, continued from column.ts. */
const TOO_FEW: i32 = 1;
const TOO_MANY: i32 = 2;
const STRAY_QUOTE: i32 = 3;
const AFTER_QUOTE: i32 = 4;
const UNCLOSED: i32 = 5;
const BAD_ESCAPE: i32 = 6;
const NUL: i32 = 7;
const NOT_UTF8: i32 = 8;
const LONE_RETURN: i32 = 9;
const REPEATS_HEADER: i32 = 13;
const UNDECLARED_QUOTE: i32 = 14;
const WRONG_TERMINATOR: i32 = 15;

/** Record terminators. LINES: LF or CRLF; RETURNS: CR alone; ANY: all three. */
const LINES: i32 = 0;
const RETURNS: i32 = 1;
const ANY: i32 = 2;

const QUOTED: u32 = 0x80000000;
const ESCAPED: u32 = 0x40000000;
const POSITION: u32 = 0x3fffffff;
const BAD_BYTES: usize = 40;

let columnCount: i32 = 0;
let columns: usize = 0;
let fields: usize = 0;
let delimiter: i32 = 44;
let delimiterTail: u32 = 0;
let delimiterLength: i32 = 1;
let quote: i32 = 34;
let escape: i32 = 34;
let distinctEscape: bool = false;
let comment: i32 = -1;
let suspectQuote: i32 = -1;
let terminator: i32 = LINES;
let broad: bool = false;
let emptyIsNull: bool = true;
let quotedNulls: bool = false;
let trailingDelimiter: bool = false;
let emit: bool = false;
let nullCount: i32 = 0;
let nulls: usize = 0;
let checked: i32 = 0;
let inferred: i32 = 1;
let nullColumns: usize = 0;
let header: usize = 0;
let headerFields: i32 = 0;

let buffer: usize = 0;
let output: usize = 0;
let badList: usize = 0;
let badCapacity: i32 = 0;

// Position of the scan: the block of 64 bytes, its structural bytes that are still to come, and whether it has bytes past ASCII.
let block: i32 = 0;
let mask: u64 = 0;
let blockHigh: bool = false;
let high: bool = false;
let end: i32 = 0;
let skip: i32 = 0;
let position: i32 = 0;
let isLast: bool = false;

let badColumn: i32 = 0;
let badFrom: i32 = 0;
let badTo: i32 = 0;

// Results, read by the host.
export let consumed: i32 = 0;
export let line: i32 = 0;
export let badCount: i32 = 0;
export let outputLength: i32 = 0;
export let records: i32 = 0;
export let blanks: i32 = 0;
export let comments: i32 = 0;
export let lfRecords: i32 = 0;
export let crlfRecords: i32 = 0;
export let crRecords: i32 = 0;
export let quotedBreaks: i32 = 0;
export let unended: i32 = 0;
export let loneEmpty: i32 = 0;
export let longest: i32 = 0;
export let longestLine: i32 = 0;

export function allocate(bytes: i32): usize {
  return heap.alloc(<usize>bytes);
}

export function configure(
  delimiterByte: i32, tail: u32, length: i32, quoteByte: i32, escapeByte: i32, commentByte: i32, suspect: i32, terminators: i32,
): void {
  delimiter = delimiterByte;
  delimiterTail = tail;
  delimiterLength = length;
  quote = quoteByte;
  escape = escapeByte;
  distinctEscape = escapeByte >= 0 && escapeByte != quoteByte;
  comment = commentByte;
  suspectQuote = suspect;
  terminator = terminators;
}

export function options(aggressive: bool, emptyNull: bool, quotedNull: bool, trailing: bool, emitting: bool): void {
  broad = aggressive;
  emptyIsNull = emptyNull;
  quotedNulls = quotedNull;
  trailingDelimiter = trailing;
  emit = emitting;
}

/** Makes room for `count` columns and gives the address of the first; the host fills in types. */
export function setColumns(count: i32): usize {
  columnCount = count;
  columns = heap.alloc(<usize>(count * COLUMN_BYTES));
  fields = heap.alloc(<usize>((count + 2) * 8));
  nullColumns = heap.alloc(<usize>((count + 1) * 4));
  return columns;
}

export function setTexts(nullTexts: usize, count: i32, headerTexts: usize, headerCount: i32, anyDeclared: i32, anyInferred: i32): void {
  nulls = nullTexts;
  nullCount = count;
  header = headerTexts;
  headerFields = headerCount;
  checked = anyDeclared;
  inferred = anyInferred;
}

export function setMemory(input: usize, out: usize, bad: usize, capacity: i32): void {
  buffer = input;
  output = out;
  badList = bad;
  badCapacity = capacity;
}

/** Forgets what was counted, for a new piece of the file. */
export function reset(): void {
  line = 0;
  badCount = 0;
  outputLength = 0;
  records = 0;
  blanks = 0;
  comments = 0;
  lfRecords = 0;
  crlfRecords = 0;
  crRecords = 0;
  quotedBreaks = 0;
  unended = 0;
  loneEmpty = 0;
  longest = 0;
}

/** Forgets the listed bad records and the output, which the host has taken. */
export function drain(): void {
  badCount = 0;
  outputLength = 0;
}

/** Structural bytes of the 64 bytes at `p`: line ends and other low bytes, delimiter, quote and escape. */
// @ts-ignore: decorator
@inline
function structural(p: usize, d: v128, q: v128, x: v128): u64 {
  const low = i8x16.splat(14);
  const a = v128.load(p);
  const b = v128.load(p, 16);
  const c = v128.load(p, 32);
  const e = v128.load(p, 48);
  let ma = v128.or(v128.or(i8x16.eq(a, d), i8x16.eq(a, q)), i8x16.lt_u(a, low));
  let mb = v128.or(v128.or(i8x16.eq(b, d), i8x16.eq(b, q)), i8x16.lt_u(b, low));
  let mc = v128.or(v128.or(i8x16.eq(c, d), i8x16.eq(c, q)), i8x16.lt_u(c, low));
  let me = v128.or(v128.or(i8x16.eq(e, d), i8x16.eq(e, q)), i8x16.lt_u(e, low));
  if (distinctEscape) {
    ma = v128.or(ma, i8x16.eq(a, x));
    mb = v128.or(mb, i8x16.eq(b, x));
    mc = v128.or(mc, i8x16.eq(c, x));
    me = v128.or(me, i8x16.eq(e, x));
  }
  blockHigh = v128.any_true(v128.and(v128.or(v128.or(a, b), v128.or(c, e)), i8x16.splat(-128)));
  high = high || blockHigh;
  return <u64>(<u32>i8x16.bitmask(ma)) | (<u64>(<u32>i8x16.bitmask(mb)) << 16) | (<u64>(<u32>i8x16.bitmask(mc)) << 32) | (<u64>(<u32>i8x16.bitmask(me)) << 48);
}

function loadBlock(): u64 {
  const bits = structural(buffer + block, i8x16.splat(<i8>delimiter), i8x16.splat(quote < 0 ? 10 : <i8>quote), i8x16.splat(<i8>escape));
  return block + 64 > end ? bits & ((<u64>1 << (end - block)) - 1) : bits;
}

// @ts-ignore: decorator
@inline
function next(): i32 {
  let m = mask;
  if (m == 0) {
    do {
      block += 64;
      if (block >= end) return end;
      m = loadBlock();
    } while (m == 0);
  }
  mask = m & (m - 1);
  return block + <i32>ctz(m);
}

function seek(to: i32): void {
  block = to & ~63;
  mask = 0;
  if (block < end) {
    mask = loadBlock() & (~(<u64>0) << (to & 63));
  }
  skip = to;
}

// @ts-ignore: decorator
@inline
function isDelimiter(at: i32, c: i32): bool {
  if (c != delimiter) return false;
  return delimiterLength == 1 || tailMatches(at);
}

function tailMatches(at: i32): bool {
  if (at + delimiterLength > end) return false;
  for (let i = 1; i < delimiterLength; i++) if (<u32>load<u8>(buffer + at + i) != ((delimiterTail >> ((i - 1) * 8)) & 255)) return false;
  return true;
}

/** Position after the terminator of the physical line at `from`; -1 when it is not in the buffer. */
function lineEnd(from: i32): i32 {
  for (let i = from; i < end; i++) {
    const c = load<u8>(buffer + i);
    if (c == 10) return i + 1;
    if (c == 13) {
      if (terminator == RETURNS) return i + 1;
      if (terminator == ANY) {
        if (i + 1 < end) return load<u8>(buffer + i + 1) == 10 ? i + 2 : i + 1;
        return isLast ? i + 1 : -1;
      }
    }
  }
  return isLast ? end : -1;
}

function list(from: i32, to: i32, atLine: i32, lines: i32, reason: i32, column: i32, found: i32): void {
  let stop = to;
  while (stop > from && (load<u8>(buffer + stop - 1) == 10 || load<u8>(buffer + stop - 1) == 13)) stop--;
  const p = badList + <usize>badCount * BAD_BYTES;
  store<i32>(p, from);
  store<i32>(p, stop, 4);
  store<i32>(p, to, 8);
  store<i32>(p, atLine, 12);
  store<i32>(p, lines, 16);
  store<i32>(p, reason, 20);
  store<i32>(p, column, 24);
  store<i32>(p, badFrom, 28);
  store<i32>(p, badTo, 32);
  store<i32>(p, found, 36);
  badCount++;
}

function isNull(p: usize, len: i32): bool {
  if (len == 0) return emptyIsNull;
  let q = nulls;
  for (let i = 0; i < nullCount; i++) {
    const size: i32 = load<i32>(q);
    if (size == len && memory.compare(q + 4, p, len) == 0) return true;
    q += 4 + size;
  }
  return false;
}

function repeatsHeader(): bool {
  let q = header;
  for (let i = 0; i < columnCount; i++) {
    const size: i32 = load<i32>(q);
    const from = load<u32>(fields + (i << 3)) & POSITION;
    const to = load<u32>(fields + (i << 3), 4);
    if (<i32>(to - from) != size || memory.compare(q + 4, buffer + from, size) != 0) return false;
    q += 4 + size;
  }
  return true;
}

function writeRecord(): void {
  let out = output + outputLength;
  for (let i = 0; i < columnCount; i++) {
    const f = load<u32>(fields + (i << 3));
    const to: i32 = load<i32>(fields + (i << 3), 4);
    const from: i32 = f & POSITION;
    if (i > 0) {
      store<u8>(out, 44);
      out++;
    }
    if ((quotedNulls || (f & QUOTED) == 0) && isNull(buffer + from, to - from)) {
      store<u16>(out, 0x4e5c);
      out += 2;
      continue;
    }
    store<u8>(out, 34);
    out++;
    for (let k = from; k < to; k++) {
      let c = load<u8>(buffer + k);
      if ((f & ESCAPED) != 0 && <i32>c == escape && k + 1 < to) {
        const d: i32 = load<u8>(buffer + k + 1);
        if (d == quote || d == escape || d == delimiter || d == 10 || d == 13) {
          k++;
          c = <u8>d;
        }
      }
      if (c == 34) {
        store<u8>(out, 34);
        out++;
      }
      store<u8>(out, c);
      out++;
    }
    store<u8>(out, 34);
    out++;
  }
  store<u8>(out, 10);
  outputLength = <i32>(out + 1 - output);
}

/** Takes a record of the right shape, or says why not. */
function accept(from: i32, to: i32, atLine: i32, count: bool): i32 {
  if (high && !isUtf8(buffer + from, buffer + to)) {
    badColumn = -1;
    for (let i = 0; i < columnCount; i++) {
      badFrom = load<u32>(fields + (i << 3)) & POSITION;
      badTo = load<u32>(fields + (i << 3), 4);
      if (!isUtf8(buffer + badFrom, buffer + badTo)) {
        badColumn = i;
        break;
      }
    }
    return NOT_UTF8;
  }
  if (headerFields > 0) {
    const first = load<u32>(fields) & POSITION;
    if (load<i32>(header) == <i32>(load<u32>(fields, 4) - first) && repeatsHeader()) {
      badColumn = -1;
      return REPEATS_HEADER;
    }
  }
  let nullsHere = 0;
  if (checked != 0) {
    for (let i = 0; i < columnCount; i++) {
      const column = changetype<Column>(columns + i * COLUMN_BYTES);
      if (column.declared == 0) continue;
      const f = load<u32>(fields + (i << 3));
      const start: i32 = f & POSITION;
      const stop: i32 = load<i32>(fields + (i << 3), 4);
      if ((start == stop || nullCount > 0) && (quotedNulls || (f & QUOTED) == 0) && isNull(buffer + start, stop - start)) {
        store<i32>(nullColumns + (nullsHere << 2), i);
        nullsHere++;
        continue;
      }
      if (column.kind == TEXT) continue;
      const reason = checkDeclared(column, buffer + start, stop - start, (f & ESCAPED) != 0);
      if (reason != 0) {
        badColumn = i;
        badFrom = start;
        badTo = stop;
        return reason;
      }
    }
  }
  if (!count) return 0;
  for (let k = 0; k < nullsHere; k++) {
    changetype<Column>(columns + load<i32>(nullColumns + (k << 2)) * COLUMN_BYTES).nulls++;
  }
  if (inferred != 0) {
    for (let i = 0; i < columnCount; i++) {
      const column = changetype<Column>(columns + i * COLUMN_BYTES);
      if (column.declared != 0) continue;
      const f = load<u32>(fields + (i << 3));
      const start: i32 = f & POSITION;
      const stop: i32 = load<i32>(fields + (i << 3), 4);
      if ((start == stop || nullCount > 0) && (quotedNulls || (f & QUOTED) == 0) && isNull(buffer + start, stop - start)) {
        column.nulls++;
      } else {
        infer(column, buffer + start, stop - start, start, atLine, (f & ESCAPED) != 0, broad);
      }
    }
  }
  if (emit) writeRecord();
  records++;
  return 0;
}

/**
 * Scans records of the buffer from `from` on, until one begins at or after `stopAt`. `length` bytes are in the buffer; `last` says that
 * the file ends there. Gives DONE, INCOMPLETE (the record at `consumed` goes on past the buffer) or FULL (the list of bad records is).
 */
export function scan(from: i32, length: i32, stopAt: i32, last: bool): i32 {
  end = length;
  isLast = last;
  position = from;
  high = false;
  seek(from);
  // A record of several lines and the wrong number of fields is tried line by line: when a line of it is a record by itself, a stray
  // quote had swallowed it.
  let probeEnd = -1;
  let probeFrom = 0;
  let probeLine = 0;
  let probeReason = 0;
  let probeFound = 0;
  while (true) {
    if (probeEnd >= 0 && position >= probeEnd) {
      badFrom = badTo = 0;
      list(probeFrom, probeEnd, probeLine, line - probeLine, probeReason, -1, probeFound);
      probeEnd = -1;
    }
    consumed = position;
    if (position >= stopAt || position >= end) return DONE;
    if (badCount >= badCapacity) return FULL;
    high = blockHigh;
    const start = position;
    const startLine = line;
    const firstByte: i32 = load<u8>(buffer + start);
    if (firstByte == comment) {
      const to = lineEnd(start);
      if (to < 0) return INCOMPLETE;
      position = to;
      line++;
      comments++;
      seek(to);
      continue;
    }
    let count = 0;
    let at = start;
    let reason = 0;
    let recordEnd = 0;
    let ended = 0;
    badColumn = -1;
    badFrom = badTo = 0;
    while (true) {
      let stop = 0;
      let flags: u32 = 0;
      let valueAt = at;
      let c: i32 = at < end ? <i32>load<u8>(buffer + at) : -1;
      let e = 0;
      if (c == quote && c >= 0) {
        do {
          e = next();
        } while (e < at);
        flags = QUOTED;
        valueAt = at + 1;
        while (true) {
          e = next();
          if (e >= end) {
            if (!last) {
              if (probeEnd >= 0) {
                consumed = probeFrom;
                line = probeLine;
              } else line = startLine;
              return INCOMPLETE;
            }
            reason = UNCLOSED;
            break;
          }
          if (e < skip) continue;
          c = load<u8>(buffer + e);
          if (c == quote) {
            if (escape == quote) {
              if (e + 1 < end) {
                if (<i32>load<u8>(buffer + e + 1) == quote) {
                  skip = e + 2;
                  flags |= ESCAPED;
                  continue;
                }
              } else if (!last) {
                e = end;
                break;
              }
            }
            break;
          }
          if (c == escape) {
            const d: i32 = e + 1 < end ? <i32>load<u8>(buffer + e + 1) : -1;
            if (d < 0 && !last) {
              e = end;
              break;
            }
            if (d != quote && d != escape) {
              reason = BAD_ESCAPE;
              break;
            }
            skip = e + 2;
            flags |= ESCAPED;
          } else if (c == 10) {
            line++;
            quotedBreaks++;
          } else if (c == 13) {
            quotedBreaks++;
            if (terminator != LINES && e + 1 < end && load<u8>(buffer + e + 1) != 10) line++;
          } else if (c == 0) {
            reason = NUL;
            break;
          }
        }
        if (reason != 0) {
          badColumn = count;
          badFrom = valueAt;
          badTo = valueAt;
          break;
        }
        stop = e;
        const after = e + 1;
        if (after >= end) {
          if (!last) {
            if (probeEnd >= 0) {
              consumed = probeFrom;
              line = probeLine;
            } else line = startLine;
            return INCOMPLETE;
          }
          e = end;
          c = -1;
        } else {
          c = load<u8>(buffer + after);
          if (c != delimiter && c != 10 && c != 13) {
            reason = AFTER_QUOTE;
            badColumn = count;
            badFrom = valueAt;
            badTo = stop;
            break;
          }
          e = after;
          skip = after + 1;
          if (c == delimiter && !isDelimiter(after, c)) {
            reason = AFTER_QUOTE;
            badColumn = count;
            badFrom = valueAt;
            badTo = stop;
            break;
          }
        }
      } else {
        if (c == suspectQuote && c >= 0) {
          reason = UNDECLARED_QUOTE;
          badColumn = count;
          break;
        }
        while (true) {
          e = next();
          if (e >= end) {
            if (!last) {
              if (probeEnd >= 0) {
                consumed = probeFrom;
                line = probeLine;
              } else line = startLine;
              return INCOMPLETE;
            }
            e = end;
            c = -1;
            break;
          }
          if (e < skip) continue;
          c = load<u8>(buffer + e);
          if (c == delimiter) {
            if (delimiterLength == 1 || tailMatches(e)) break;
            continue;
          }
          if (c == 10 || c == 13) break;
          if (c == quote) {
            reason = STRAY_QUOTE;
            break;
          }
          if (c == escape) {
            const d: i32 = e + 1 < end ? <i32>load<u8>(buffer + e + 1) : -1;
            if (d == quote || d == escape || d == delimiter || d == 10 || d == 13) {
              skip = e + 2;
              flags |= ESCAPED;
              if (d == 10 || d == 13) {
                line++;
                quotedBreaks++;
                if (d == 13 && e + 2 < end && load<u8>(buffer + e + 2) == 10) skip = e + 3;
              }
            }
          } else if (c == 0) {
            reason = NUL;
            break;
          }
        }
        if (reason != 0) {
          badColumn = count;
          badFrom = at;
          badTo = at;
          break;
        }
        stop = e;
      }
      if (count <= columnCount) {
        store<u32>(fields + (count << 3), <u32>valueAt | flags);
        store<i32>(fields + (count << 3), stop, 4);
      }
      count++;
      if (c == delimiter && e < end) {
        at = e + delimiterLength;
        skip = at;
        continue;
      }
      // The record is at its end.
      if (c < 0) {
        recordEnd = end;
        ended = 0;
      } else if (c == 10) {
        recordEnd = e + 1;
        ended = 1;
        if (terminator == RETURNS) {
          reason = WRONG_TERMINATOR;
          break;
        }
      } else {
        if (e + 1 >= end && !last && terminator != RETURNS) {
          if (probeEnd >= 0) {
            consumed = probeFrom;
            line = probeLine;
          } else line = startLine;
          return INCOMPLETE;
        }
        const lf = e + 1 < end && load<u8>(buffer + e + 1) == 10;
        if (lf && terminator == RETURNS) reason = WRONG_TERMINATOR;
        else if (!lf && terminator == LINES) reason = LONE_RETURN;
        if (reason != 0) break;
        recordEnd = lf ? e + 2 : e + 1;
        ended = lf ? 2 : 3;
      }
      break;
    }

    if (reason == 0) {
      const onlyEmpty = count == 1 && load<u32>(fields) == <u32>start && load<i32>(fields, 4) == start;
      if (onlyEmpty && columnCount > 1) {
        position = recordEnd;
        skip = recordEnd;
        line++;
        blanks++;
        continue;
      }
      if (count == columnCount + 1 && trailingDelimiter) {
        const f = load<u32>(fields + (columnCount << 3));
        if (f == load<u32>(fields + (columnCount << 3), 4)) count--;
      }
      if (count != columnCount) {
        reason = count < columnCount ? TOO_FEW : TOO_MANY;
        if (line != startLine && probeEnd < 0) {
          const first = lineEnd(start);
          if (first > 0 && first < recordEnd) {
            probeEnd = recordEnd;
            probeFrom = start;
            probeLine = startLine;
            probeReason = reason;
            probeFound = count;
            position = first;
            line = startLine + 1;
            seek(first);
            continue;
          }
        }
      } else {
        reason = accept(start, recordEnd, startLine, probeEnd < 0);
        if (reason == 0) {
          if (probeEnd >= 0) {
            // A whole record inside: only the first line of the one that was tried is bad.
            const first = lineEnd(probeFrom);
            badFrom = badTo = 0;
            list(probeFrom, first, probeLine, 1, UNCLOSED, -1, probeFound);
            probeEnd = -1;
            position = first;
            line = probeLine + 1;
            seek(first);
            continue;
          }
          if (recordEnd - start > longest) {
            longest = recordEnd - start;
            longestLine = startLine;
          }
          if (onlyEmpty) loneEmpty++;
          if (ended == 1) lfRecords++;
          else if (ended == 2) crlfRecords++;
          else if (ended == 3) crRecords++;
          else unended++;
          position = recordEnd;
          skip = recordEnd;
          line++;
          continue;
        }
      }
    }

    // A record of the right shape is set aside whole; any other, by its first line.
    const whole = count == columnCount && recordEnd > 0;
    const to = whole ? recordEnd : lineEnd(start);
    if (to < 0) {
      if (probeEnd >= 0) {
        consumed = probeFrom;
        line = probeLine;
      } else line = startLine;
      return INCOMPLETE;
    }
    const lines = whole ? line - startLine + 1 : 1;
    if (probeEnd < 0) list(start, to, startLine, lines, reason, badColumn, count);
    position = to;
    line = startLine + lines;
    seek(to);
  }
}
