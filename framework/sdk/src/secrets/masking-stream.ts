import { StringDecoder } from "node:string_decoder";
import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";
import type { StreamMasker } from "./masker.js";

/** Masks UTF-8 text that comes in pieces, so that a secret split over two of them is masked too. */
export class TextMasker {
  readonly #masker: StreamMasker;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(masker: StreamMasker) {
    this.#masker = masker;
  }

  /** What can be shown of all that was given so far. */
  push(chunk: Uint8Array | string): string {
    const text =
      typeof chunk === "string"
        ? chunk
        : this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const { masked, rest } = this.#masker.maskPart(this.#rest + text);
    this.#rest = rest;
    return masked;
  }

  /** The end of the text. */
  flush(): string {
    const last = this.#masker.mask(this.#rest + this.#decoder.end());
    this.#rest = "";
    return last;
  }
}

/** A stream that masks UTF-8 text on its way. An end that may begin a secret waits for what follows it. */
export function createMaskingStream(masker: StreamMasker): Transform {
  const text = new TextMasker(masker);
  return new Transform({
    decodeStrings: true,
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      done(null, text.push(chunk));
    },
    flush(done: TransformCallback) {
      done(null, text.flush());
    },
  });
}
