import "./web-assembly.js";
import { readSync } from "node:fs";
import { BAD_FIELDS, COLUMN, KIND, STATUS, TERMINATOR } from "./layout.js";
import type { BadRecord, ColumnSeen, PieceSeen, ScanSpec, ValuePlace } from "./scan-types.js";

interface ScannerExports {
  readonly memory: WebAssembly.Memory;
  readonly consumed: WebAssembly.Global;
  readonly line: WebAssembly.Global;
  readonly badCount: WebAssembly.Global;
  readonly outputLength: WebAssembly.Global;
  readonly records: WebAssembly.Global;
  readonly blanks: WebAssembly.Global;
  readonly comments: WebAssembly.Global;
  readonly lfRecords: WebAssembly.Global;
  readonly crlfRecords: WebAssembly.Global;
  readonly crRecords: WebAssembly.Global;
  readonly quotedBreaks: WebAssembly.Global;
  readonly unended: WebAssembly.Global;
  readonly loneEmpty: WebAssembly.Global;
  readonly longest: WebAssembly.Global;
  readonly longestLine: WebAssembly.Global;
  allocate(bytes: number): number;
  configure(
    delimiter: number,
    tail: number,
    length: number,
    quote: number,
    escape: number,
    comment: number,
    suspect: number,
    terminator: number,
  ): void;
  options(aggressive: number, emptyNull: number, quotedNull: number, trailing: number, emit: number): void;
  setColumns(count: number): number;
  setTexts(
    nulls: number,
    nullCount: number,
    header: number,
    headerCount: number,
    anyDeclared: number,
    anyInferred: number,
  ): void;
  setMemory(input: number, output: number, bad: number, capacity: number): void;
  reset(): void;
  drain(): void;
  scan(from: number, length: number, stopAt: number, last: number): number;
}

const BAD_CAPACITY = 4096;
/** Bytes past a piece's end that are read with it, so that its last record is whole. */
const LOOKAHEAD = 256 * 1024;

/** One scanner with its memory, for one file. Not shared between threads. */
export class ScanEngine {
  readonly #exports: ScannerExports;
  readonly #spec: ScanSpec;
  readonly #columns: number;
  readonly #bad: number;
  #input = 0;
  #output = 0;
  #capacity = 0;

  constructor(module: WebAssembly.Module, spec: ScanSpec) {
    const imports = {
      host: { printsAsDouble: (at: number, length: number) => (this.#printsAsDouble(at, length) ? 1 : 0) },
    };
    // The module exports exactly these functions and globals: see assembly/scanner.ts.
    this.#exports = new WebAssembly.Instance(module, imports).exports as unknown as ScannerExports;
    this.#spec = spec;
    const { delimiter, quote, escape, comment, suspectQuote, terminator } = spec;
    const tail = (delimiter[1] ?? 0) | ((delimiter[2] ?? 0) << 8) | ((delimiter[3] ?? 0) << 16);
    this.#exports.configure(
      delimiter[0] ?? 44,
      tail,
      delimiter.length,
      quote,
      escape,
      comment,
      suspectQuote,
      terminator,
    );
    this.#exports.options(+spec.aggressive, +spec.emptyIsNull, +spec.quotedNulls, +spec.trailingDelimiter, +spec.emit);
    this.#columns = this.#exports.setColumns(spec.columns.length);
    this.#bad = this.#exports.allocate(BAD_CAPACITY * BAD_FIELDS * 4);
    const declared = spec.columns.some((column) => column.kind !== KIND.none);
    const inferred = spec.columns.some((column) => column.kind === KIND.none);
    const nulls = this.#texts(spec.nullTexts);
    const header = this.#texts(spec.header);
    this.#exports.setTexts(nulls, spec.nullTexts.length, header, spec.header.length, +declared, +inferred);
    this.#formats = spec.columns.map((column) =>
      column.format === undefined ? undefined : this.#bytes(Buffer.from(column.format, "utf8")),
    );
  }

  readonly #formats: readonly ({ at: number; length: number } | undefined)[];

