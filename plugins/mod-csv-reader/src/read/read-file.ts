import { closeSync, openSync, readSync } from "node:fs";
import type { DeclaredType } from "../columns/declared-type.js";
import { csvError } from "../csv-error.js";
import { copySound } from "../output/copy-sound.js";
import { describeReason, readableText, shownValue } from "../output/describe-bad.js";
import { EMITTED } from "../output/duckdb-source.js";
import type { CsvSource } from "../output/duckdb-source.js";
import type { QuarantineFile } from "../output/quarantine.js";
import { writeWhole } from "../output/quarantine.js";
import type { CsvParameters } from "../parameters.js";
import type { ScanPool } from "../scan/scan-pool.js";
import { scanFile } from "../scan/scan-file.js";
import type { FileSeen } from "../scan/scan-file.js";
import type { BadRecord } from "../scan/scan-types.js";
import type { CsvContext } from "./csv-context.js";
import type { FilePlan } from "./plan-file.js";
import { readsDirectly, scanSpec } from "./scan-spec.js";

/** A file that was scanned, and what DuckDB is to read of it. */
export interface FileRead {
  readonly plan: FilePlan;
  readonly seen: FileSeen;
  readonly source: Omit<CsvSource, "label">;
  /** Whether the source is a copy that the scanner wrote out. */
  readonly emitted: boolean;
}

/** Bad rows of the whole run, up to where it gives up. */
export class BadRows {
  /** The first ones, each as `file:line: …`. */
  readonly shown: string[] = [];
  readonly byReason = new Map<string, number>();
  count = 0;

  constructor(
    private readonly params: CsvParameters,
    readonly quarantine: QuarantineFile | undefined,
  ) {}

  /** Whether so many rows are bad that the run fails whatever else is in the files. */
  get tooMany(): boolean {
    if (this.params.on_bad_row === "fail") return this.count >= 1000;
    return this.params.max_bad_rows !== undefined && this.count > this.params.max_bad_rows;
  }

  add(plan: FilePlan, text: number, records: readonly BadRecord[], types: readonly string[]): void {
    for (const record of records) {
      const reason = describeReason(record, plan, types);
      const column = record.column < 0 ? undefined : plan.names[record.column];
      this.count++;
      this.byReason.set(reason, (this.byReason.get(reason) ?? 0) + 1);
      if (this.shown.length < 10) this.shown.push(this.#show(plan, text, record, reason, column));
      this.quarantine?.add(plan.file.path, text, record, column, reason);
    }
  }

  #show(plan: FilePlan, text: number, record: BadRecord, reason: string, column: string | undefined): string {
    const read = (from: number, to: number): string => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(to - from, 400)));
      readSync(text, bytes, 0, bytes.length, from);
      return shownValue(readableText(bytes));
    };
    const value = record.valueTo > record.valueFrom ? ` ${read(record.valueFrom, record.valueTo)}` : "";
    const where = column === undefined ? "" : `, column ${JSON.stringify(column)}`;
    return `${plan.file.path}:${record.line} (byte ${record.from})${where}:${value} ${reason}; the line: ${read(record.from, record.to)}`;
  }
}

