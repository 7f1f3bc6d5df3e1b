import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { join, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import { compressionOf, openContent } from "./archive/open-content.js";

/** How CSV is written. */
export interface CsvForm {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
  readonly encoding: string;
}

/** Longest header, in characters. */
const LONGEST_HEADER = 1024 * 1024;
/** What NULL is written as, so that an empty value stays an empty text: nothing that a file holds. */
const NO_NULL = "\u0001\u0002datapy\u0002\u0001";

/** A file of plain UTF-8 with the same text: the file itself where it is that already. */
export async function plainText(
  file: string,
  encoding: string,
  temporary: () => string,
  signal: AbortSignal,
): Promise<string> {
  const utf8 = /^utf-?8$/i.test(encoding);
  if (utf8 && (await compressionOf(file)) === "none") return file;
  const target = temporary();
  const content = await openContent(file, signal);
  const decoder = new TextDecoder(encoding);
  const text = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }));
    yield Buffer.from(decoder.decode());
  };
  await pipeline(content, utf8 ? passThrough : text, createWriteStream(target), { signal });
  return target;
}

async function* passThrough(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* source;
}

/** Values of the first record, which may span lines; `undefined` for a file without any. */
export async function firstRecord(file: string, form: CsvForm, signal: AbortSignal): Promise<string[] | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  const content: Readable = await openContent(file, signal);
  try {
    for await (const chunk of content) {
      text += decoder.decode(chunk as Buffer, { stream: true });
      const record = parseRecord(text, form, false);
      if (record !== undefined) return record;
      if (text.length > LONGEST_HEADER) throw new Error("the first row does not end: an open quote?");
    }
  } finally {
    content.destroy();
  }
  text += decoder.decode();
  return text === "" ? undefined : parseRecord(text, form, true);
}

/** Takes the first record of a text apart. `undefined` when its end is not there and `whole` does not say that nothing follows. */
export function parseRecord(text: string, { delimiter, quote, escape }: CsvForm, whole: boolean): string[] | undefined {
  const values: string[] = [];
  let value = "";
  let at = 0;
  let quoted = false;
  let start = true;
  while (at < text.length) {
    const character = text.charAt(at);
    if (quoted) {
      if (character === escape && text.charAt(at + 1) === quote && (escape !== quote || at + 1 < text.length)) {
        value += quote;
        at += 2;
        continue;
      }
      if (character === quote) {
        if (at + 1 === text.length && !whole) return undefined;
        quoted = false;
      } else value += character;
      at += 1;
    } else if (quote !== "" && start && character === quote) {
      quoted = true;
      start = false;
      at += 1;
    } else if (text.startsWith(delimiter, at)) {
      values.push(value);
      value = "";
      start = true;
      at += delimiter.length;
    } else if (character === "\n" || character === "\r") return [...values, value];
    else {
      value += character;
      start = false;
      at += 1;
    }
  }
  if (!whole) return undefined;
  if (quoted) throw new Error("the first row does not end: an open quote");
  return [...values, value];
}

/**
 * A reading of CSV in which column `c0`, `c1`, … is NULL where a row has no such value, and a text everywhere else: so that rows that are too
 * short or too long can be counted, and nothing is guessed.
 */
export function scanCsv(file: string, form: CsvForm, width: number): Sql {
  const columns = Array.from({ length: width }, (_, index) => sql`${raw(`c${String(index)}`)}: 'VARCHAR'`);
  return sql`read_csv(${literal(file)}, auto_detect = false, columns = {${join(columns)}}, delim = ${literal(form.delimiter)},
    quote = ${literal(form.quote)}, escape = ${literal(form.quote === "" ? "" : form.escape)}, header = ${literal(form.header)},
    nullstr = ${literal(NO_NULL)}, null_padding = true, strict_mode = true, parallel = false, max_line_size = 16777216)`;
}
