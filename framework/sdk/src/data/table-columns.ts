import type { Column } from "@datapy/mod-kit";
import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbDialect } from "./duckdb-dialect.js";
import { parquetError, parquetSafe } from "./parquet-types.js";

/** Names and types of the columns of a query's result, without running it. */
export async function describeQuery(connection: DuckDBConnection, query: string): Promise<Column[]> {
  const described = await connection.runAndReadAll(`DESCRIBE ${query}`);
  return described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** What `COPY … (RETURN_STATS)` says of the file that it wrote. */
export interface WrittenFile {
  readonly rows: number;
  readonly bytes: number;
  /** Values that are NULL, by column name. Columns of lists and structs are not counted. */
  readonly nullCounts: ReadonlyMap<string, number>;
}

/** The statement that writes the result of `query` as one Parquet file, and tells what it wrote. */
export function copyStatement(query: string, file: string): string {
  return `COPY (${query}\n) TO ${duckdbDialect.literal(file)} (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false, RETURN_STATS)`;
}

/**
 * Runs `query`, whose columns are `columns`, and writes its result as one Parquet file that keeps every value exactly.
 *
 * @throws DatapyError `DATAPY_DATA_NUMBER_TOO_LONG`
 */
export async function copyToParquet(
  connection: DuckDBConnection,
  query: string,
  columns: readonly Column[],
  file: string,
): Promise<WrittenFile> {
  try {
    const copied = await connection.runAndReadAll(copyStatement(parquetSafe(query, columns), file));
    return writtenFile(copied.getRowObjectsJS()[0] ?? {});
  } catch (error) {
    throw parquetError(error, columns);
  }
}

/** Reads the one row that {@link copyStatement} gives. */
export function writtenFile(row: Readonly<Record<string, unknown>>): WrittenFile {
  const nullCounts = new Map<string, number>();
  const statistics = row["column_statistics"];
  if (Array.isArray(statistics)) {
    for (const { key, value } of statistics as { key: unknown; value: unknown }[]) {
      const name = topLevelName(String(key));
      const count = Array.isArray(value)
        ? (value as { key: unknown; value: unknown }[]).find((one) => one.key === "null_count")?.value
        : undefined;
      if (name !== undefined && count !== undefined) nullCounts.set(name, Number(count));
    }
  }
  return { rows: Number(row["count"] ?? 0), bytes: Number(row["file_size_bytes"] ?? 0), nullCounts };
}

/** The name of a column from its quoted path, `"name"`; `undefined` for a field inside of a column, `"name"."field"`. */
function topLevelName(path: string): string | undefined {
  return /^"(?:[^"]|"")*"$/.test(path) ? path.slice(1, -1).replaceAll('""', '"') : undefined;
}

/** `columns` with the null counts of the file. */
export function withNullCounts(columns: readonly Column[], written: WrittenFile): Column[] {
  return columns.map((column) => {
    const nullCount = written.nullCounts.get(column.name);
    return nullCount === undefined ? column : { ...column, nullCount };
  });
}
