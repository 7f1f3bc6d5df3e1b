import { tableForStdout } from "../output/table.js";
import { cellText, csvField, jsonValue } from "./cell-text.js";

/** How rows are printed. */
export type RowFormat = "table" | "vertical" | "json" | "csv";

/** Rows as text, with a line end behind the last. `before` rows have been printed already: titles are not printed again. */
export function rowsText(
  names: readonly string[],
  rows: readonly (readonly unknown[])[],
  format: RowFormat,
  before: number,
): string {
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
