import { createReadStream } from "node:fs";
import { qualityError } from "./quality-error.js";

/** What a CSV file is made of. */
export interface CsvShape {
  readonly header: readonly string[];
  /** Records after the header, without those that are skipped. */
  readonly rows: number;
  /** Byte after the last record that counts. */
  readonly end: number;
}

interface CsvRecord {
  readonly line: number;
  readonly fields: number;
  readonly end: number;
}

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const MOST_HEADER_BYTES = 1_048_576;

/**
 * Counts the fields of every record, so that a row with too many or too few is known by its line. Empty lines are no records. Throws
 * `QUALITY_BAD_INPUT`.
 */
export async function csvShape(
  file: string,
  options: {
    /** What messages call the file. */
    readonly name: string;
    readonly delimiter: string;
    readonly skipLast: number;
    readonly signal: AbortSignal;
  },
): Promise<CsvShape> {
  const delimiter = options.delimiter.charCodeAt(0);
  const refuse = (message: string): never => {
    throw qualityError("QUALITY_BAD_INPUT", `${options.name}: ${message}`);
  };
  /** Records that may yet turn out to be the last ones, which are skipped. */
  const pending: CsvRecord[] = [];
  const head: { names: string[] | undefined } = { names: undefined };
  let rows = 0;
  let end = 0;
  const settle = (record: CsvRecord): void => {
    const width = head.names?.length ?? 0;
    if (record.fields !== width)
      refuse(`line ${String(record.line)} has ${String(record.fields)} fields, the header has ${String(width)}`);
    rows += 1;
    end = record.end;
  };
  let offset = 0;
  let line = 1;
  let first = { line: 1, bytes: 0 };
  let fields = 1;
  let isQuoted = false;
  const headerBytes: number[] = [];
  const finish = (at: number): void => {
    if (first.bytes > 0) {
      if (head.names === undefined) {
        head.names = headerOf(headerBytes, options.delimiter);
        end = at;
      } else {
        pending.push({ line: first.line, fields, end: at });
        if (pending.length > options.skipLast) settle(pending.shift() as CsvRecord);
      }
    }
    fields = 1;
    first = { line, bytes: 0 };
  };
  const input = createReadStream(file, { signal: options.signal });
  try {
    for await (const chunk of input) {
      const bytes = chunk as Buffer;
      for (let index = 0; index < bytes.length; index += 1) {
        const byte = bytes[index] as number;
        if (byte === NEWLINE) line += 1;
        if (!isQuoted && byte === NEWLINE) {
          finish(offset + index + 1);
          continue;
        }
        if (byte === QUOTE) isQuoted = !isQuoted;
        else if (!isQuoted && byte === delimiter) fields += 1;
        if (byte !== RETURN) first.bytes += 1;
        if (head.names === undefined && headerBytes.push(byte) > MOST_HEADER_BYTES)
          refuse("its first line is longer than 1 MiB");
      }
      offset += bytes.length;
    }
  } catch (cause) {
    options.signal.throwIfAborted();
    if ((cause as { code?: unknown }).code === "QUALITY_BAD_INPUT") throw cause;
    refuse((cause as Error).message);
  }
  if (isQuoted) refuse(`the quoted field of the record in line ${String(first.line)} has no end`);
  finish(offset);
  if (head.names === undefined) return refuse("it is empty, without a header");
  return { header: head.names, rows, end };
}

function headerOf(bytes: readonly number[], delimiter: string): string[] {
  const text = Buffer.from(bytes)
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .replace(/\r?\n?$/, "");
  const names: string[] = [];
  const field = /"((?:[^"]|"")*)"|([^"]*)/y;
  let rest = text;
  for (;;) {
    field.lastIndex = 0;
    const cut = rest.startsWith('"') ? (field.exec(rest)?.[0].length ?? rest.length) : indexOr(rest, delimiter);
    names.push(rest.startsWith('"') ? rest.slice(1, cut - 1).replaceAll('""', '"') : rest.slice(0, cut));
    if (cut >= rest.length) return names;
    rest = rest.slice(cut + delimiter.length);
    if (rest === "") return [...names, ""];
  }
}

function indexOr(text: string, piece: string): number {
  const index = text.indexOf(piece);
  return index < 0 ? text.length : index;
}
