import type { Dialect, SampleRecord } from "./dialect.js";

/**
 * Cuts a sample into records, by the rules of the scanner: a quote opens a value only at its start, and closes it only before a
 * delimiter or a record's end. A record with broken quoting ends with its first physical line.
 */
export function tokenize(text: string, dialect: Dialect, limit = Infinity): SampleRecord[] {
  const records: SampleRecord[] = [];
  let at = 0;
  let line = 0;
  while (at < text.length && records.length < limit) {
    const record = readRecord(text, at, line, dialect);
    if (dialect.comment !== "" && text.startsWith(dialect.comment, at)) {
      at = lineEnd(text, at, dialect);
      line++;
      continue;
    }
    records.push(record);
    line += Math.max(1, countLines(text, record.from, record.to));
    at = record.to;
  }
  return records;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) lines++;
  }
  return lines;
}

/** Position after the end of the physical line at `from`. */
export function lineEnd(text: string, from: number, { terminator }: Pick<Dialect, "terminator">): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 && terminator !== "returns") return i + 1;
    if (c === 13 && terminator !== "lines")
      return terminator === "any" && text.charCodeAt(i + 1) === 10 ? i + 2 : i + 1;
  }
  return text.length;
}

function readRecord(text: string, from: number, line: number, dialect: Dialect): SampleRecord {
  const { delimiter, quote, escape } = dialect;
  const fields: string[] = [];
  const quotedFields: boolean[] = [];
  let at = from;
  for (;;) {
    let value = "";
    const quoted = quote !== "" && text[at] === quote;
    if (quoted) {
      at++;
      for (;;) {
        if (at >= text.length) return broken(text, from, line, dialect);
        const c = text.charAt(at);
        if (c === escape && escape !== quote) {
          const next = text[at + 1];
          if (next !== quote && next !== escape) return broken(text, from, line, dialect);
          value += next;
          at += 2;
        } else if (c === quote) {
          if (escape === quote && text[at + 1] === quote) {
            value += quote;
            at += 2;
          } else break;
        } else {
          value += c;
          at++;
        }
      }
      at++;
    } else {
      const start = at;
      while (at < text.length && !text.startsWith(delimiter, at) && text[at] !== "\n" && text[at] !== "\r") {
        if (quote !== "" && text[at] === quote) return broken(text, from, line, dialect);
        if (escape !== "" && escape !== quote && text[at] === escape && at + 1 < text.length) at++;
        at++;
      }
      value = text.slice(start, at);
    }
    fields.push(value);
    quotedFields.push(quoted);
    if (at >= text.length) break;
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
      continue;
    }
    const end = terminatorLength(text, at, dialect);
    if (end === 0) return broken(text, from, line, dialect);
    at += end;
    break;
  }
  const blank = fields.length === 1 && fields[0] === "" && quotedFields[0] === false;
  return { fields, quoted: quotedFields, from, to: at, line, broken: false, blank };
}

function terminatorLength(text: string, at: number, { terminator }: Dialect): number {
  const c = text[at];
  if (c === "\r") {
    if (text[at + 1] === "\n") return terminator === "returns" ? 0 : 2;
    return terminator === "lines" ? 0 : 1;
  }
  return c === "\n" && terminator !== "returns" ? 1 : 0;
}

function broken(text: string, from: number, line: number, dialect: Dialect): SampleRecord {
  const to = lineEnd(text, from, dialect);
  const fields = text
    .slice(from, to)
    .replace(/[\r\n]+$/, "")
    .split(dialect.delimiter);
  return { fields, quoted: fields.map(() => false), from, to, line, broken: true, blank: false };
}
