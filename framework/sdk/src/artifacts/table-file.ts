import { existsSync } from "node:fs";
import path from "node:path";
import type { Column, RowBatch } from "@datapy/mod-kit";
import { errorText } from "../data/duckdb-error.js";
import { createDataEngine } from "../data/duckdb-engine.js";
import type { DataConnection } from "../data/duckdb-engine.js";
import { readParquet } from "../data/duckdb-dialect.js";
import { interruptible } from "../data/interruptible.js";
import { readBatches } from "../data/read-batches.js";
import { describeQuery } from "../data/table-columns.js";
import { fault } from "../errors.js";
import { withTemporaryFolder } from "./with-temporary-folder.js";

/** A DuckDB to look at finished tables with. */
export interface TableReader {
  /** Runs a query whose result is small: rows as objects, whole numbers as `bigint`. */
  rows(query: string): Promise<Record<string, unknown>[]>;
  describe(query: string): Promise<Column[]>;
  batches(query: string): AsyncGenerator<RowBatch>;
  /** SQL that reads the Parquet file `file`, for `from`. @throws DatapyError `DATAPY_TABLE_UNREADABLE` */
  table(file: string): Promise<string>;
}

/** Opens DuckDB for `use`, and gives everything back afterwards. A query is interrupted when `signal` aborts. */
export function withTableReader<Result>(
  use: (reader: TableReader) => Promise<Result>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Result> {
  return withTemporaryFolder("tables", async (spillFolder) => {
    const engine = createDataEngine({ spillFolder, databasePath: path.join(spillFolder, "none.duckdb") });
    let opened: DataConnection | undefined;
    try {
      opened = await engine.connect();
      return await use(readerOf(opened, signal));
    } finally {
      opened?.connection.closeSync();
      engine.close();
    }
  });
}

function readerOf(data: DataConnection, signal: AbortSignal): TableReader {
  const { connection } = data;
  const run = <Value>(action: () => Promise<Value>): Promise<Value> => interruptible(connection, signal, action);
  return {
    rows: (query) => run(async () => (await connection.runAndReadAll(query)).getRowObjectsJS()),
    describe: (query) => run(() => describeQuery(connection, query)),
    batches: (query) => readBatches(data, query, signal),
    async table(file) {
      if (!existsSync(file)) throw unreadable(file, "there is no such file");
      const source = readParquet(file);
      try {
        await connection.run(`DESCRIBE SELECT * FROM ${source}`);
      } catch (error) {
        const isDenied = /Permission denied/i.test(errorText(error));
        const why = isDenied ? "this user has no right to it" : "it is no Parquet file, or a damaged one";
        throw unreadable(file, why, error);
      }
      return source;
    },
  };
}

function unreadable(file: string, detail: string, cause?: unknown): Error {
  return fault("DATAPY_TABLE_UNREADABLE", { file, detail }, { cause });
}
