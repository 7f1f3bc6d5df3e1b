import { decodeKey } from "./json-parser.js";

/** A record of a JSON document, not looked into yet. */
export interface RawRecord {
  readonly bytes: Buffer;
  /** Line on which it begins, counted from 1. */
  readonly line: number;
  readonly offset: number;
}

/** The document is no JSON around its records. */
export class DocumentFault extends Error {
  readonly line: number;
  readonly offset: number;
  constructor(message: string, line: number, offset: number) {
    super(message);
    this.line = line;
    this.offset = offset;
  }
}

/** Keys of `data.items` or `data["odd.key"]`; a last `[*]` may be left out. */
export function recordKeys(path: string): string[] | undefined {
  const keys: string[] = [];
  let rest = path
    .trim()
    .replace(/^\$\.?/, "")
    .replace(/\[\*\]$/, "");
  while (rest !== "") {
    const match = /^(?:\.?\["((?:[^"\\]|\\.)*)"\]|\.?([^.[\]"]+))/.exec(rest);
    if (match === null) return undefined;
    keys.push(match[1] === undefined ? (match[2] ?? "") : match[1].replace(/\\(.)/g, "$1"));
    rest = rest.slice(match[0].length);
  }
  return keys;
}

type State = "value" | "first value" | "first key" | "key" | "colon" | "comma" | "done";

interface Frame {
  readonly isList: boolean;
  /** Keys of the path that lead here; `undefined` off the path. */
  readonly level: number | undefined;
  readonly holdsRecords: boolean;
}

/**
 * Finds the records of a JSON document of any size while its pieces come by: those of the list at `keys`, or the one object there. Only
 * one record is held at a time.
 */
export class RecordSplitter {
  readonly #keys: readonly string[];
  readonly #longest: number;
  readonly #frames: Frame[] = [];
  #state: State = "value";
  #line = 1;
  #offset = 0;
  /** The value that is gone through as a whole: a record, or one off the path. */
  #span:
    | { readonly isRecord: boolean; readonly line: number; readonly offset: number; parts: Buffer[]; size: number }
    | undefined;
  #closers: number[] = [];
  #inText = false;
  #escaped = false;
  #key: { bytes: string } | undefined;
  #lastKey = "";
  /** Whether the place of the records was there. */
  found = false;
  /** Keys of the object at the top, for messages. */
  readonly topKeys: string[] = [];

  constructor(keys: readonly string[], longest: number) {
    this.#keys = keys;
    this.#longest = longest;
  }

