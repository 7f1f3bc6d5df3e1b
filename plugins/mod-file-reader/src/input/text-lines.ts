import { readerError } from "../reader-error.js";

/** A line without its end. */
export interface TextLine {
  readonly bytes: Buffer;
  /** Counted from 1. */
  readonly line: number;
  /** Bytes before it in the unpacked, decoded text. */
  readonly offset: number;
}

/** Splits a text at LF and CRLF. A lone return is part of the line. */
export async function* textLines(
  pieces: AsyncIterable<Buffer>,
  { file, longest }: { readonly file: string; readonly longest: number },
): AsyncGenerator<TextLine, void, undefined> {
  let held: Buffer[] = [];
  let size = 0;
  let line = 0;
  let offset = 0;
  const make = (bytes: Buffer): TextLine => {
    const end = bytes.length > 0 && bytes[bytes.length - 1] === 13 ? bytes.length - 1 : bytes.length;
    return { bytes: bytes.subarray(0, end), line: ++line, offset };
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
      const part = piece.subarray(from, at);
      const whole = held.length === 0 ? part : Buffer.concat([...held, part]);
      yield make(whole);
      offset += whole.length + 1;
      held = [];
      size = 0;
      from = at + 1;
    }
    if (from < piece.length) {
      held.push(piece.subarray(from));
      size += piece.length - from;
      if (size > longest) {
        throw readerError(
          "FILE_READER_DAMAGED",
          `${file}: line ${String(line + 1)} is longer than ${String(longest)} bytes`,
          "Check the format; a record that is so long needs a greater `max_record_bytes`.",
        );
      }
    }
  }
  if (size > 0) yield make(Buffer.concat(held));
}

/** Leaves out lines at both ends. */
export async function* withoutEnds(
  lines: AsyncIterable<TextLine>,
  first: number,
  last: number,
): AsyncGenerator<TextLine, void, undefined> {
  const held: TextLine[] = [];
  for await (const one of lines) {
    if (one.line <= first) continue;
    held.push(one);
    const next = held.length > last ? held.shift() : undefined;
    if (next !== undefined) yield next;
  }
}
