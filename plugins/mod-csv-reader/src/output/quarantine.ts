import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { BadRecord } from "../scan/scan-types.js";
import { readableText } from "./describe-bad.js";

/** Columns of the artifact `quarantine`. */
export const QUARANTINE_COLUMNS = {
  source_file: "VARCHAR",
  line: "BIGINT",
  byte_offset: "BIGINT",
  column: "VARCHAR",
  reason: "VARCHAR",
  raw: "VARCHAR",
} as const;

/** Collects bad records in a temporary file, so that any number of them takes no memory. */
export class QuarantineFile {
  readonly path: string;
  #handle: number | undefined;
  #pending: string[] = [];
  #size = 0;
  rows = 0;
  /** Bytes of the longest line. */
  longest = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a record of `text`, an open file. */
  add(source: string, text: number, record: BadRecord, column: string | undefined, reason: string): void {
    const raw = Buffer.alloc(record.to - record.from);
    readSync(text, raw, 0, raw.length, record.from);
    const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
    const row = [
      quoted(source),
      String(record.line),
      String(record.from),
      column === undefined ? "" : quoted(column),
      quoted(reason),
      quoted(readableText(raw)),
    ];
    const line = `${row.join(",")}\n`;
    this.#pending.push(line);
    this.#size += line.length;
    this.longest = Math.max(this.longest, line.length * 3);
    this.rows++;
    if (this.#size > 1_000_000) this.flush();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    this.#handle ??= openSync(this.path, "w");
    writeWhole(this.#handle, Buffer.from(this.#pending.join(""), "utf8"));
    this.#pending = [];
    this.#size = 0;
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}

/** Writes all bytes, however many calls that takes. */
export function writeWhole(handle: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(handle, bytes, done, bytes.length - done);
}