  /**
   * Scans the records that begin in bytes `from` to `until` of an open file of `size` bytes. With `aligned`, `from` is the start of a
   * record; otherwise the first record after the first line end at or after `from - 1` is taken to be one.
   */
  scan(file: number, from: number, until: number, size: number, aligned: boolean): PieceSeen {
    this.#exports.reset();
    this.#resetColumns();
    this.#reserve(Math.min(until, size) - from + LOOKAHEAD);
    const bad: BadRecord[] = [];
    const output: Uint8Array[] = [];
    const places: { first?: ValuePlace; offending?: ValuePlace }[] = this.#spec.columns.map(() => ({}));
    let base = from;
    let held = this.#read(file, base, size);
    let offset = 0;
    let tooLong: PieceSeen["tooLong"];
    if (!aligned && from > 0) offset = this.#firstLineAfter(file, from, held);
    const start = base + offset;
    for (;;) {
      const last = base + held >= size;
      const status = this.#exports.scan(offset, held, Math.max(0, until - base), +last);
      this.#collect(base, bad, output, places);
      offset = this.#exports.consumed.value as number;
      if (status === STATUS.done) break;
      if (status === STATUS.full) continue;
      const pending = held - offset;
      if (pending >= this.#spec.maxRecordBytes) {
        tooLong = { line: this.#exports.line.value as number, offset: base + offset };
        break;
      }
      // The record goes on past what is in memory: read again from its start, with more room when it already filled the memory.
      base += offset;
      if (offset === 0) this.#reserve(this.#capacity * 2);
      held = this.#read(file, base, size);
      offset = 0;
    }
    const x = this.#exports;
    const count = (value: WebAssembly.Global): number => value.value as number;
    return {
      start,
      end: base + offset,
      lines: count(x.line),
      counts: {
        records: count(x.records),
        blanks: count(x.blanks),
        comments: count(x.comments),
        lf: count(x.lfRecords),
        crlf: count(x.crlfRecords),
        cr: count(x.crRecords),
        quotedBreaks: count(x.quotedBreaks),
        unended: count(x.unended),
        loneEmpty: count(x.loneEmpty),
        longest: count(x.longest),
        longestLine: count(x.longestLine),
      },
      columns: this.#columnsSeen(places),
      bad,
      output,
      ...(tooLong === undefined ? {} : { tooLong }),
    };
  }

  /** Whether JavaScript's shortest decimal text of the number is this text. DuckDB prints the same between 1e-4 and 1e16. */
  #printsAsDouble(at: number, length: number): boolean {
    const text = Buffer.from(this.#exports.memory.buffer, at, length).toString("latin1");
    const value = Number(text);
    if (Math.abs(value) >= 1e16) return false;
    const printed = String(value);
    return printed === text || `${printed}.0` === text;
  }

  #bytes(bytes: Uint8Array): { at: number; length: number } {
    const at = this.#exports.allocate(Math.max(bytes.length, 1));
    new Uint8Array(this.#exports.memory.buffer).set(bytes, at);
    return { at, length: bytes.length };
  }

  /** Texts one after another, each with its length before it. */
  #texts(texts: readonly string[]): number {
    const parts = texts.flatMap((text) => {
      const bytes = Buffer.from(text, "utf8");
      const length = Buffer.alloc(4);
      length.writeInt32LE(bytes.length);
      return [length, bytes];
    });
    return this.#bytes(Buffer.concat(parts)).at;
  }

  #reserve(bytes: number): void {
    const wanted = Math.ceil(Math.max(bytes, 4096) / 64) * 64;
    if (wanted <= this.#capacity) return;
    this.#capacity = wanted;
    this.#input = Math.ceil(this.#exports.allocate(wanted + 192) / 64) * 64;
    this.#output = this.#spec.emit ? this.#exports.allocate(wanted * 3 + 4096) : 0;
    this.#exports.setMemory(this.#input, this.#output, this.#bad, BAD_CAPACITY);
  }

