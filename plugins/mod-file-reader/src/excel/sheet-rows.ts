import { cellPlace, cellText, numberValue } from "./cell-values.js";
import type { CellValue } from "./cell-values.js";
import type { Workbook } from "./workbook.js";

/** Cells to read, counted from 0, the ends included. */
export interface CellRange {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A row that has values, by column. */
export interface SheetRow {
  /** Counted from 1, as Excel shows it. */
  readonly number: number;
  readonly cells: ReadonlyMap<number, CellValue>;
}

/** The range that `B3:F100` and `B3` mean. */
export function cellRange(text: string | undefined): CellRange {
  const [from, to] = (text ?? "A1").split(":").map(cellPlace);
  return {
    top: from?.row ?? 0,
    left: from?.column ?? 0,
    bottom: to?.row ?? Number.MAX_SAFE_INTEGER,
    right: to?.column ?? Number.MAX_SAFE_INTEGER,
  };
}

/** Goes through the rows of a sheet that have values, in order. `false` where the workbook lacks the part. */
export async function sheetRows(
  workbook: Workbook,
  part: string,
  range: CellRange,
  onRow: (row: SheetRow) => void,
): Promise<boolean> {
  let cells = new Map<number, CellValue>();
  let row = -1;
  let column = -1;
  let cell: { type: string; style: number } | undefined;
  let value: string | undefined;
  let hasFormula = false;
  let taking = false;
  let inPhonetic = false;
  const finish = (): void => {
    if (cell === undefined) return;
    const read = cellValue(workbook, cell, value, hasFormula);
    const isInside = row >= range.top && row <= range.bottom && column >= range.left && column <= range.right;
    if (read !== undefined && isInside) cells.set(column, read);
    cell = undefined;
  };
  return workbook.parse(part, {
    open(name, attributes) {
      if (name === "row") {
        row = attributes["r"] === undefined ? row + 1 : Number(attributes["r"]) - 1;
        column = -1;
        cells = new Map();
      } else if (name === "c") {
        const place = cellPlace(attributes["r"] ?? "");
        column = place?.column ?? column + 1;
        cell = { type: attributes["t"] ?? "n", style: Number(attributes["s"] ?? 0) };
        value = undefined;
        hasFormula = false;
      } else if (name === "f") hasFormula = true;
      else if (name === "rPh") inPhonetic = true;
      else if (cell !== undefined && (name === "v" || (name === "t" && !inPhonetic))) {
        taking = true;
        value ??= "";
      }
    },
    text(text) {
      if (taking) value = (value ?? "") + text;
    },
    close(name) {
      if (name === "v" || name === "t") taking = false;
      else if (name === "rPh") inPhonetic = false;
      else if (name === "c") finish();
      else if (name === "row" && cells.size > 0) onRow({ number: row + 1, cells });
    },
  });
}

/** `undefined` for an empty cell. */
function cellValue(
  workbook: Workbook,
  { type, style }: { readonly type: string; readonly style: number },
  value: string | undefined,
  hasFormula: boolean,
): CellValue | undefined {
  if (value === undefined)
    return hasFormula
      ? { fault: "a formula whose value is not stored; open and save the workbook in Excel" }
      : undefined;
  switch (type) {
    case "s": {
      const text = workbook.texts[Number(value)];
      return text === undefined ? { fault: `text number ${value} is not in the workbook` } : { kind: "s", text };
    }
    case "str":
    case "inlineStr":
      return { kind: "s", text: cellText(value) };
    case "b":
      return { kind: "b", text: value.trim() === "1" ? "true" : "false" };
    case "e":
      return { fault: `the error ${value}` };
    case "d":
      return isoValue(value);
    default:
      return value.trim() === "" ? undefined : numberValue(value, workbook.formats[style] ?? "number", workbook.is1904);
  }
}

/** A date that is stored as a text in ISO 8601. */
function isoValue(value: string): CellValue {
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return { kind: "d", text: value };
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)Z?$/.exec(value) ?? [];
  return day === undefined
    ? { fault: `${JSON.stringify(value)} is no date` }
    : { kind: "t", text: `${day} ${time ?? "00:00"}` };
}

/** Ranges of merged cells. They stand behind the rows, so that this goes through the sheet once before. */
export async function mergedRanges(workbook: Workbook, part: string): Promise<CellRange[]> {
  const ranges: CellRange[] = [];
  await workbook.parse(part, {
    open(name, attributes) {
      if (name === "mergeCell" && attributes["ref"] !== undefined) ranges.push(cellRange(attributes["ref"]));
    },
  });
  return ranges;
}
