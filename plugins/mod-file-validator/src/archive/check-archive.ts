import { once } from "node:events";
import { Parser } from "tar";
import type { ReadEntry } from "tar";
import yauzl from "yauzl";
import type { Entry, ZipFile } from "yauzl";
import { beginDigest } from "@datapy/object-storage";
import { firstBytes, openContent } from "./open-content.js";

/** What an archive holds. */
export interface ArchiveContent {
  readonly kind: string;
  /** Names of the entries; none for a file that is merely compressed. */
  readonly entries: readonly string[];
  /** Bytes after decompression. */
  readonly bytes: number;
}

/** Bytes of zeros with which every tar file ends. */
const TAR_END = 1024;

/** Reads an archive from beginning to end and compares all its checksums. Throws an error that says what is wrong. */
export async function checkArchive(file: string, name: string, signal: AbortSignal): Promise<ArchiveContent> {
  const start = await firstBytes(file, 4);
  if (start.subarray(0, 2).toString("latin1") === "PK" || /\.zip$/i.test(name)) return checkZip(file, signal);
  return checkStream(file, name, start, signal);
}

/** Everything but zip: a tar file, one that is compressed, or a compressed file. */
async function checkStream(file: string, name: string, start: Buffer, signal: AbortSignal): Promise<ArchiveContent> {
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  const zstd = start.length === 4 && start.readUInt32LE() === 0xfd2fb528;
  if (/\.(?:gz|tgz)$/i.test(name) && !gzip) throw new Error("it is no gzip file");
  if (/\.(?:zst|tzst)$/i.test(name) && !zstd) throw new Error("it is no Zstandard file");
  const content = await openContent(file, signal);
  let bytes = 0;
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  const reading: { decided: boolean; tar?: TarReader } = { decided: false };
  const decide = (): void => {
    reading.decided = true;
    const isTar = head.subarray(257, 262).toString("latin1") === "ustar";
    if (!isTar && /\.(?:tar|tgz|tzst)(?:\.(?:gz|zst))?$/i.test(name)) throw new Error("it is no tar file");
    if (isTar) reading.tar = new TarReader();
  };
  try {
    for await (const chunk of content) {
      const piece = chunk as Buffer;
      bytes += piece.length;
      if (!reading.decided) {
        head = Buffer.concat([head, piece]);
        if (head.length < 512) continue;
        decide();
        await reading.tar?.write(head);
      } else await reading.tar?.write(piece);
      tail = Buffer.concat([tail, piece]).subarray(-TAR_END);
    }
    if (!reading.decided) {
      decide();
      tail = head;
    }
    const { tar } = reading;
    if (tar === undefined) {
      if (!gzip && !zstd) throw new Error("it is none of zip, tar, gzip, Zstandard");
      return { kind: gzip ? "gzip" : "zstd", entries: [], bytes };
    }
    const entries = await tar.end();
    if (tail.length < TAR_END || tail.some((byte) => byte !== 0))
      throw new Error("it ends without the mark of its end: something is missing");
    return { kind: gzip ? "tar.gz" : zstd ? "tar.zst" : "tar", entries, bytes };
  } finally {
    content.destroy();
  }
}

/** Reads a tar file; every fault of it is an error. */
class TarReader {
  readonly #entries: string[] = [];
  readonly #parser: Parser;
  readonly #ended: Promise<unknown>;
  #error: Error | undefined;

  constructor() {
    this.#parser = new Parser({
      strict: true,
      onReadEntry: (entry: ReadEntry) => {
        this.#entries.push(entry.path);
        entry.resume();
      },
    });
    this.#parser.on("error", (error: Error) => (this.#error ??= error));
    this.#ended = once(this.#parser, "end");
    this.#ended.catch(() => undefined);
  }

  async write(bytes: Buffer): Promise<void> {
    this.#requireSound();
    if (!this.#parser.write(bytes))
      await Promise.race([once(this.#parser, "drain"), this.#ended]).catch(() => undefined);
    this.#requireSound();
  }

  async end(): Promise<string[]> {
    this.#parser.end();
    await this.#ended.catch(() => undefined);
    this.#requireSound();
    return this.#entries;
  }

  #requireSound(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}

async function checkZip(file: string, signal: AbortSignal): Promise<ArchiveContent> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true, autoClose: false, strictFileNames: true }, (error, opened) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  try {
    const entries: string[] = [];
    let bytes = 0;
    for (;;) {
      signal.throwIfAborted();
      const entry = await nextEntry(zip);
      if (entry === undefined) break;
      entries.push(entry.fileName);
      if (!entry.fileName.endsWith("/")) bytes += await readEntry(zip, entry);
    }
    return { kind: "zip", entries, bytes };
  } finally {
    zip.close();
  }
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      zip.removeListener("entry", onEntry);
      zip.removeListener("end", onEnd);
      zip.removeListener("error", onError);
    };
    const onEntry = (entry: Entry): void => {
      done();
      resolve(entry);
    };
    const onEnd = (): void => {
      done();
      resolve(undefined);
    };
    const onError = (error: Error): void => {
      done();
      reject(error);
    };
    zip.on("entry", onEntry).on("end", onEnd).on("error", onError);
    zip.readEntry();
  });
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<number> {
  const what = JSON.stringify(entry.fileName);
  if ((entry.generalPurposeBitFlag & 1) !== 0) throw new Error(`${what} is encrypted, so that it cannot be checked`);
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) =>
      error === null ? resolve(opened) : reject(new Error(`${what}: ${error.message}`)),
    );
  });
  const digest = await beginDigest("crc32");
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      digest.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
  const found = (await digest.digest()).readUInt32BE();
  if (found !== entry.crc32 >>> 0) throw new Error(`${what}: its checksum is wrong`);
  return bytes;
}