  #read(file: number, position: number, size: number): number {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const wanted = Math.min(this.#capacity, size - position);
    let held = 0;
    while (held < wanted) {
      const got = readSync(file, memory, this.#input + held, wanted - held, position + held);
      if (got === 0) break;
      held += got;
    }
    // What an earlier read left after the end must not be taken for data.
    memory.fill(0, this.#input + held, this.#input + held + 128);
    return held;
  }

  #firstLineAfter(file: number, from: number, held: number): number {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const { terminator } = this.#spec;
    const isEnd = (byte: number | undefined): boolean =>
      terminator === TERMINATOR.returns ? byte === 13 : byte === 10 || (terminator === TERMINATOR.any && byte === 13);
    const before = Buffer.alloc(1);
    readSync(file, before, 0, 1, from - 1);
    if (isEnd(before[0]) && !(before[0] === 13 && memory[this.#input] === 10)) return 0;
    for (let i = 0; i < held; i++) {
      if (!isEnd(memory[this.#input + i])) continue;
      return memory[this.#input + i] === 13 && memory[this.#input + i + 1] === 10 ? i + 2 : i + 1;
    }
    return held;
  }

  #resetColumns(): void {
    const view = new DataView(this.#exports.memory.buffer, this.#columns, this.#spec.columns.length * COLUMN.bytes);
    this.#spec.columns.forEach((column, index) => {
      const at = index * COLUMN.bytes;
      for (let i = 0; i < COLUMN.bytes; i += 4) view.setInt32(at + i, 0, true);
      view.setInt32(at + COLUMN.kind, column.kind, true);
      view.setInt32(at + COLUMN.declared, column.kind === KIND.none ? 0 : 1, true);
      view.setInt32(at + COLUMN.a, column.a, true);
      view.setInt32(at + COLUMN.b, column.b, true);
      view.setBigInt64(at + COLUMN.min, column.min, true);
      view.setBigInt64(at + COLUMN.max, column.max, true);
      const format = this.#formats[index];
      view.setInt32(at + COLUMN.format, format?.at ?? 0, true);
      view.setInt32(at + COLUMN.formatLength, format?.length ?? 0, true);
    });
  }

  #collect(
    base: number,
    bad: BadRecord[],
    output: Uint8Array[],
    places: { first?: ValuePlace; offending?: ValuePlace }[],
  ): void {
    const memory = this.#exports.memory.buffer;
    const count = this.#exports.badCount.value as number;
    const rows = new Int32Array(memory, this.#bad, count * BAD_FIELDS);
    for (let i = 0; i < rows.length; i += BAD_FIELDS) {
      const field = (index: number): number => rows[i + index] ?? 0;
      bad.push({
        from: base + field(0),
        to: base + field(1),
        next: base + field(2),
        line: field(3),
        lines: field(4),
        reason: field(5),
        column: field(6),
        valueFrom: base + field(7),
        valueTo: base + field(8),
        found: field(9),
      });
    }
    const length = this.#exports.outputLength.value as number;
    if (length > 0) output.push(new Uint8Array(memory.slice(this.#output, this.#output + length)));
    this.#exports.drain();
    const view = new DataView(memory, this.#columns, places.length * COLUMN.bytes);
    places.forEach((place, index) => {
      const at = index * COLUMN.bytes;
      const get = (offset: number): number => view.getInt32(at + offset, true);
      if (get(COLUMN.declared) !== 0) return;
      if (place.first === undefined && get(COLUMN.values) > 0) {
        place.first = {
          offset: base + get(COLUMN.firstAt),
          line: get(COLUMN.firstLine),
          length: get(COLUMN.firstLength),
        };
      }
      if (place.offending === undefined && get(COLUMN.kind) === KIND.text) {
        place.offending = {
          offset: base + get(COLUMN.offendingAt),
          line: get(COLUMN.offendingLine),
          length: get(COLUMN.offendingLength),
        };
      }
    });
  }

  #columnsSeen(places: readonly { first?: ValuePlace; offending?: ValuePlace }[]): ColumnSeen[] {
    const view = new DataView(this.#exports.memory.buffer, this.#columns, places.length * COLUMN.bytes);
    return places.map((place, index) => {
      const get = (offset: number): number => view.getInt32(index * COLUMN.bytes + offset, true);
      return {
        kind: get(COLUMN.kind),
        nulls: get(COLUMN.nulls),
        values: get(COLUMN.values),
        intDigits: get(COLUMN.intDigits),
        scale: get(COLUMN.scale),
        flags: get(COLUMN.flags),
        typed: get(COLUMN.typed),
        misses: get(COLUMN.misses),
        prior: get(COLUMN.prior),
        ...place,
      };
    });
  }
}
