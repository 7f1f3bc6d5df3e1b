import { isUtf8 } from "node:buffer";
import { escapeBytes } from "../transport/transport-file.js";
import type { TransportFile } from "../transport/transport-file.js";
import { decodeKey, JsonFault, JsonParser } from "./json-parser.js";
import type { JsonSpan } from "./json-parser.js";

/** How records become rows. */
export interface RecordOptions {
  readonly flatten: boolean;
  readonly separator: string;
}

/** The column of records that are no objects. */
const VALUE_COLUMN = "value";

/** Turns the bytes of records into rows. Damaged ones are thrown as {@link JsonFault}. */
export class RecordAdder {
  readonly #transport: TransportFile;
  readonly #options: RecordOptions;
  /** Keys as the record before had them: most records have the same ones in the same order. */
  readonly #known = new Map<string, number>();

  constructor(transport: TransportFile, options: RecordOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  add(at: { readonly file: number; readonly line: number; readonly offset: number }, bytes: Buffer): void {
    if (!isUtf8(bytes)) throw new JsonFault("bytes that are not UTF-8", firstInvalid(bytes));
    const members: { key: string; value: JsonSpan; depth: number }[] = [];
    const root = new JsonParser(bytes).parse((start, end, value, depth) => {
      members.push({ key: bytes.toString("latin1", start, end), value, depth });
    }, this.#options.flatten);
    const values: (string | undefined)[] = [];
    const isObject = bytes[root.start] === 0x7b && root.kind === "j";
    if (!isObject) this.#put(values, VALUE_COLUMN, bytes, root);
    else if (this.#options.flatten) this.#flatten(values, members, bytes);
    else for (const { key, value } of members) this.#put(values, key, bytes, value);
    this.#transport.add(at, values, () => bytes.toString("latin1"));
  }

  /** Members come before the object that holds them; an object of others gives its name to theirs. */
  #flatten(
    values: (string | undefined)[],
    members: readonly { key: string; value: JsonSpan; depth: number }[],
    bytes: Buffer,
  ): void {
    const prefixes: string[] = [];
    const place = (from: number, until: number, depth: number): void => {
      let begin = from;
      for (let index = from; index < until; index += 1) {
        const member = members[index];
        if (member?.depth !== depth) continue;
        const isObject = member.value.kind === "j" && bytes[member.value.start] === 0x7b;
        if (isObject && index > begin) {
          prefixes.push(member.key);
          place(begin, index, depth + 1);
          prefixes.pop();
        } else this.#put(values, [...prefixes, member.key].join(this.#options.separator), bytes, member.value);
        begin = index + 1;
      }
    };
    place(0, members.length, 0);
  }

  #put(values: (string | undefined)[], key: string, bytes: Buffer, { kind, start, end }: JsonSpan): void {
    let place = this.#known.get(key);
    if (place === undefined) {
      place = this.#transport.place(Buffer.from(key.includes("\\") ? decodeKey(key) : key, "latin1").toString());
      this.#known.set(key, place);
    }
    if (values[place] !== undefined) throw new JsonFault(`two values for the column ${key}`, start);
    // A column is there also when all that is known of it is null.
    if (kind === "null") return;
    const text = bytes.toString("latin1", start, end);
    values[place] = this.#transport.value(place, kind, kind === "j" ? escapeBytes(text) : text);
  }
}

/** The first byte that begins no character. */
function firstInvalid(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes[at] ?? 0);
    if (!isUtf8(bytes.subarray(at, at + length)) || at + length > bytes.length) return at;
    at += length;
  }
  return at;
}

function characterLength(byte: number): number {
  return byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
}

/** Bytes as text that can be stored and read: what is no UTF-8 as `\xNN`. */
export function readable(bytes: Buffer): string {
  const text = bytes.toString();
  if (!text.includes("\ufffd")) return text;
  let out = "";
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const length = characterLength(byte);
    const part = bytes.subarray(at, at + length);
    const isWhole = part.length === length && isUtf8(part);
    out += isWhole ? part.toString() : `\\x${byte.toString(16).padStart(2, "0")}`;
    at += isWhole ? length : 1;
  }
  return out;
}
