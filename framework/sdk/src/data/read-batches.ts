import type { RowBatch } from "@datapy/mod-kit";
import type { DataConnection } from "./duckdb-engine.js";
import { valueReader } from "./duckdb-values.js";
import { interruptible } from "./interruptible.js";

/** Streams the result of `query`, one chunk of DuckDB (2,048 rows or fewer) at a time. The connection must do nothing else meanwhile. */
export async function* readBatches(
  { duckdb, connection }: DataConnection,
  query: string,
  signal: AbortSignal,
): AsyncGenerator<RowBatch> {
  const result = await interruptible(connection, signal, () => connection.stream(query));
  const names = result.deduplicatedColumnNames();
  const readers = result.columnTypes().map((type) => valueReader(duckdb, type));
  for (;;) {
    const chunk = await interruptible(connection, signal, () => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return;
    const columns = readers.map((read, index) => chunk.getColumnValues(index).map(read));
    yield { names, rows: chunk.rowCount, columns };
  }
}
