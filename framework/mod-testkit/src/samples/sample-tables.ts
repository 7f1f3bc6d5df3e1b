import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";

/** DuckDB beside the mods: makes their input tables and reads what they made. */
export interface SampleTables {
  /** Writes the result of a query as a Parquet file. */
  make(query: string, file: string): Promise<void>;
  /** Columns and rows of a Parquet file, as JSON values; 64-bit numbers as numbers where they are written with digits alone. */
  read(file: string): Promise<SampleTable>;
  close(): Promise<void>;
}

/** A table as a sample expects it. */
export interface SampleTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Opens one in memory, with sessions in UTC. */
export function openSampleTables(): SampleTables {
  let opening: Promise<{ instance: DuckDBInstance; connection: DuckDBConnection }> | undefined;
  const open = async (): Promise<{ instance: DuckDBInstance; connection: DuckDBConnection }> => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run("set timezone = 'UTC'");
    return { instance, connection };
  };
  const connected = async (): Promise<DuckDBConnection> => (await (opening ??= open())).connection;
  return {
    make: async (query, file) => {
      await (await connected()).run(`copy (${query}) to ${text(file)} (format parquet)`);
    },
    read: async (file) => {
      const result = await (await connected()).runAndReadAll(`from read_parquet(${text(file)})`);
      return { columns: result.columnNames(), rows: withNumbers(result.getRowsJson()) };
    },
    close: async () => {
      const opened = await opening;
      opened?.connection.closeSync();
      opened?.instance.closeSync();
    },
  };
}

/** Texts of digits as numbers: DuckDB gives 64-bit numbers as text, and expectations are written with numbers. */
export function withNumbers(rows: readonly (readonly unknown[])[]): unknown[][] {
  return rows.map((row) =>
    row.map((value) => (typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value)),
  );
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
