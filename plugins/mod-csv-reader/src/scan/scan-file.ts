import { closeSync, openSync } from "node:fs";
import { mergeColumns } from "./merge-columns.js";
import { ScanEngine } from "./scan-engine.js";
import type { ScanPool } from "./scan-pool.js";
import type { BadRecord, ColumnSeen, PieceSeen, ScanCounts, ScanSpec } from "./scan-types.js";

/** Bytes of a piece; a file of no more is scanned at once, without threads. */
export const PIECE_BYTES = 8 * 1024 * 1024;

/** What a whole file gave. */
export interface FileSeen {
  readonly counts: ScanCounts;
  readonly columns: readonly ColumnSeen[];
  readonly badRecords: number;
  /** Physical lines after `from`. */
  readonly lines: number;
  /** Whether the scan was ended early by `onBad`. */
  readonly stopped: boolean;
  readonly tooLong?: { readonly line: number; readonly offset: number };
}

/** Stretch of a file to scan, and who hears of it. */
export interface ScanJob {
  readonly path: string;
  readonly spec: ScanSpec;
  readonly from: number;
  readonly until: number;
  /** Number of the first line, counted from 1. */
  readonly firstLine: number;
  readonly signal: AbortSignal;
  /** Bad records in the order of the file; gives `false` to end the scan. */
  readonly onBad: (records: readonly BadRecord[]) => boolean;
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Scans a file, large ones in pieces on several threads. A piece is taken to begin at a line end; when the piece before it turns out to
 * end elsewhere (a quoted value ran over the border), it is scanned again from there, so that the outcome is that of one scan from
 * front to back.
 */
export async function scanFile(job: ScanJob, pool: ScanPool): Promise<FileSeen> {
  const seen = new Collector(job);
  if (job.until - job.from <= PIECE_BYTES) {
    const file = openSync(job.path, "r");
    try {
      seen.add(new ScanEngine(pool.module, job.spec).scan(file, job.from, job.until, job.until, true));
    } finally {
      closeSync(file);
    }
    return seen.result();
  }
  const threads = pool.open(job.path, job.spec);
  const count = Math.ceil((job.until - job.from) / PIECE_BYTES);
  const border = (index: number): number => Math.min(job.from + index * PIECE_BYTES, job.until);
  const done = new Map<number, PieceSeen>();
  let taken = 0;
  let added = 0;
  let ended = false;
  const common = { size: job.until };
  const work = async (thread: number): Promise<void> => {
    while (!ended) {
      job.signal.throwIfAborted();
      const index = taken;
      if (index >= count) return;
      // Results wait for the pieces before them: no thread may run far ahead.
      if (index > added + threads * 2) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        continue;
      }
      taken++;
      done.set(
        index,
        await pool.scan(thread, { ...common, from: border(index), until: border(index + 1), aligned: index === 0 }),
      );
      for (let piece = done.get(added); !ended && piece !== undefined; piece = done.get(added)) {
        const current = added;
        if (piece.start !== seen.position) {
          if (seen.position >= border(current + 1)) {
            done.delete(current);
            added++;
            continue;
          }
          done.delete(current);
          piece = await pool.scan(thread, {
            ...common,
            from: seen.position,
            until: border(current + 1),
            aligned: true,
          });
        }
        done.delete(current);
        added++;
        if (!seen.add(piece)) ended = true;
        job.onProgress(seen.position);
      }
    }
  };
  await Promise.all(Array.from({ length: threads }, (_, thread) => work(thread)));
  return seen.result();
}

/** Puts pieces together, in the order of the file. */
class Collector {
  readonly #job: ScanJob;
  #columns: readonly ColumnSeen[] | undefined;
  #counts: ScanCounts | undefined;
  #badRecords = 0;
  #lines = 0;
  #stopped = false;
  #tooLong: FileSeen["tooLong"];
  /** Where the next record begins. */
  position: number;

  constructor(job: ScanJob) {
    this.#job = job;
    this.position = job.from;
  }

  /** Adds the next piece; `false` when the scan is to end. */
  add(piece: PieceSeen): boolean {
    const line = this.#job.firstLine + this.#lines;
    const columns = piece.columns.map((column) => shiftLines(column, line));
    this.#columns =
      this.#columns?.map((column, index) =>
        mergeColumns(column, columns[index] ?? column, this.#job.spec.aggressive),
      ) ?? columns;
    const counts = { ...piece.counts, longestLine: piece.counts.longestLine + line };
    this.#counts = this.#counts === undefined ? counts : addCounts(this.#counts, counts);
    this.#badRecords += piece.bad.length;
    this.#lines += piece.lines;
    this.position = piece.end;
    for (const part of piece.output) this.#job.onOutput(part);
    if (piece.tooLong !== undefined) {
      this.#tooLong = { line: line + piece.tooLong.line, offset: piece.tooLong.offset };
      return false;
    }
    if (
      piece.bad.length > 0 &&
      !this.#job.onBad(piece.bad.map((record) => ({ ...record, line: record.line + line })))
    ) {
      this.#stopped = true;
      return false;
    }
    return true;
  }

  result(): FileSeen {
    const none: ScanCounts = {
      records: 0,
      blanks: 0,
      comments: 0,
      lf: 0,
      crlf: 0,
      cr: 0,
      quotedBreaks: 0,
      unended: 0,
      loneEmpty: 0,
      longest: 0,
      longestLine: 0,
    };
    return {
      counts: this.#counts ?? none,
      columns: this.#columns ?? [],
      badRecords: this.#badRecords,
      lines: this.#lines,
      stopped: this.#stopped,
      ...(this.#tooLong === undefined ? {} : { tooLong: this.#tooLong }),
    };
  }
}

function shiftLines(column: ColumnSeen, by: number): ColumnSeen {
  return {
    ...column,
    ...(column.first === undefined ? {} : { first: { ...column.first, line: column.first.line + by } }),
    ...(column.offending === undefined ? {} : { offending: { ...column.offending, line: column.offending.line + by } }),
  };
}

function addCounts(a: ScanCounts, b: ScanCounts): ScanCounts {
  const sum = { ...a };
  for (const key of Object.keys(a) as (keyof ScanCounts)[])
    (sum as Record<keyof ScanCounts, number>)[key] = a[key] + b[key];
  const { longest, longestLine } = a.longest >= b.longest ? a : b;
  return { ...sum, longest, longestLine };
}
