import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** The mod as it is built: its threads and its scanner exist only there. */
export const MOD = path.join(__dirname, "..", "..", "dist", "index.js");

/** A Parquet file as text. */
export interface TextTable {
  /** DuckDB types by name. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Reads a table artifact, every value as DuckDB prints it. */
export async function readTable(file: string): Promise<TextTable> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const described = await connection.runAndReadAll(`DESCRIBE FROM read_parquet('${file.replaceAll("'", "''")}')`);
    const columns = Object.fromEntries(described.getRows().map(([name, type]) => [String(name), String(type)]));
    const query = `SELECT columns(*)::VARCHAR FROM read_parquet('${file.replaceAll("'", "''")}')`;
    const read = await connection.runAndReadAll(query);
    return { columns, rows: read.getRows().map((row) => row.map((value) => (value === null ? null : String(value)))) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
