import { EVERY } from "./json-path.js";
import type { PathStep } from "./json-path.js";
import { JsonNumber } from "./json-value.js";
import type { JsonValue } from "./json-value.js";

/** What is wrong with a JSON text, and where. */
export class JsonFault extends Error {
  constructor(
    message: string,
    /** Position in the text. */
    readonly offset: number,
    /** The text ends too early: what a cut body looks like. */
    readonly atEnd: boolean,
  ) {
    super(message);
  }
}

/** Where the records of a document are, and who gets them. */
export interface RecordSink {
  readonly path: readonly PathStep[];
  record(value: JsonValue): void;
}

const MOST_DEPTH = 256;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What became of the place of the records. */
export interface DocumentRead {
  /** The document without its records. */
  readonly document: JsonValue;
  /** Whether `path` led anywhere. */
  readonly found: boolean;
  /** What stood at the path when it was no list: an object counts as one record, null as none. */
  readonly misfit: JsonValue | undefined;
}

/** Reads a document; its records go to `sink` one by one and are not kept. Throws {@link JsonFault}. */
export function readJson(text: string, sink?: RecordSink): DocumentRead {
  const reader = new Reader(text, sink);
  const document = reader.whole();
  return { document, found: reader.found, misfit: reader.misfit };
}

class Reader {
  found = false;
  misfit: JsonValue | undefined;
  #at = 0;

  constructor(
    readonly text: string,
    readonly sink: RecordSink | undefined,
  ) {}

  whole(): JsonValue {
    this.#blank();
    const value = this.#value(0, this.sink?.path);
    this.#blank();
    if (this.#at < this.text.length) this.#fail("there is more after the end of the document");
    return value;
  }

  /** `rest` are the steps that still lead to the records; undefined aside of the way. */
  #value(depth: number, rest: readonly PathStep[] | undefined): JsonValue {
    if (depth > MOST_DEPTH) this.#fail(`values are nested more than ${String(MOST_DEPTH)} deep`);
    const character = this.text[this.#at];
    const isHere = rest?.length === 0;
    if (character === "[") return this.#array(depth, rest, isHere);
    let value: JsonValue;
    if (character === "{") value = this.#object(depth, isHere ? undefined : rest);
    else if (character === '"') value = this.#string();
    else if (character === "t") value = this.#word("true", true);
    else if (character === "f") value = this.#word("false", false);
    else if (character === "n") value = this.#word("null", null);
    else value = this.#number();
    if (isHere) {
      this.found = true;
      if (value instanceof Map) this.sink?.record(value);
      else if (value !== null) this.misfit = value;
    }
    return value;
  }

  #array(depth: number, rest: readonly PathStep[] | undefined, isHere: boolean): JsonValue {
    const values: JsonValue[] = [];
    if (isHere) this.found = true;
    const [step, ...below] = isHere ? [] : (rest ?? []);
    if (step === EVERY) this.found = true;
    this.#at += 1;
    this.#blank();
    if (this.text[this.#at] === "]") {
      this.#at += 1;
      return values;
    }
    for (let index = 0; ; index += 1) {
      this.#blank();
      const value = this.#value(depth + 1, step === EVERY || step === index ? below : undefined);
      if (isHere) this.sink?.record(value);
      else values.push(value);
      this.#blank();
      const next = this.text[this.#at];
      if (next !== "," && next !== "]") this.#fail("a comma or ] is missing");
      this.#at += 1;
      if (next === "]") return values;
    }
  }

  #object(depth: number, rest: readonly PathStep[] | undefined): JsonValue {
    const fields = new Map<string, JsonValue>();
    const [step, ...below] = rest ?? [];
    this.#at += 1;
    this.#blank();
    if (this.text[this.#at] === "}") {
      this.#at += 1;
      return fields;
    }
    for (;;) {
      this.#blank();
      const start = this.#at;
      if (this.text[this.#at] !== '"') this.#fail("the name of a field is missing");
      const name = this.#string();
      if (fields.has(name)) this.#fail(`the field ${JSON.stringify(name)} occurs twice in one object`, start);
      this.#blank();
      if (this.text[this.#at] !== ":") this.#fail("a colon is missing");
      this.#at += 1;
      this.#blank();
      fields.set(name, this.#value(depth + 1, rest !== undefined && step === name ? below : undefined));
      this.#blank();
      const next = this.text[this.#at];
      if (next !== "," && next !== "}") this.#fail("a comma or } is missing");
      this.#at += 1;
      if (next === "}") return fields;
    }
  }

  #string(): string {
    const { text } = this;
    const start = this.#at;
    let at = start + 1;
    let isEscaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        isEscaped = true;
        at += 2;
        continue;
      }
      if (!(code >= 0x20)) {
        this.#at = Math.min(at, text.length);
        this.#fail(at >= text.length ? "a text has no end" : "a control character stands in a text");
      }
      at += 1;
    }
    this.#at = at + 1;
    if (!isEscaped) return text.slice(start + 1, at);
    let value: string;
    try {
      value = JSON.parse(text.slice(start, at + 1)) as string;
    } catch {
      this.#fail("a text has an escape that JSON does not know", start);
    }
    if (LONE_SURROGATE.test(value)) this.#fail("a text holds half of a surrogate pair, which is no character", start);
    return value;
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.text);
    if (match === null) this.#fail("a value is missing");
    this.#at = NUMBER.lastIndex;
    return new JsonNumber(match[0]);
  }

  #word<Value extends boolean | null>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.#at)) {
      if (word.startsWith(this.text.slice(this.#at))) this.#at = this.text.length;
      this.#fail("a value is missing");
    }
    this.#at += word.length;
    return value;
  }

  #blank(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }

  #fail(message: string, offset = this.#at): never {
    throw new JsonFault(message, offset, offset >= this.text.length);
  }
}
