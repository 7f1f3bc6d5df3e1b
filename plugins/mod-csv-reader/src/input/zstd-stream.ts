import "../scan/web-assembly.js";
import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";
import { Decompress } from "fzstd";

interface HashExports {
  readonly memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  hashReset(): void;
  hashUpdate(at: number, length: number): void;
  hashDigest(): number;
}

const BLOCK = 128 * 1024;

/**
 * Decompresses Zstandard, frame by frame. The frames' checksums are compared here, since the decoder does not: a damaged file must not
 * pass. Source of the frame format: RFC 8878, section 3.1.
 */
export class ZstdStream extends Transform {
  readonly #hash: HashExports;
  readonly #buffer: number;
  #pending: Buffer = Buffer.alloc(0);
  #frame: { readonly decoder: Decompress; readonly checksum: boolean } | undefined;

  constructor(module: WebAssembly.Module) {
    super();
    const imports = { host: { printsAsDouble: () => 0 } };
    // The module exports these functions: see assembly/xxh64.ts.
    this.#hash = new WebAssembly.Instance(module, imports).exports as unknown as HashExports;
    this.#buffer = this.#hash.allocate(BLOCK);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#guard(callback, () => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
      while (this.#step());
    });
  }

  override _flush(callback: TransformCallback): void {
    this.#guard(callback, () => {
      if (this.#frame !== undefined || this.#pending.length > 0) throw new Error("unexpected end of file");
    });
  }

  #guard(callback: TransformCallback, work: () => void): void {
    try {
      work();
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  /** Takes the next piece of the format out of what has arrived; `false` when it is not all there. */
  #step(): boolean {
    return this.#frame === undefined ? this.#begin() : this.#block(this.#frame);
  }

  #begin(): boolean {
    const bytes = this.#pending;
    if (bytes.length < 5) return false;
    const magic = bytes.readUInt32LE(0);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      if (bytes.length < 8) return false;
      const length = 8 + bytes.readUInt32LE(4);
      if (bytes.length < length) return false;
      this.#take(length);
      return true;
    }
    if (magic !== 0xfd2fb528) throw new Error("something that is no Zstandard frame follows");
    const descriptor = bytes.readUInt8(4);
    const single = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
    const length = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + sizeBytes;
    if (bytes.length < length) return false;
    this.#hash.hashReset();
    const decoder = new Decompress((data) => this.#give(data));
    this.#frame = { decoder, checksum: (descriptor & 4) !== 0 };
    decoder.push(new Uint8Array(this.#take(length)));
    return true;
  }

  #block(frame: { readonly decoder: Decompress; readonly checksum: boolean }): boolean {
    if (this.#pending.length < 3) return false;
    const header = this.#pending.readUIntLE(0, 3);
    const last = (header & 1) !== 0;
    const kind = (header >> 1) & 3;
    const length = 3 + (kind === 1 ? 1 : header >> 3) + (last && frame.checksum ? 4 : 0);
    if (kind === 3) throw new Error("a block of a reserved kind");
    if (this.#pending.length < length) return false;
    const bytes = this.#take(length);
    frame.decoder.push(new Uint8Array(bytes), last);
    if (last) {
      this.#frame = undefined;
      if (frame.checksum && bytes.readUInt32LE(length - 4) !== this.#hash.hashDigest() >>> 0)
        throw new Error("its checksum is wrong");
    }
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }

  #give(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += BLOCK) {
      const part = data.subarray(at, at + BLOCK);
      new Uint8Array(this.#hash.memory.buffer).set(part, this.#buffer);
      this.#hash.hashUpdate(this.#buffer, part.length);
    }
    if (data.length > 0) this.push(Buffer.from(data));
  }
}
