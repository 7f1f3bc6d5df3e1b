import { toJsonValue } from "../result/json-value.js";
import type { JsonValue } from "../result/json-value.js";
import type { TableReader } from "./table-file.js";

/** The first rows of a table, as JSON has them. */
export interface SampleRows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly JsonValue[])[];
  /** Rows of the whole table. */
  readonly total: number;
}

/** Reads the first `limit` rows of a Parquet file. Whole numbers past 2^53 are texts, bytes hexadecimal. */
export async function sampleRows(reader: TableReader, file: string, limit: number): Promise<SampleRows> {
  const source = await reader.table(file);
  const columns = await reader.describe(`SELECT * FROM ${source}`);
  const [count] = await reader.rows(`SELECT count(*) AS n FROM ${source}`);
  const rows: JsonValue[][] = [];
  for await (const batch of reader.batches(`SELECT * FROM ${source} LIMIT ${String(limit)}`)) {
    for (let row = 0; row < batch.rows; row += 1)
      rows.push(batch.columns.map((column) => jsonCell(column[row] ?? null)));
  }
  return { columns: columns.map(({ name, type }) => ({ name, type })), rows, total: Number(count?.["n"] ?? 0) };
}

function jsonCell(value: unknown): JsonValue {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString("hex")}` : toJsonValue(value);
}
