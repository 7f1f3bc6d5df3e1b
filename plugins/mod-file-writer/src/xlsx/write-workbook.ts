import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ident, join, sql } from "@datapy/mod-kit";
import type { Column, DataContext, Sql } from "@datapy/mod-kit";
import type { WriterParameters } from "../parameters.js";
import { writerError } from "../writer-error.js";
import { planSheet } from "./plan-sheet.js";
import type { SheetColumn } from "./plan-sheet.js";
import { columnLetters, STYLE, workbookParts, xmlText } from "./workbook-parts.js";

/** What {@link writeWorkbook} writes. */
export interface WorkbookRequest {
  readonly data: DataContext;
  readonly source: Sql;
  readonly columns: readonly Column[];
  readonly params: WriterParameters;
  readonly rows: number;
  readonly to: string;
  readonly signal: AbortSignal;
  readonly progress: (done: number) => void;
}

/** The same table gives the same bytes: nothing in the file tells when it was written. */
const MOMENT = new Date(2000, 0, 1);

/** Writes the table as a workbook of one sheet, one batch of rows in memory at a time. Gives the number of rows. */
export async function writeWorkbook(request: WorkbookRequest): Promise<number> {
  const { data, source, columns, params, rows, to, signal } = request;
  assertSheetName(params.sheet);
  const planned = await planSheet(data, source, columns, params, rows);
  const { ZipFile } = await import("yazl");
  const zip = new ZipFile();
  for (const [name, text] of workbookParts(params.sheet)) zip.addBuffer(Buffer.from(text), name, { mtime: MOMENT });
  const counted = { rows: 0 };
  const sheet = Readable.from(sheetXml(request, planned, counted), { objectMode: false });
  zip.addReadStream(sheet, "xl/worksheets/sheet1.xml", { mtime: MOMENT });
  zip.end();
  const failing = new Promise<never>((_, reject) => {
    zip.once("error", reject);
    sheet.once("error", reject);
  });
  // yazl's stream is typed as the older kind; it is a PassThrough.
  const output = zip.outputStream as Readable;
  await Promise.race([pipeline(output, createWriteStream(to, { flags: "wx" }), { signal }), failing]);
  return counted.rows;
}

async function* sheetXml(
  request: WorkbookRequest,
  columns: readonly SheetColumn[],
  counted: { rows: number },
): AsyncGenerator<Buffer> {
  const { data, source, params, rows } = request;
  const header = params.header ? 1 : 0;
  const letters = columns.map((_, index) => columnLetters(index));
  const last = `${letters.at(-1) ?? "A"}${String(Math.max(1, rows + header))}`;
  const pane = params.header
    ? '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    : "";
  let xml = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:${last}"/>${pane}<sheetData>`;
  if (params.header) {
    const cells = columns.map(({ name }, index) => textCell(`${letters[index] ?? ""}1`, name, STYLE.header));
    xml += `<row r="1">${cells.join("")}</row>`;
  }
  const values = columns.map(({ value }, index) => sql`${value} as ${ident(`c${String(index)}`)}`);
  for await (const batch of data.batches(sql`select ${join(values)} from ${source}`)) {
    for (let row = 0; row < batch.rows; row += 1) {
      const line = String(counted.rows + 1 + header);
      xml += `<row r="${line}">`;
      for (let at = 0; at < columns.length; at += 1) {
        const value = batch.columns[at]?.[row];
        const column = columns[at];
        if (typeof value === "string" && column !== undefined)
          xml += cell(`${letters[at] ?? ""}${line}`, column, value);
      }
      xml += "</row>";
      counted.rows += 1;
    }
    request.progress(counted.rows);
    yield Buffer.from(xml);
    xml = "";
  }
  yield Buffer.from(`${xml}</sheetData></worksheet>`);
}

function cell(place: string, { kind }: SheetColumn, value: string): string {
  switch (kind) {
    case "number":
      return /^-?\d/.test(value) ? `<c r="${place}"><v>${value}</v></c>` : textCell(place, value, STYLE.text);
    case "boolean":
      return `<c r="${place}" t="b"><v>${value}</v></c>`;
    case "date":
    case "timestamp":
    case "time":
      return `<c r="${place}" s="${String(STYLE[kind])}"><v>${value}</v></c>`;
    case "text":
      return textCell(place, value, STYLE.text);
  }
}

function textCell(place: string, text: string, style: number): string {
  return `<c r="${place}" s="${String(style)}" t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
}

function assertSheetName(name: string): void {
  if (name.trim() !== "" && !/[[\]:*?/\\]|[^ -\uffff]|^'|'$/.test(name)) return;
  throw writerError(
    "FILE_WRITER_FORMAT",
    `${JSON.stringify(name)} cannot be the name of a sheet`,
    "It has 1 to 31 characters, none of [ ] : * ? / \\ among them, and no ' at its ends.",
  );
}
