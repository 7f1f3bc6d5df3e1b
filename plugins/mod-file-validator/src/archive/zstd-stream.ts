import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";
import { Decompress } from "fzstd";

/** A running XXH64. */
interface RunningHash {
  update(bytes: Uint8Array): unknown;
  digest(): bigint;
}

/** Makes the hash of a frame's content. */
export type HashMaker = () => RunningHash;

const MAGIC = 0xfd2fb528;
const SIZES_OF_DICTIONARY_ID = [0, 1, 2, 4];

/** A frame that is being read. */
interface Frame {
  readonly decoder: Decompress;
  readonly hash: RunningHash | undefined;
  readonly contentSize: number | undefined;
  size: number;
}

/**
 * Decompresses Zstandard frame by frame, and compares size and checksum of each, which the decoder does not. Source of the format: RFC 8878,
 * section 3.1.
 */
export class ZstdStream extends Transform {
  readonly #newHash: HashMaker;
  #pending = Buffer.alloc(0);
  #frame: Frame | undefined;
  /** Bytes of a skippable frame that are still to come. */
  #skip = 0;

  constructor(newHash: HashMaker) {
    super();
    this.#newHash = newHash;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      let moved = true;
      while (moved)
        moved = this.#skip > 0 ? this.#leap() : this.#frame === undefined ? this.#begin() : this.#block(this.#frame);
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _flush(callback: TransformCallback): void {
    const cut = this.#frame !== undefined || this.#skip > 0 || this.#pending.length > 0;
    callback(cut ? new Error("unexpected end of file") : undefined);
  }

  #leap(): boolean {
    const length = Math.min(this.#skip, this.#pending.length);
    this.#take(length);
    this.#skip -= length;
    return length > 0;
  }

  #begin(): boolean {
    if (this.#pending.length < 8) return false;
    const magic = this.#pending.readUInt32LE(0);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      this.#skip = this.#pending.readUInt32LE(4);
      this.#take(8);
      return true;
    }
    if (magic !== MAGIC) throw new Error("bytes follow that are no Zstandard frame");
    const descriptor = this.#pending.readUInt8(4);
    const single = (descriptor & 0x20) !== 0;
    const flag = descriptor >> 6;
    const sizeLength = flag === 0 ? (single ? 1 : 0) : 1 << flag;
    const before = 5 + (single ? 0 : 1) + (SIZES_OF_DICTIONARY_ID[descriptor & 3] ?? 0);
    if (this.#pending.length < before + sizeLength) return false;
    const header = this.#take(before + sizeLength);
    const field = header.subarray(before);
    const contentSize =
      sizeLength === 0
        ? undefined
        : sizeLength === 8
          ? Number(field.readBigUInt64LE())
          : field.readUIntLE(0, sizeLength) + (sizeLength === 2 ? 256 : 0);
    const frame: Frame = {
      decoder: new Decompress((bytes) => {
        frame.size += bytes.length;
        frame.hash?.update(bytes);
        if (bytes.length > 0) this.push(Buffer.from(bytes));
      }),
      hash: (descriptor & 4) !== 0 ? this.#newHash() : undefined,
      contentSize,
      size: 0,
    };
    this.#frame = frame;
    frame.decoder.push(new Uint8Array(header));
    return true;
  }

  #block(frame: Frame): boolean {
    if (this.#pending.length < 3) return false;
    const header = this.#pending.readUIntLE(0, 3);
    const last = (header & 1) !== 0;
    const kind = (header >> 1) & 3;
    if (kind === 3) throw new Error("a block is of a reserved kind");
    const body = 3 + (kind === 1 ? 1 : header >> 3);
    const length = body + (last && frame.hash !== undefined ? 4 : 0);
    if (this.#pending.length < length) return false;
    const bytes = this.#take(length);
    frame.decoder.push(new Uint8Array(bytes), last);
    if (!last) return true;
    this.#frame = undefined;
    if (frame.contentSize !== undefined && frame.contentSize !== frame.size)
      throw new Error(`a frame holds ${String(frame.size)} bytes and says ${String(frame.contentSize)}`);
    if (frame.hash !== undefined && Number(frame.hash.digest() & 0xffffffffn) !== bytes.readUInt32LE(body))
      throw new Error("the checksum of a frame is wrong");
    return true;
  }

  #take(length: number): Buffer<ArrayBuffer> {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }
}

/** A stream that decompresses Zstandard. */
export async function createZstdStream(): Promise<ZstdStream> {
  const { default: xxhash } = await import("xxhash-wasm");
  const hashes = await xxhash();
  return new ZstdStream(() => hashes.create64());
}
