import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import zlib from "node:zlib";
import type { ReaderParameters } from "../parameters.js";
import { readerError } from "../reader-error.js";

const FOREIGN: readonly (readonly [readonly number[], string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive or an Excel workbook"],
  [[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook"],
  [[0x50, 0x41, 0x52, 0x31], "a Parquet file"],
  [[0x42, 0x5a, 0x68], "a bzip2 file"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "an xz file"],
];

/** The text of a file as UTF-8, unpacked, piece by piece. A byte order mark is left out; `mark` counts its bytes. */
export async function* openText(
  file: string,
  params: ReaderParameters,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const plain = await unpacked(file, params, signal);
  const decode = await decoderOf(params.encoding);
  let first: Buffer | undefined;
  let decoder = decode;
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      let piece = chunk;
      if (first === undefined) {
        first = piece;
        const mark = markOf(piece);
        if (mark !== undefined) {
          piece = piece.subarray(mark.bytes);
          decoder ??= mark.encoding === "utf-8" ? undefined : await decoderOf(mark.encoding);
        }
      }
      const text = decoder === undefined ? piece : decoder.write(piece, file);
      if (text.length > 0) yield text;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (signal.aborted || typeof code !== "string" || code.startsWith("FILE_READER")) throw error;
    if (code.startsWith("Z_") || code.startsWith("ERR_")) throw damaged(file, error);
    throw readerError(
      "FILE_READER_INPUT",
      `${file} cannot be read: ${(error as Error).message}`,
      "Check the file and its permissions.",
      error,
    );
  }
  const rest = decoder?.end(file);
  if (rest !== undefined && rest.length > 0) yield rest;
}

async function unpacked(file: string, params: ReaderParameters, signal: AbortSignal): Promise<Readable> {
  const start = await startOf(file);
  const is = (magic: readonly number[]): boolean => magic.every((byte, index) => start[index] === byte);
  const packed = is([0x1f, 0x8b]) ? "gzip" : is([0x28, 0xb5, 0x2f, 0xfd]) ? "zstd" : "none";
  const compression = params.compression === "auto" ? packed : params.compression;
  const foreign = FOREIGN.find(([magic]) => is(magic));
  if (compression === "none" && foreign !== undefined)
    throw readerError("FILE_READER_FORMAT", `${file} is ${foreign[1]}, not text`, "Set `format`, or unpack it first.");
  const source = createReadStream(file, { highWaterMark: 1 << 18, signal });
  if (compression === "none") return source;
  const { zstdStream } = await import("./zstd-stream.js");
  const unpack = compression === "gzip" ? zlib.createGunzip() : await zstdStream();
  const fail = (error: Error): void => void unpack.destroy(error);
  source.on("error", fail);
  source.pipe(unpack);
  return Readable.from(
    (async function* () {
      try {
        for await (const chunk of unpack as AsyncIterable<Buffer>) yield chunk;
      } catch (error) {
        throw signal.aborted ? error : damaged(file, error);
      } finally {
        source.destroy();
      }
    })(),
  );
}

async function startOf(file: string): Promise<Buffer> {
  let handle;
  try {
    handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw readerError(
      "FILE_READER_INPUT",
      `${file} cannot be read: ${(error as Error).message}`,
      "Check the file and its permissions.",
      error,
    );
  } finally {
    await handle?.close();
  }
}

function damaged(file: string, cause: unknown): Error {
  return readerError(
    "FILE_READER_COMPRESSION",
    `${file} cannot be unpacked: ${(cause as Error).message}`,
    "The file is damaged or cut, or compressed in another way; fetch it again.",
    cause,
  );
}

function markOf(start: Buffer): { readonly encoding: string; readonly bytes: number } | undefined {
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return { encoding: "utf-8", bytes: 3 };
  if (start[0] === 0xff && start[1] === 0xfe) return { encoding: "utf-16le", bytes: 2 };
  if (start[0] === 0xfe && start[1] === 0xff) return { encoding: "utf-16be", bytes: 2 };
  return undefined;
}

/** Decodes pieces, and refuses what has no meaning in the encoding. */
interface Decoder {
  write(bytes: Buffer, file: string): Buffer;
  end(file: string): Buffer;
}

/** `undefined` for UTF-8, whose damaged lines are found one by one. */
async function decoderOf(given: string): Promise<Decoder | undefined> {
  const name = given.toLowerCase();
  if (name === "auto" || /^(?:utf-?8(?:-(?:sig|bom))?|us-ascii|ascii)$/.test(name)) return undefined;
  const refuse = (file: string, cause?: unknown): Error =>
    readerError(
      "FILE_READER_ENCODING",
      `${file} is not ${given}: some bytes have no meaning in it`,
      "Declare the encoding that the file has.",
      cause,
    );
  if (/^(?:utf|ucs)-?(?:16|2)/.test(name)) {
    const decoder = new TextDecoder(name.includes("be") ? "utf-16be" : "utf-16le", { fatal: true });
    const decode = (file: string, bytes?: Buffer): Buffer => {
      try {
        return Buffer.from(bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true }));
      } catch (error) {
        throw refuse(file, error);
      }
    };
    return { write: (bytes, file) => decode(file, bytes), end: (file) => decode(file) };
  }
  const { default: iconv } = await import("iconv-lite");
  if (!iconv.encodingExists(given)) {
    throw readerError(
      "FILE_READER_ENCODING",
      `the encoding ${JSON.stringify(given)} is not known`,
      "Known are utf-8, utf-16le, utf-16be, latin1, windows-1250 to windows-1258, iso-8859-2 to -16, koi8-r, shift_jis, euc-jp, gb18030, big5, euc-kr.",
    );
  }
  const decoder = iconv.getDecoder(given);
  const checked = (text: string, file: string): Buffer => {
    // iconv-lite puts this character where a byte has no meaning; none of these encodings has it.
    if (text.includes("\ufffd")) throw refuse(file);
    return Buffer.from(text);
  };
  return {
    write: (bytes, file) => checked(decoder.write(bytes), file),
    end: (file) => checked(decoder.end() ?? "", file),
  };
}
