import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, openSync, read } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { fileError } from "../data/duckdb-error.js";

const readFrom = promisify(read);

/** Bytes that are read and hashed in one go: about two milliseconds of this thread. */
const CHUNK_BYTES = 4_194_304;

/** Between two looks at a file that grows, in milliseconds. A file that is whole sooner is read when it is. */
const INTERVAL_MS = 50;

/**
 * SHA-256 of a file's content, in hexadecimal. Hashes one chunk while the next is read, and lets other work go on in between.
 *
 * @throws DatapyError `DATAPY_FILE_FAILED`, `DATAPY_FILE_DENIED`; the signal's reason when it aborts
 */
export async function fileChecksum(file: string, signal?: AbortSignal): Promise<string> {
  return new GrowingChecksum(file).finish(signal);
}

/**
 * The same of a file that someone still writes, from front to back: what is there already is hashed meanwhile, so that little is left when the
 * file is whole.
 */
export class GrowingChecksum {
  readonly #hash = createHash("sha256");
  readonly #whole = new AbortController();
  #position = 0;
  #following: Promise<void> | undefined;

  constructor(private readonly file: string) {}

  /** Begins before the file is whole. */
  follow(): void {
    // What goes wrong here goes wrong again in `finish`, which says so.
    this.#following = this.#follow().catch(() => undefined);
  }

  async #follow(): Promise<void> {
    for (;;) {
      await pause(INTERVAL_MS, undefined, { signal: this.#whole.signal, ref: false });
      // Its writer may not have begun.
      if (!existsSync(this.file)) continue;
      const file = openSync(this.file, "r");
      try {
        // Whole chunks only: the end may not be written yet.
        const end = Math.floor(fstatSync(file).size / CHUNK_BYTES) * CHUNK_BYTES;
        await this.#read(file, end, this.#whole.signal);
      } finally {
        closeSync(file);
      }
    }
  }

  /** Hashes from the present position to `end`. Between two chunks the position is right, also when the signal aborts. */
  async #read(file: number, end: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#position >= end) return;
    const readAt = async (position: number): Promise<Buffer> => {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position));
      return buffer.subarray(0, (await readFrom(file, buffer, 0, buffer.length, position)).bytesRead);
    };
    let reading = readAt(this.#position);
    for (;;) {
      const chunk = await reading;
      if (chunk.length === 0 || signal?.aborted === true) return;
      const next = this.#position + chunk.length;
      if (next < end) reading = readAt(next);
      this.#hash.update(chunk);
      this.#position = next;
      if (next >= end) return;
    }
  }

  /**
   * Hashes what is left of the file, which is whole now.
   *
   * @throws DatapyError `DATAPY_FILE_FAILED`, `DATAPY_FILE_DENIED`; the signal's reason when it aborts
   */
  async finish(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    this.#whole.abort();
    try {
      // At once: the file may be given another name as soon as this function has been called.
      const file = openSync(this.file, "r");
      try {
        await this.#following;
        await this.#read(file, fstatSync(file).size, signal);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw fileError(error, this.file);
    }
    signal?.throwIfAborted();
    return this.#hash.digest("hex");
  }

  /** Ends it; the file may go. */
  async cancel(): Promise<void> {
    this.#whole.abort();
    await this.#following;
  }
}