/** Scans one file and makes it readable for DuckDB: the file itself where that is safe, a temporary copy otherwise. */
export async function readFile(
  plan: FilePlan,
  declared: ReadonlyMap<string, DeclaredType>,
  params: CsvParameters,
  ctx: CsvContext,
  pool: ScanPool,
  bad: BadRows,
  onProgress: (bytes: number) => void,
): Promise<FileRead> {
  const types = plan.names.map((name) => declared.get(name)?.type ?? "VARCHAR");
  const spans: number[] = [];
  const direct = readsDirectly(plan, params);
  const text = openSync(plan.text.path, "r");
  try {
    const onBad = (records: readonly BadRecord[]): boolean => {
      bad.add(plan, text, records, types);
      for (const record of records) spans.push(record.from, record.next);
      return !bad.tooMany;
    };
    const emitTo = direct ? undefined : ctx.data.temporaryPath("plain.csv");
    const seen = await scanInto(emitTo, plan, declared, params, ctx, pool, onBad, onProgress);
    const tooLong =
      seen.tooLong?.line ?? (seen.counts.longest > params.max_record_bytes ? seen.counts.longestLine : undefined);
    if (tooLong !== undefined) {
      throw csvError(
        "CSV_RECORD_TOO_LONG",
        `${plan.file.path}:${tooLong}: the record is longer than ${params.max_record_bytes} bytes`,
        "a quote may not be closed; otherwise raise max_record_bytes",
      );
    }
    if (emitTo !== undefined) return { plan, seen, source: emittedSource(plan, seen, emitTo), emitted: true };
    const read: FileRead = { plan, seen, source: await directSource(plan, params, ctx, seen, spans), emitted: false };
    // DuckDB does not take a file whose lines end in two ways, and may take CRLF inside values for something else.
    const { lf, crlf, quotedBreaks } = seen.counts;
    const plain = crlf > 0 && (lf > 0 || quotedBreaks > 0) && !seen.stopped;
    return plain ? await readPlainly(read, declared, params, ctx, pool) : read;
  } finally {
    closeSync(text);
  }
}

/** The same file, its sound rows written out in the plain dialect. */
export async function readPlainly(
  read: FileRead,
  declared: ReadonlyMap<string, DeclaredType>,
  params: CsvParameters,
  ctx: CsvContext,
  pool: ScanPool,
): Promise<FileRead> {
  if (read.emitted) return read;
  const path = ctx.data.temporaryPath("plain.csv");
  await scanInto(
    path,
    read.plan,
    declared,
    params,
    ctx,
    pool,
    () => true,
    () => undefined,
  );
  return { ...read, source: emittedSource(read.plan, read.seen, path), emitted: true };
}

async function scanInto(
  target: string | undefined,
  plan: FilePlan,
  declared: ReadonlyMap<string, DeclaredType>,
  params: CsvParameters,
  ctx: CsvContext,
  pool: ScanPool,
  onBad: (records: readonly BadRecord[]) => boolean,
  onProgress: (bytes: number) => void,
): Promise<FileSeen> {
  const output = target === undefined ? undefined : openSync(target, "w");
  try {
    return await scanFile(
      {
        path: plan.text.path,
        spec: scanSpec(plan, declared, params, output !== undefined),
        from: plan.from,
        until: plan.until,
        firstLine: plan.firstLine,
        signal: ctx.signal,
        onBad,
        onOutput: (bytes) => {
          if (output !== undefined) writeWhole(output, bytes);
        },
        onProgress,
      },
      pool,
    );
  } finally {
    if (output !== undefined) closeSync(output);
  }
}

function emittedSource(plan: FilePlan, seen: FileSeen, path: string): FileRead["source"] {
  const { quotedBreaks, longest } = seen.counts;
  // Quotes and the doubling of quotes make a record longer.
  return {
    ...EMITTED,
    path,
    skip: 0,
    names: plan.names,
    parallel: quotedBreaks === 0,
    endsWithLf: true,
    longestRecord: longest * 2 + plan.names.length * 3,
  };
}

async function directSource(
  plan: FilePlan,
  params: CsvParameters,
  ctx: CsvContext,
  seen: FileSeen,
  spans: readonly number[],
): Promise<FileRead["source"]> {
  const own = {
    names: plan.names,
    parallel: seen.counts.quotedBreaks === 0,
    endsWithLf: seen.counts.crlf === 0,
    longestRecord: seen.counts.longest,
    delimiter: plan.dialect.delimiter,
    quote: plan.dialect.quote,
    nullTexts: params.null_values,
    quotedNulls: params.quoted_nulls,
  };
  const atStart = plan.from === plan.text.mark;
  if (seen.stopped) return { ...own, path: plan.text.path, skip: 0 };
  if (spans.length === 0 && plan.until === plan.text.size && (atStart || plan.plainLinesBefore !== undefined)) {
    return { ...own, path: plan.text.path, skip: atStart ? 0 : (plan.plainLinesBefore ?? 0) };
  }
  const path = ctx.data.temporaryPath("sound.csv");
  await copySound(plan.text.path, path, plan.from, plan.until, spans, ctx.signal);
  return { ...own, path, skip: 0 };
}