  *push(piece: Buffer): Generator<RawRecord> {
    let at = 0;
    while (at < piece.length) {
      if (this.#span !== undefined) {
        const from = at;
        at = this.#pass(piece, at);
        const part = piece.subarray(from, at);
        if (this.#span.isRecord) this.#hold(this.#span, part);
        if (this.#closers.length === 0 && !this.#inText) {
          const { isRecord, line, offset, parts } = this.#span;
          // A number or word ends where something else begins.
          if (at < piece.length || this.#ended) {
            this.#span = undefined;
            this.#state = this.#frames.length === 0 ? "done" : "comma";
            if (isRecord) yield { bytes: Buffer.concat(parts), line, offset };
          }
        }
        continue;
      }
      at = this.#step(piece, at);
    }
  }

  /** Nothing more comes. */
  *end(): Generator<RawRecord> {
    if (this.#span !== undefined && this.#closers.length === 0 && !this.#inText && this.#frames.length === 0) {
      const { isRecord, line, offset, parts } = this.#span;
      this.#state = "done";
      if (isRecord) yield { bytes: Buffer.concat(parts), line, offset };
    }
    if (this.#state === "done") return;
    throw this.#fault(this.#offset === 0 ? "the file is empty" : "the document ends too early");
  }

  /** Whether a byte of the span has come. */
  #begun = false;
  /** Whether the span ended by its own last byte. */
  #ended = false;

  #fault(message: string): DocumentFault {
    return new DocumentFault(message, this.#line, this.#offset);
  }

  #hold(span: { parts: Buffer[]; size: number }, part: Buffer): void {
    span.parts.push(part);
    span.size += part.length;
    if (span.size > this.#longest)
      throw this.#fault(`a record is longer than ${String(this.#longest)} bytes (max_record_bytes)`);
  }

  #count(byte: number): void {
    this.#offset += 1;
    if (byte === 10) this.#line += 1;
  }

  /** Goes on inside of a value that is passed as a whole; gives the place behind it, or the end of the piece. */
  #pass(piece: Buffer, start: number): number {
    this.#ended = false;
    for (let at = start; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0;
      if (this.#inText) {
        this.#count(byte);
        if (this.#escaped) this.#escaped = false;
        else if (byte === 0x5c) this.#escaped = true;
        else if (byte === 0x22) {
          this.#inText = false;
          if (this.#closers.length === 0) {
            this.#ended = true;
            return at + 1;
          }
        }
        continue;
      }
      const isScalar = this.#closers.length === 0 && this.#begun;
      this.#begun = true;
      if (isScalar && (byte === 0x2c || byte === 0x5d || byte === 0x7d || byte <= 0x20)) {
        this.#ended = true;
        return at;
      }
      this.#count(byte);
      if (byte === 0x22) this.#inText = true;
      else if (byte === 0x7b) this.#closers.push(0x7d);
      else if (byte === 0x5b) this.#closers.push(0x5d);
      else if (byte === 0x7d || byte === 0x5d) {
        if (this.#closers.pop() !== byte) throw this.#fault("brackets that do not belong together");
        if (this.#closers.length === 0) {
          this.#ended = true;
          return at + 1;
        }
      }
    }
    return piece.length;
  }

  /** One byte of the structure around the records. */
  #step(piece: Buffer, at: number): number {
    const byte = piece[at] ?? 0;
    if (this.#key !== undefined) return this.#keyByte(byte, at);
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#count(byte);
      return at + 1;
    }
    const frame = this.#frames.at(-1);
    switch (this.#state) {
      case "done":
        throw this.#fault("something follows the document; a file with one value a line is `format: ndjson`");
      case "first value":
      case "value":
        if (byte === 0x5d && this.#state === "first value") return this.#close(byte, at);
        return this.#beginValue(byte, at, frame);
      case "first key":
      case "key":
        if (byte === 0x7d && this.#state === "first key") return this.#close(byte, at);
        if (byte !== 0x22) throw this.#fault("a key in quotes is expected");
        this.#key = { bytes: "" };
        break;
      case "colon":
        if (byte !== 0x3a) throw this.#fault("a colon is expected");
        this.#state = "value";
        break;
      case "comma":
        if (byte === (frame?.isList === true ? 0x5d : 0x7d)) return this.#close(byte, at);
        if (byte !== 0x2c) throw this.#fault("a comma or a closing bracket is expected");
        this.#state = frame?.isList === true ? "value" : "key";
        break;
    }
    this.#count(byte);
    return at + 1;
  }

  #keyByte(byte: number, at: number): number {
    this.#count(byte);
    const key = this.#key;
    if (key === undefined) return at + 1;
    if (byte === 0x22 && !this.#escaped) {
      this.#key = undefined;
      this.#state = "colon";
      try {
        this.#lastKey = Buffer.from(decodeKey(key.bytes), "latin1").toString();
      } catch {
        throw this.#fault("a key that is no JSON text");
      }
      if (this.#frames.length === 1 && this.topKeys.length < 20) this.topKeys.push(this.#lastKey);
      return at + 1;
    }
    this.#escaped = byte === 0x5c && !this.#escaped;
    key.bytes += String.fromCharCode(byte);
    return at + 1;
  }

  #close(byte: number, at: number): number {
    this.#count(byte);
    this.#frames.pop();
    this.#state = this.#frames.length === 0 ? "done" : "comma";
    return at + 1;
  }

  #beginValue(byte: number, at: number, frame: Frame | undefined): number {
    const level = this.#levelOf(frame);
    const isTarget = level === this.#keys.length && frame?.holdsRecords !== true && frame?.isList !== true;
    const isRecord = frame?.holdsRecords === true || (isTarget && byte !== 0x5b);
    if (isTarget) this.found = true;
    if (!isRecord && level !== undefined && (byte === 0x7b || (isTarget && byte === 0x5b))) {
      this.#count(byte);
      const isList = byte === 0x5b;
      this.#frames.push({ isList, level, holdsRecords: isList && isTarget });
      this.#state = isList ? "first value" : "first key";
      return at + 1;
    }
    if (byte === 0x5d || byte === 0x7d || byte === 0x2c || byte === 0x3a) throw this.#fault("a value is expected");
    this.#span = { isRecord, line: this.#line, offset: this.#offset, parts: [], size: 0 };
    this.#closers = [];
    this.#begun = false;
    return at;
  }

  /** How many keys of the path lead to the value that begins now. */
  #levelOf(frame: Frame | undefined): number | undefined {
    if (frame === undefined) return 0;
    if (frame.level === undefined || frame.isList) return undefined;
    return this.#keys[frame.level] === this.#lastKey ? frame.level + 1 : undefined;
  }
}
