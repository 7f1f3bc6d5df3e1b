import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

const FLUSH_CHARACTERS = 1_048_576;

/** A file of rows, one JSON object a line, every cell a text. DuckDB reads it when all types are known; memory holds one megabyte of it. */
export class RowSpool {
  /** Length of the longest line, in bytes at most. */
  longest = 0;
  rows = 0;
  #text = "";
  #hash: Hash | undefined;

  private constructor(
    readonly file: string,
    readonly handle: FileHandle,
  ) {}

  static async create(file: string): Promise<RowSpool> {
    return new RowSpool(file, await open(file, "w"));
  }

  /** Begins a page, for {@link pageDigest}. */
  beginPage(): void {
    this.#hash = createHash("sha1");
  }

  /** Digest of the rows since {@link beginPage}, but for their numbers. */
  pageDigest(): string {
    return this.#hash?.digest("hex") ?? "";
  }

  /** Adds a row. `cells` is the inside of a JSON object. Call {@link flushWhenFull} now and then. */
  add(page: number, cells: string): void {
    this.rows += 1;
    this.#hash?.update(cells).update("\n");
    const line = `{"n":"${String(this.rows)}","p":"${String(page)}"${cells === "" ? "" : `,${cells}`}}\n`;
    // A UTF-16 unit is three bytes at most.
    this.longest = Math.max(this.longest, line.length * 3);
    this.#text += line;
  }

  get isFull(): boolean {
    return this.#text.length >= FLUSH_CHARACTERS;
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text !== "") await this.handle.writeFile(text, "utf8");
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
