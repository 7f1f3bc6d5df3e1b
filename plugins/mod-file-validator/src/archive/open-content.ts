import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { createZstdStream } from "./zstd-stream.js";

/** How a file is compressed, by its first bytes. */
export type Compression = "none" | "gzip" | "zstd";

/** First bytes of a file. */
export async function firstBytes(file: string, length: number): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** How a file is compressed. */
export async function compressionOf(file: string): Promise<Compression> {
  const start = await firstBytes(file, 4);
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  return start.length === 4 &&
    (start.readUInt32LE() === 0xfd2fb528 || (start.readUInt32LE() & 0xfffffff0) >>> 0 === 0x184d2a50)
    ? "zstd"
    : "none";
}

/** Content of a file, decompressed. Damage shows as an error of the stream. */
export async function openContent(file: string, signal: AbortSignal): Promise<Readable> {
  const compression = await compressionOf(file);
  const source = createReadStream(file, { signal, highWaterMark: 256 * 1024 });
  if (compression === "none") return source;
  const decoder = compression === "gzip" ? createGunzip() : await createZstdStream();
  // The error reaches whoever reads the decoder.
  pipeline(source, decoder, () => undefined);
  return decoder;
}
