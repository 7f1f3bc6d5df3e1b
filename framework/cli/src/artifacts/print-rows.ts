import type { Column, RowBatch } from "@datapy/mod-kit";
import { csvField } from "./cell-text.js";
import { rowsText } from "./rows-text.js";
import type { RowFormat } from "./rows-text.js";

/** Prints rows on standard output as they come, holding one batch at a time. Ends early when nobody reads any more. */
export async function printRows(
  columns: readonly Column[],
  batches: AsyncIterable<RowBatch>,
  format: RowFormat,
): Promise<void> {
  const names = columns.map(({ name }) => name);
  let count = 0;
  if (format === "csv") await write(`${names.map(csvField).join(",")}\n`);
  if (format === "json") await write("[");
  for await (const batch of batches) {
    const rows = Array.from({ length: batch.rows }, (_, row) => batch.columns.map((column) => column[row]));
    if (!(await write(rowsText(names, rows, format, count)))) return;
    count += batch.rows;
  }
  if (format === "json") await write(count === 0 ? "]\n" : "\n]\n");
  if (format === "table" && count === 0) await write(rowsText(names, [], format, 0));
}

/** Writes on standard output and waits until it is taken. Whether somebody still reads: `| head` is no error. */
function write(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error == null && !process.stdout.destroyed));
  });
}
