/** A value of a JSON text: where it stands and what it is. */
export interface JsonSpan {
  readonly kind: "s" | "n" | "b" | "j" | "null";
  /** Bytes of a text without its quotes. */
  readonly start: number;
  readonly end: number;
}

/** What hears of the members of an object. */
export type OnMember = (keyStart: number, keyEnd: number, value: JsonSpan, depth: number) => void;

/** What is wrong with a JSON text, and at which byte. */
export class JsonFault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const DEEPEST = 500;

/**
 * Reads one JSON value strictly by RFC 8259: no comments, no trailing commas, no NaN, no half surrogates, and no key twice in one object. Makes
 * no values; `open` is asked for each object inside of another whether its members are to be told too.
 */
export class JsonParser {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The whole text is one value. */
  parse(onMember: OnMember, open: boolean): JsonSpan {
    this.#space();
    const value = this.#value(onMember, open ? Number.MAX_SAFE_INTEGER : 1, 0);
    this.#space();
    if (this.#at < this.#end) throw this.#fault("something follows the value");
    return value;
  }

  #fault(message: string, at = this.#at): JsonFault {
    return new JsonFault(at >= this.#end ? `${message}: the text ends too early` : message, at);
  }

  #space(): void {
    for (; this.#at < this.#end; this.#at += 1) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }

  /** Members of objects down to `levels` are told. */
  #value(onMember: OnMember | undefined, levels: number, depth: number): JsonSpan {
    if (depth > DEEPEST) throw this.#fault(`objects and lists stand more than ${String(DEEPEST)} deep in each other`);
    const start = this.#at;
    switch (this.#bytes[start]) {
      case 0x22: {
        this.#text();
        return { kind: "s", start: start + 1, end: this.#at - 1 };
      }
      case 0x7b:
        this.#object(levels > 0 ? onMember : undefined, levels, depth);
        return { kind: "j", start, end: this.#at };
      case 0x5b:
        this.#list(depth);
        return { kind: "j", start, end: this.#at };
      case 0x74:
        return this.#word("true", "b");
      case 0x66:
        return this.#word("false", "b");
      case 0x6e:
        return this.#word("null", "null");
      default:
        this.#number();
        return { kind: "n", start, end: this.#at };
    }
  }

  #word(word: string, kind: "b" | "null"): JsonSpan {
    const start = this.#at;
    if (this.#end - start < word.length || this.#bytes.toString("latin1", start, start + word.length) !== word)
      throw this.#fault("no JSON value");
    this.#at += word.length;
    return { kind, start, end: this.#at };
  }

  #digits(): number {
    const start = this.#at;
    while (this.#at < this.#end && isDigit(this.#bytes[this.#at])) this.#at += 1;
    return this.#at - start;
  }

  #number(): void {
    const start = this.#at;
    if (this.#bytes[this.#at] === 0x2d) this.#at += 1;
    const first = this.#bytes[this.#at];
    const whole = this.#at < this.#end ? this.#digits() : 0;
    if (whole === 0) throw this.#fault("no JSON value", start);
    if (whole > 1 && first === 0x30) throw this.#fault("a number that begins with 0", start);
    if (this.#at < this.#end && this.#bytes[this.#at] === 0x2e) {
      this.#at += 1;
      if (this.#digits() === 0) throw this.#fault("a number without digits behind its point", start);
    }
    const letter = this.#at < this.#end ? this.#bytes[this.#at] : 0;
    if (letter === 0x65 || letter === 0x45) {
      this.#at += 1;
      const sign = this.#bytes[this.#at];
      if (this.#at < this.#end && (sign === 0x2b || sign === 0x2d)) this.#at += 1;
      if (this.#digits() === 0) throw this.#fault("a number without digits in its exponent", start);
    }
  }

  /** Stops behind the closing quote. */
  #text(): void {
    const start = this.#at;
    for (this.#at += 1; this.#at < this.#end; this.#at += 1) {
      const byte = this.#bytes[this.#at] ?? 0;
      if (byte === 0x22) {
        this.#at += 1;
        return;
      }
      if (byte < 0x20) throw this.#fault("a control character inside of a text");
      if (byte === 0x5c) this.#escape();
    }
    throw this.#fault("a text that is not closed", start);
  }

  /** Stops at the last byte of the escape. */
  #escape(): void {
    const start = this.#at;
    this.#at += 1;
    const letter = this.#bytes[this.#at] ?? 0;
    if (letter !== 0x75) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(letter)))
        throw this.#fault("an escape that JSON does not have", start);
      return;
    }
    const code = this.#hex(this.#at + 1);
    this.#at += 4;
    if (code >= 0xdc00 && code <= 0xdfff) throw this.#fault("half a character (a lone surrogate)", start);
    if (code < 0xd800 || code > 0xdbff) return;
    const isPair = this.#bytes[this.#at + 1] === 0x5c && this.#bytes[this.#at + 2] === 0x75;
    const second = isPair ? this.#hex(this.#at + 3) : 0;
    if (second < 0xdc00 || second > 0xdfff) throw this.#fault("half a character (a lone surrogate)", start);
    this.#at += 6;
  }

  #hex(at: number): number {
    const digits = at + 4 <= this.#end ? this.#bytes.toString("latin1", at, at + 4) : "";
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) throw this.#fault("an escape without four digits", at - 2);
    return parseInt(digits, 16);
  }

  #object(onMember: OnMember | undefined, levels: number, depth: number): void {
    const keys = new Set<string>();
    this.#at += 1;
    this.#space();
    if (this.#bytes[this.#at] === 0x7d && this.#at < this.#end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      const start = this.#at;
      if (this.#at >= this.#end || this.#bytes[start] !== 0x22) throw this.#fault("a key in quotes is expected");
      this.#text();
      const end = this.#at - 1;
      const key = this.#bytes.toString("latin1", start + 1, end);
      const plain = key.includes("\\") ? decodeKey(key) : key;
      if (keys.has(plain))
        throw this.#fault(
          `the key ${JSON.stringify(Buffer.from(plain, "latin1").toString())} stands there twice`,
          start,
        );
      keys.add(plain);
      this.#space();
      if (this.#at >= this.#end || this.#bytes[this.#at] !== 0x3a) throw this.#fault("a colon is expected");
      this.#at += 1;
      this.#space();
      const value = this.#value(onMember, levels - 1, depth + 1);
      onMember?.(start + 1, end, value, depth);
      this.#space();
      const next = this.#at < this.#end ? this.#bytes[this.#at] : 0;
      if (next !== 0x2c && next !== 0x7d) throw this.#fault("a comma or the end of the object is expected");
      this.#at += 1;
      if (next === 0x7d) return;
      this.#space();
    }
  }

  #list(depth: number): void {
    this.#at += 1;
    this.#space();
    if (this.#bytes[this.#at] === 0x5d && this.#at < this.#end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      this.#value(undefined, 0, depth + 1);
      this.#space();
      const next = this.#at < this.#end ? this.#bytes[this.#at] : 0;
      if (next !== 0x2c && next !== 0x5d) throw this.#fault("a comma or the end of the list is expected");
      this.#at += 1;
      if (next === 0x5d) return;
      this.#space();
    }
  }
}

/** A key's bytes with its escapes undone. */
export function decodeKey(bytes: string): string {
  return Buffer.from(JSON.parse(`"${Buffer.from(bytes, "latin1").toString()}"`) as string).toString("latin1");
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
