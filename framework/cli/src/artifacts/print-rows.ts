import type { Column, RowBatch } from "@datapy/mod-kit";
import { tableForStdout } from "../output/table.js";
import { cellText, csvField, jsonValue } from "./cell-text.js";

/** Writes on standard output and waits until it is taken. Whether somebody still reads: `| head` is no error. */
function write(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error == null && !process.stdout.destroyed));
  });
}

/** How rows are printed. */
export type RowFormat = "table" | "vertical" | "json" | "csv";

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
    if (!(await write(textOf(names, batch, format, count)))) return;
    count += batch.rows;
  }
  if (format === "json") await write(count === 0 ? "]\n" : "\n]\n");
  if (format === "table" && count === 0) await write(`${tableForStdout(tableColumns(names), [])}\n`);
}

function textOf(names: readonly string[], batch: RowBatch, format: RowFormat, before: number): string {
  const rows = Array.from({ length: batch.rows }, (_, row) => batch.columns.map((column) => column[row]));
  switch (format) {
    case "csv":
      return rows.map((row) => `${row.map(csvField).join(",")}\n`).join("");
    case "json":
      return rows
        .map((row, index) => {
          const object = Object.fromEntries(names.map((name, column) => [name, row[column] ?? null]));
          return `${before + index === 0 ? "\n" : ",\n"}  ${JSON.stringify(object, jsonValue)}`;
        })
        .join("");
    case "vertical":
      return rows.map((row, index) => record(names, row, before + index + 1)).join("");
    case "table": {
      // Each batch is as wide as it needs to be: nobody can know the widest value of rows that are still to come.
      const table = tableForStdout(tableColumns(names), rows);
      return before === 0 ? `${table}\n` : `${table.slice(table.indexOf("\n") + 1)}\n`;
    }
  }
}

function tableColumns(names: readonly string[]) {
  return names.map((title, index) => ({
    title,
    asWritten: true,
    value: (row: readonly unknown[]): string => cellText(row[index]),
  }));
}

function record(names: readonly string[], row: readonly unknown[], number: number): string {
  const width = Math.max(...names.map((name) => name.length), 0);
  const lines = names.map((name, index) => `  ${name.padEnd(width)}  ${cellText(row[index]).replaceAll("\n", "\\n")}`);
  return `row ${String(number)}\n${lines.join("\n")}\n`;
}
