import { createReadStream, createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import zlib from "node:zlib";
import type { Column } from "@datapy/mod-kit";
import { writesLines } from "./copy-statement.js";
import type { FileFormat } from "./file-format.js";
import { crlfOutsideQuotes, linesToArray } from "./line-ends.js";
import type { TextChange } from "./line-ends.js";
import type { WriterParameters } from "./parameters.js";
import { writerError } from "./writer-error.js";

const UTF8 = /^(?:utf-?8|us-ascii|ascii)$/i;
const UTF8_MARK = /^utf-?8-?(?:bom|sig)$/i;

/** What DuckDB cannot do to a text while it writes it. */
export interface TextPass {
  readonly encoding: string;
  /** Whether the text begins with a byte order mark. */
  readonly mark: boolean;
  /** Makes the change of a new file's line ends. */
  readonly lineEnds: () => TextChange;
  readonly compressor: () => Transform | undefined;
}

/** `undefined` where DuckDB's own text is what is wanted. Throws `FILE_WRITER_FORMAT` (20) for an encoding that is not known. */
export async function textPass(
  params: WriterParameters,
  format: FileFormat,
  columns: readonly Column[],
): Promise<TextPass | undefined> {
  if (format.kind === "parquet" || format.kind === "xlsx") return undefined;
  const hasMark = UTF8_MARK.test(params.encoding);
  const encoding = hasMark || UTF8.test(params.encoding) ? "utf-8" : params.encoding;
  const asArray = format.kind === "json" && writesLines(columns, format);
  const crlf = params.line_ending === "crlf";
  if (encoding === "utf-8" && !hasMark && !crlf && !asArray) return undefined;
  const { default: iconv } = await import("iconv-lite");
  if (!iconv.encodingExists(encoding)) {
    throw writerError(
      "FILE_WRITER_FORMAT",
      `the encoding ${JSON.stringify(params.encoding)} is not known`,
      "Known are utf-8, utf-8-bom, utf-16le, utf-16be, latin1, windows-1250 to windows-1258, iso-8859-2 to -16, koi8-r, shift_jis, euc-jp, gb18030, big5, euc-kr.",
    );
  }
  const zstd = (zlib as { readonly createZstdCompress?: () => Transform }).createZstdCompress;
  if (format.compression === "zstd" && zstd === undefined) {
    throw writerError(
      "FILE_WRITER_FORMAT",
      "zstd together with another encoding or line ending needs Node.js 22.15 or newer",
      "Use `compression: gzip`, or utf-8 with `line_ending: lf`.",
    );
  }
  const quote = format.kind === "csv" ? params.quote : "";
  return {
    encoding,
    mark: hasMark || /^(?:utf|ucs)-?(?:16|2)/i.test(encoding),
    lineEnds: () => {
      if (asArray) return linesToArray(crlf ? "\r\n" : "\n");
      return crlf ? crlfOutsideQuotes(quote, params.escape ?? quote) : (text) => text;
    },
    compressor: () =>
      format.compression === "gzip"
        ? zlib.createGzip()
        : zstd !== undefined && format.compression === "zstd"
          ? zstd()
          : undefined,
  };
}

/** Goes over the text of a file that DuckDB has written. Throws `FILE_WRITER_VALUE` (20) for a character that the encoding lacks. */
export async function runTextPass(pass: TextPass, from: string, to: string, signal: AbortSignal): Promise<void> {
  const { default: iconv } = await import("iconv-lite");
  const decoder = new StringDecoder("utf8");
  const change = pass.lineEnds();
  const encode = (text: string): Buffer => iconv.encode(text, pass.encoding, { addBOM: false });
  const decode = (bytes: Buffer): string => iconv.decode(bytes, pass.encoding, { stripBOM: false });
  let isStarted = false;
  const step = (piece: string, last: boolean): Buffer => {
    let text = change(piece, last);
    if (!isStarted && pass.mark) text = `\ufeff${text}`;
    isStarted = true;
    const bytes = encode(text);
    // A character that the encoding lacks comes as a question mark.
    if (pass.encoding !== "utf-8" && decode(bytes) !== text)
      throw lacking([...text].find((one) => decode(encode(one)) !== one) ?? "?", pass.encoding);
    return bytes;
  };
  const attempt = (callback: TransformCallback, work: () => Buffer): void => {
    try {
      callback(undefined, work());
    } catch (error) {
      callback(error as Error);
    }
  };
  const transform = new Transform({
    transform: (chunk: Buffer, _encoding, callback) => attempt(callback, () => step(decoder.write(chunk), false)),
    flush: (callback) => attempt(callback, () => step(decoder.end(), true)),
  });
  const input = createReadStream(from, { highWaterMark: 1 << 20 });
  const compressor = pass.compressor();
  const output = createWriteStream(to, { flags: "wx" });
  if (compressor === undefined) await pipeline(input, transform, output, { signal });
  else await pipeline(input, transform, compressor, output, { signal });
}

function lacking(character: string, encoding: string): Error {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return writerError(
    "FILE_WRITER_VALUE",
    `${encoding} has no character ${JSON.stringify(character)} (U+${code}), which stands in the table`,
    "Write utf-8, or replace the character first (data-cleaner: regex_replace, strip_accents).",
  );
}
