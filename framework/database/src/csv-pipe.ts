import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import type { Readable } from "node:stream";
import { ident, join, literal, raw, sql } from "@datapy/mod-kit";
import type { DataContext, Sql } from "@datapy/mod-kit";
import type { Unloading } from "./dialect.js";
import { makePipe, openPipeSource, PIPES_AVAILABLE, preparePipeSink } from "./named-pipe.js";

/** Takes CSV text as DuckDB writes it. */
export interface CsvTaker {
  /** `false` when it wants a pause, until `drained` calls back. */
  write(chunk: Buffer): boolean;
  drained(action: () => void): void;
  /** Rejects as soon as the taker has failed. */
  readonly failed: Promise<never>;
}

let pipes = 0;

/**
 * Streams a DuckDB query as CSV into `taker`, through a named pipe (on Windows through a temporary file): no header, `,`, `"` doubled,
 * `\n`, NULL as `nullText` without quotes. Resolves when the taker has been given everything. When it fails, DuckDB is let go too.
 */
export async function streamCsv(data: DataContext, source: Sql, nullText: string, taker: CsvTaker): Promise<void> {
  const file = data.temporaryPath(`load-${String(++pipes)}.csv`);
  const copy = sql`copy (${source}) to ${literal(file)} (format csv, header false, delimiter ',', quote '"', escape '"', nullstr ${literal(nullText)})`;
  if (!PIPES_AVAILABLE) {
    await data.execute(copy);
    await pump(createReadStream(file, { highWaterMark: 1 << 20 }), taker);
    await rm(file, { force: true });
    return;
  }
  await makePipe(file);
  const source_ = openPipeSource(file);
  try {
    const pumping = pump(source_.stream, taker);
    const query = data.execute(copy).finally(() => source_.finish());
    query.catch(() => undefined);
    // The pump ends with the taker's failure; DuckDB then gets a broken pipe, which is not the reason to report.
    try {
      await pumping;
    } catch (error) {
      await source_.release(query);
      throw error;
    }
    await query;
  } finally {
    source_.destroy();
    await rm(file, { force: true });
  }
}

async function pump(stream: Readable, taker: CsvTaker): Promise<void> {
  stream.on("data", (chunk: Buffer) => {
    if (taker.write(chunk)) return;
    stream.pause();
    taker.drained(() => stream.resume());
  });
  await Promise.race([finished(stream, { writable: false }), taker.failed]);
}

/** How a column travels from a database to DuckDB as CSV. */
export interface CsvColumn {
  readonly name: string;
  /** Type that the CSV reader parses the field as. */
  readonly csvType: string;
  /** Expression over the parsed field that gives the column's final value; the field itself when left out. */
  readonly expression?: (field: Sql) => Sql;
}

/** Longest line of a row, bytes. DuckDB keeps a few buffers of this size. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** The relation that reads CSV of `columns` from files or pipes. */
export function csvRelation(files: readonly string[], columns: readonly CsvColumn[]): Sql {
  const place = (index: number): string => `c${String(index)}`;
  const types = join(columns.map((column, index) => sql`${literal(place(index))}: ${literal(column.csvType)}`));
  const fields = join(
    columns.map((column, index) => {
      const field = ident(place(index));
      return sql`${column.expression === undefined ? field : column.expression(field)} as ${ident(column.name)}`;
    }),
  );
  return sql`(select ${fields} from read_csv(${literal([...files])}, auto_detect = false, header = false, delim = ',', quote = '"',
    escape = '"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, null_padding = false, strict_mode = true, encoding = 'utf-8',
    max_line_size = ${literal(LONGEST_LINE)}, buffer_size = ${literal(2 * LONGEST_LINE)}, columns = {${types}}))`;
}

/** A stream of CSV with its end. */
export interface CsvStream {
  readonly stream: Readable;
  /** Rows that the database says it sent; rejects with its error. */
  readonly rows: Promise<number>;
  /** Ends the sending side at once. */
  abort(): void;
}

/** Hands CSV streams of a database to DuckDB, each through a pipe of its own (on Windows through temporary files). */
export async function unloadCsv(
  data: DataContext,
  columns: readonly CsvColumn[],
  streams: readonly CsvStream[],
  onProgress: (bytes: number) => void = () => undefined,
): Promise<Unloading> {
  const files = streams.map(() => data.temporaryPath(`unload-${String(++pipes)}.csv`));
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    onProgress(bytes);
  };
  const abort = async (destroy: () => void): Promise<void> => {
    for (const one of streams) one.abort();
    destroy();
    await Promise.all(files.map((file) => rm(file, { force: true }).catch(() => undefined)));
  };
  const total = async (): Promise<number> => {
    const rows = await Promise.all(streams.map((one) => one.rows));
    return rows.reduce((sum, one) => sum + one, 0);
  };
  if (!PIPES_AVAILABLE) {
    await Promise.all(
      streams.map(async ({ stream }, index) => {
        stream.on("data", count);
        const file = createWriteStream(files[index] as string);
        await finished(stream.pipe(file));
      }),
    );
    return { relation: csvRelation(files, columns), finish: total, abort: () => abort(() => undefined) };
  }
  await Promise.all(files.map(makePipe));
  const sinks = files.map((file) => preparePipeSink(file));
  const sending = streams.map(async ({ stream }, index) => {
    const sink = sinks[index] as (typeof sinks)[number];
    try {
      const pipe = await sink.open();
      stream.on("data", (chunk: Buffer) => {
        count(chunk);
        if (!pipe.write(chunk)) {
          stream.pause();
          pipe.once("drain", () => stream.resume());
        }
      });
      await Promise.race([
        finished(stream, { writable: false }),
        new Promise<never>((_, reject) => pipe.once("error", reject)),
      ]);
      await new Promise<void>((resolve) => pipe.end(resolve));
    } finally {
      sink.destroy();
    }
  });
  for (const one of sending) one.catch(() => undefined);
  return {
    relation: csvRelation(files, columns),
    finish: async () => {
      const rows = await total();
      await Promise.all(sending);
      return rows;
    },
    abort: () =>
      abort(() => {
        for (const sink of sinks) sink.destroy();
      }),
  };
}

/** A DuckDB type name as SQL. The names come from tables of this package, or from DuckDB itself. */
export function duckTypeSql(type: string): Sql {
  return raw(type);
}
