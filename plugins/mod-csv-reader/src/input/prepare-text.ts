import "../scan/web-assembly.js";
import { createReadStream, createWriteStream, readSync } from "node:fs";
import { closeSync, openSync, statSync } from "node:fs";
import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { csvError } from "../csv-error.js";
import { decoderOf, encodingName, guessEncoding } from "./decode-text.js";
import type { InputFile } from "./find-files.js";

/** A file as plain UTF-8. */
export interface PreparedText {
  /** The file itself, or a temporary copy that is decompressed and decoded. */
  readonly path: string;
  readonly size: number;
  /** Bytes of a byte order mark at the start. */
  readonly mark: number;
  readonly copied: boolean;
  readonly encoding: string;
  readonly compression: "none" | "gzip" | "zstd";
}

/** How to read a file's bytes. */
export interface PrepareOptions {
  readonly compression: "auto" | "none" | "gzip" | "zstd";
  readonly encoding: string;
  /** Whether a few lines that are not UTF-8 may be set aside as bad rows. */
  readonly tolerant: boolean;
  readonly temporaryPath: (name: string) => string;
  /** The compiled scanner, which also computes checksums. */
  readonly scanner: () => WebAssembly.Module;
  readonly signal: AbortSignal;
}

const FOREIGN: readonly { readonly magic: readonly number[]; readonly what: string }[] = [
  { magic: [0x50, 0x4b, 0x03, 0x04], what: "a zip archive or an Excel workbook" },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], what: "an old Excel workbook" },
  { magic: [0x50, 0x41, 0x52, 0x31], what: "a Parquet file" },
  { magic: [0x42, 0x5a, 0x68], what: "a bzip2 file" },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: "an xz file" },
  { magic: [0x25, 0x50, 0x44, 0x46], what: "a PDF document" },
];

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** The first bytes of a file. */
export function readStart(file: string, length: number): Buffer {
  const handle = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    let held = 0;
    for (;;) {
      const got = readSync(handle, bytes, held, length - held, held);
      held += got;
      if (got === 0 || held === length) return bytes.subarray(0, held);
    }
  } finally {
    closeSync(handle);
  }
}

/**
 * Makes a file readable as UTF-8 text. A plain UTF-8 file is used as it stands; anything else is written to a temporary file first.
 * @throws DatapyError `CSV_COMPRESSION`, `CSV_ENCODING`
 */
export async function prepareText(file: InputFile, options: PrepareOptions): Promise<PreparedText> {
  const start = readStart(file.path, 8);
  const compression = options.compression === "auto" ? compressionOf(file, start) : options.compression;
  let current = file.path;
  let copied = false;
  if (compression !== "none") {
    current = options.temporaryPath("decompressed.csv");
    await decompress(file.path, current, compression, options.scanner, options.signal);
    copied = true;
  }
  const sample = readStart(current, 65_536);
  refuseUtf32(file.path, sample);
  const guess = guessEncoding(sample);
  const declared = options.encoding === "auto" ? undefined : encodingName(options.encoding);
  const encoding = declared ?? guess?.encoding ?? "utf-8";
  if (encoding === "utf-8") {
    if (guess !== undefined && guess.encoding !== "utf-8") {
      throw csvError(
        "CSV_ENCODING",
        `${file.path} is ${guess.encoding}, not utf-8`,
        `declare encoding: ${guess.encoding}, or leave it out`,
      );
    }
    const mark = guess?.mark ?? 0;
    if (declared === undefined) refuseForeignEncoding(file.path, sample.subarray(mark), options.tolerant);
    return { path: current, size: statSync(current).size, mark, copied, encoding, compression };
  }
  const decoded = options.temporaryPath("decoded.csv");
  const mark = guess?.encoding === encoding ? guess.mark : 0;
  await decode(file.path, current, decoded, encoding, mark, options.signal);
  return { path: decoded, size: statSync(decoded).size, mark: 0, copied: true, encoding, compression };
}

