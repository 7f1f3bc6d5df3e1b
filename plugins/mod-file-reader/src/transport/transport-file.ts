import { closeSync, openSync, writeSync } from "node:fs";
import { ColumnKinds } from "./column-kinds.js";
import type { Kind } from "./column-kinds.js";

/** A row that is damaged, and why. */
export interface BadRow {
  readonly file: number;
  readonly line: number;
  readonly offset: number | undefined;
  readonly column: string | undefined;
  readonly reason: string;
  readonly raw: string;
}

/** A column that has come by. */
export interface SeenColumn {
  readonly name: string;
  readonly kinds: ColumnKinds;
}

const FLUSH = 1 << 20;

/**
 * Rows on their way to DuckDB: a temporary file with one line a row, `{"f": file, "l": line, "o": offset, "w": raw, "r": [values]}`. A value is a
 * text that begins with the letter of its kind, so that nothing is rounded and nothing guessed before all rows are seen. Texts are handled as
 * the bytes of their UTF-8 in `latin1` strings.
 */
export class TransportFile {
  readonly columns: SeenColumn[] = [];
  readonly #places = new Map<string, number>();
  readonly path: string;
  readonly badPath: string;
  readonly #withRaw: boolean;
  #rows: Output;
  #bad: Output;
  rows = 0;
  bad = 0;
  /** First bad rows, for messages. */
  readonly examples: BadRow[] = [];
  /** Bytes of the longest line. */
  longest = 0;

  /** `withRaw`: whether rows may still turn out bad, so that their raw text is needed. */
  constructor(options: { readonly path: string; readonly badPath: string; readonly withRaw: boolean }) {
    this.path = options.path;
    this.badPath = options.badPath;
    this.#withRaw = options.withRaw;
    this.#rows = new Output(options.path);
    this.#bad = new Output(options.badPath);
  }

  /** The place of a column by its name (UTF-8); new ones come last. */
  place(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    this.columns.push({ name, kinds: new ColumnKinds() });
    this.#places.set(name, this.columns.length - 1);
    return this.columns.length - 1;
  }

  /** Notes a value, and gives it as it stands in the row. `escaped` is JSON's inside of a text, in bytes. */
  value(place: number, kind: Kind, escaped: string): string {
    this.columns[place]?.kinds.add(kind, escaped);
    return `"${kind}${escaped}"`;
  }

  /** Adds a row. `values` are what {@link value} gave, by place; `raw` is in bytes. */
  add(
    at: { readonly file: number; readonly line: number; readonly offset?: number },
    values: readonly (string | undefined)[],
    raw: () => string,
  ): void {
    let list = "";
    for (let index = 0; index < values.length; index += 1)
      list += `${index === 0 ? "" : ","}${values[index] ?? "null"}`;
    const origin = this.#withRaw
      ? `"o":${at.offset === undefined ? "null" : String(at.offset)},"w":"${escapeBytes(raw())}",`
      : "";
    const line = `{"f":${String(at.file)},"l":${String(at.line)},${origin}"r":[${list}]}\n`;
    if (line.length > this.longest) this.longest = line.length;
    this.#rows.write(line);
    this.rows += 1;
  }

  addBad(row: BadRow): void {
    if (this.examples.length < 5) this.examples.push(row);
    const line = JSON.stringify({
      file: row.file,
      line: row.line,
      byte_offset: row.offset ?? null,
      column: row.column ?? null,
      reason: row.reason,
      raw: row.raw.replaceAll("\0", "\\x00"),
    });
    const bytes = `${Buffer.from(line).toString("latin1")}\n`;
    if (bytes.length > this.longest) this.longest = bytes.length;
    this.#bad.write(bytes);
    this.bad += 1;
  }

  close(): void {
    this.#rows.close();
    this.#bad.close();
  }
}

/** Text in bytes, as it stands inside of a JSON text. */
export function escapeBytes(bytes: string): string {
  return bytes.replace(/["\\\x00-\x1f]/g, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return `\\u00${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** A file that is written in big pieces. */
class Output {
  readonly #handle: number;
  #pending: string[] = [];
  #size = 0;

  constructor(path: string) {
    this.#handle = openSync(path, "w");
  }

  write(bytes: string): void {
    this.#pending.push(bytes);
    this.#size += bytes.length;
    if (this.#size > FLUSH) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#pending.join(""), "latin1");
    for (let at = 0; at < bytes.length;) at += writeSync(this.#handle, bytes, at);
    this.#pending = [];
    this.#size = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#handle);
  }
}
