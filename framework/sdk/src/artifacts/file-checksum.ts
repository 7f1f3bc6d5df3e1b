import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileError } from "../data/duckdb-error.js";

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
      const handle = await open(this.file, "r");
      try {
        // Whole chunks only: the end may not be written yet.
        const end = Math.floor((await handle.stat()).size / CHUNK_BYTES) * CHUNK_BYTES;
        await this.#read(handle, end, this.#whole.signal);
      } finally {
        await handle.close();
      }
    }
  }

  /** Hashes from the present position to `end`. Between two chunks the position is right, also when the signal aborts. */
  async #read(handle: FileHandle, end: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#position >= end) return;
    const read = async (position: number): Promise<Buffer> => {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position));
      return buffer.subarray(0, (await handle.read(buffer, 0, buffer.length, position)).bytesRead);
    };
    let reading = read(this.#position);
    for (;;) {
      const chunk = await reading;
      if (chunk.length === 0 || signal?.aborted === true) return;
      const next = this.#position + chunk.length;
      if (next < end) reading = read(next);
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
      // Before anything else: the file may be given another name meanwhile.
      const handle = await open(this.file, "r");
      try {
        await this.#following;
        await this.#read(handle, (await handle.stat()).size, signal);
      } finally {
        await handle.close();
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
