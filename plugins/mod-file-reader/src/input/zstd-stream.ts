import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";
import zlib from "node:zlib";
import { Decompress } from "fzstd";
import { createXXHash64 } from "hash-wasm";

type Hash = Awaited<ReturnType<typeof createXXHash64>>;

/** A stream that unpacks Zstandard and fails on a damaged or cut file. */
export async function zstdStream(): Promise<Transform> {
  // Node.js has it itself from 22.15 on.
  const native = (zlib as { readonly createZstdDecompress?: () => Transform }).createZstdDecompress;
  return native === undefined ? new FrameStream(await createXXHash64()) : native();
}

/** What a frame's header tells. Source of the format: RFC 8878, section 3.1. */
interface Frame {
  readonly decoder: Decompress;
  readonly hasChecksum: boolean;
}

/** Unpacks frame by frame. The decoder does not compare checksums, so this does. */
class FrameStream extends Transform {
  #held: Buffer = Buffer.alloc(0);
  #frame: Frame | undefined;
  readonly #hash: Hash;

  constructor(hash: Hash) {
    super();
    this.#hash = hash;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#attempt(callback, () => {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      while (this.#frame === undefined ? this.#header() : this.#block(this.#frame));
    });
  }

  override _flush(callback: TransformCallback): void {
    this.#attempt(callback, () => {
      if (this.#frame !== undefined || this.#held.length > 0) throw new Error("unexpected end of file");
    });
  }

  #attempt(callback: TransformCallback, work: () => void): void {
    try {
      work();
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  #take(length: number): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#held, 0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** Whether a whole header was there, of a frame or of one to be skipped. */
  #header(): boolean {
    if (this.#held.length < 8) return false;
    const magic = this.#held.readUInt32LE(0);
    if (magic >>> 4 === 0x184d2a5) {
      const length = 8 + this.#held.readUInt32LE(4);
      if (this.#held.length < length) return false;
      this.#take(length);
      return true;
    }
    if (magic !== 0xfd2fb528) throw new Error("something that is no Zstandard frame follows");
    const descriptor = this.#held.readUInt8(4);
    const isSingle = (descriptor & 32) > 0;
    const sizeOfSize = [isSingle ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
    const length = 5 + (isSingle ? 0 : 1) + sizeOfSize + ([0, 1, 2, 4][descriptor & 3] ?? 0);
    if (this.#held.length < length) return false;
    this.#hash.init();
    const decoder = new Decompress((piece) => {
      this.#hash.update(piece);
      if (piece.length > 0) this.push(Buffer.from(piece));
    });
    decoder.push(this.#take(length));
    this.#frame = { decoder, hasChecksum: (descriptor & 4) > 0 };
    return true;
  }

  /** Whether a whole block was there. */
  #block({ decoder, hasChecksum }: Frame): boolean {
    if (this.#held.length < 3) return false;
    const head = this.#held.readUIntLE(0, 3);
    const isLast = (head & 1) > 0;
    const kind = (head >>> 1) & 3;
    if (kind === 3) throw new Error("a block of a reserved kind");
    const length = 3 + (kind === 1 ? 1 : head >>> 3) + (isLast && hasChecksum ? 4 : 0);
    if (this.#held.length < length) return false;
    const bytes = this.#take(length);
    decoder.push(bytes, isLast);
    if (!isLast) return true;
    this.#frame = undefined;
    const digest = this.#hash.digest("hex").slice(-8);
    if (hasChecksum && Buffer.from(bytes.slice(-4)).readUInt32LE(0) !== parseInt(digest, 16))
      throw new Error("its checksum is wrong");
    return true;
  }
}
