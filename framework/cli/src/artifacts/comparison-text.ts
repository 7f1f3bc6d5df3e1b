import type { ColumnDifference, RowDifference, TableComparison } from "@datapy/sdk/artifacts";
import { tableForStdout } from "../output/table.js";
import { cellText } from "./cell-text.js";

/** What `datapy artifacts diff` prints. */
export function comparisonText(comparison: TableComparison): string {
  const { rows, columns, removed, added, changed, keys, examples } = comparison;
  if (comparison.equal) return `The tables are equal: ${String(rows.before)} rows.`;
  const counts = [
    `${String(removed)} removed`,
    `${String(added)} added`,
    ...(keys.length === 0 ? [] : [`${String(changed)} changed`]),
  ];
  return [
    `Rows: ${String(rows.before)} before, ${String(rows.after)} after; ${counts.join(", ")}.`,
    ...(columns.length === 0 ? [] : ["", columnTable(columns)]),
    ...changedLines(comparison),
    ...(examples.length === 0 ? [] : ["", ...examples.map((row) => exampleLine(row, keys))]),
    ...(examples.length < removed + added + changed && examples.length > 0 ? ["…"] : []),
  ].join("\n");
}

function columnTable(columns: readonly ColumnDifference[]): string {
  return tableForStdout<ColumnDifference>(
    [
      { title: "column", value: ({ column }) => column },
      { title: "before", value: ({ before }) => before ?? "(none)" },
      { title: "after", value: ({ after }) => after ?? "(none)" },
    ],
    columns,
  );
}

function changedLines({ changedColumns }: TableComparison): string[] {
  const entries = Object.entries(changedColumns).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return [];
  return ["", `Changed columns: ${entries.map(([name, times]) => `${name} (${String(times)})`).join(", ")}.`];
}

function exampleLine({ kind, values, times }: RowDifference, keys: readonly string[]): string {
  const mark = { removed: "-", added: "+", changed: "~" }[kind];
  const parts = Object.entries(values).map(([name, value]) =>
    kind === "changed" && Array.isArray(value) && !keys.includes(name)
      ? `${name}: ${cellText(value[0])} → ${cellText(value[1])}`
      : `${name}: ${cellText(value)}`,
  );
  return `${mark} ${parts.join(", ")}${times !== undefined && times > 1 ? ` (× ${String(times)})` : ""}`;
}