function compressionOf(file: InputFile, start: Uint8Array): "none" | "gzip" | "zstd" {
  if (startsWith(start, [0x1f, 0x8b])) return "gzip";
  if (startsWith(start, [0x28, 0xb5, 0x2f, 0xfd])) return "zstd";
  const foreign = FOREIGN.find(({ magic }) => startsWith(start, magic));
  if (foreign !== undefined)
    throw csvError(
      "CSV_COMPRESSION",
      `${file.path} is ${foreign.what}, not delimited text`,
      "unpack or export it as CSV first",
    );
  return "none";
}

async function decompress(
  from: string,
  to: string,
  compression: "gzip" | "zstd",
  module: () => WebAssembly.Module,
  signal: AbortSignal,
): Promise<void> {
  try {
    const inflate = compression === "gzip" ? createGunzip() : await zstdStream(module());
    await pipeline(createReadStream(from), inflate, createWriteStream(to), { signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOSPC" || code === "EDQUOT") throw cause;
    throw csvError(
      "CSV_COMPRESSION",
      `${from} is not a whole ${compression} file: ${(cause as Error).message}`,
      "fetch or pack it again",
      cause,
    );
  }
}

async function zstdStream(module: WebAssembly.Module): Promise<Transform> {
  const { ZstdStream } = await import("./zstd-stream.js");
  return new ZstdStream(module);
}

async function decode(
  file: string,
  from: string,
  to: string,
  encoding: string,
  mark: number,
  signal: AbortSignal,
): Promise<void> {
  const decoder = decoderOf(encoding);
  let read = mark;
  const refuse = (cause: unknown): Error =>
    csvError(
      "CSV_ENCODING",
      `${file} is not ${encoding}: a byte sequence between offsets ${read} and ${read + 65_536} has no meaning in it`,
      "declare the encoding that the file has",
      cause,
    );
  const transform = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback) {
      try {
        const text = decoder.write(chunk);
        read += chunk.length;
        callback(undefined, Buffer.from(text, "utf8"));
      } catch (cause) {
        callback(refuse(cause));
      }
    },
    flush(callback: TransformCallback) {
      try {
        callback(undefined, Buffer.from(decoder.end(), "utf8"));
      } catch (cause) {
        callback(refuse(cause));
      }
    },
  });
  await pipeline(createReadStream(from, { start: mark }), transform, createWriteStream(to), { signal });
}

/** UTF-32 begins with a mark whose first half may be the one of UTF-16. */
function refuseUtf32(file: string, sample: Uint8Array): void {
  if (!startsWith(sample, [0xff, 0xfe, 0, 0]) && !startsWith(sample, [0, 0, 0xfe, 0xff])) return;
  throw csvError(
    "CSV_ENCODING",
    `${file} is UTF-32, which is not read`,
    "save it as UTF-8: `iconv -f UTF-32 -t UTF-8`",
  );
}

/** Refuses a file that is plainly in another encoding: bytes past ASCII, and hardly any of them UTF-8. */
function refuseForeignEncoding(file: string, sample: Uint8Array, tolerant: boolean): void {
  let valid = 0;
  let invalid = 0;
  let at = -1;
  for (let i = 0; i < sample.length; i++) {
    const byte = sample[i] ?? 0;
    if (byte < 0x80) continue;
    const more =
      byte >= 0xc2 && byte <= 0xdf ? 1 : byte >= 0xe0 && byte <= 0xef ? 2 : byte >= 0xf0 && byte <= 0xf4 ? 3 : 0;
    let whole = more > 0;
    for (let k = 1; k <= more && whole; k++)
      if (i + k < sample.length && ((sample[i + k] ?? 0) & 0xc0) !== 0x80) whole = false;
    if (whole) {
      valid++;
      i += more;
    } else {
      if (at < 0) at = i;
      invalid++;
    }
  }
  if (invalid === 0 || valid > invalid) return;
  const lines = sample.filter((byte) => byte === 10 || byte === 13).length;
  if (tolerant && invalid * 20 <= lines) return;
  const high = sample.filter((byte) => byte >= 0x80 && byte <= 0x9f).length;
  const likely = high > 0 ? "windows-1252" : "latin1 or windows-1252";
  throw csvError(
    "CSV_ENCODING",
    `${file} is not UTF-8: byte ${(sample[at] ?? 0).toString(16)} at offset ${at} begins no character`,
    `declare its encoding; files from Western Europe are mostly ${likely}`,
  );
}
