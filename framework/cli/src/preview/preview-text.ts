import type { JobPreview, PreviewedStep, PreviewedTable } from "@datapy/sdk/preview";
import { rowsText } from "../artifacts/rows-text.js";
import { paintFor } from "../output/paint.js";

/** What `datapy preview` prints: a table for each table of each step. */
export function previewText(preview: JobPreview, vertical: boolean): string {
  const parts = preview.steps.flatMap((step) => stepText(step, vertical, preview.sample_rows));
  return [...parts, ...preview.errors.map((error) => `error ${error}`)].join("\n\n");
}

function stepText(step: PreviewedStep, vertical: boolean, sample: number): string[] {
  const paint = paintFor(process.stdout);
  const title = paint.bold(step.step === step.mod ? step.step : `${step.step} (${step.mod})`);
  const said = [...step.warnings.map((text) => `warning ${text}`), ...step.errors.map((text) => `error ${text}`)];
  const status = { left_out: `not run: ${step.reason ?? ""}`, skipped: `skipped: ${step.reason ?? ""}` } as const;
  const line = step.status === "left_out" || step.status === "skipped" ? status[step.status] : step.status;
  return [
    [`${title}  ${line}`, ...said].join("\n"),
    ...step.tables.map((table) => tableText(step, table, vertical, sample)),
  ];
}

function tableText({ step }: PreviewedStep, table: PreviewedTable, vertical: boolean, sample: number): string {
  const { key, rows, total, columns } = table;
  const of = total >= sample ? `the first ${String(total)} or more` : String(total);
  const head = `${step}/${key}: ${String(rows.length)} of ${of} rows, ${String(columns.length)} columns`;
  const names = columns.map(({ name }) => name);
  return `${head}\n${rowsText(names, rows, vertical ? "vertical" : "table", 0)}`.trimEnd();
}
