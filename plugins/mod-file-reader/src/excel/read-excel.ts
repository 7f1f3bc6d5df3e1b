import type { TextReading } from "../json/read-json.js";
import { readerError, shown } from "../reader-error.js";
import { escapeBytes } from "../transport/transport-file.js";
import { columnName } from "./cell-values.js";
import type { CellValue } from "./cell-values.js";
import { cellRange, mergedRanges, sheetRows } from "./sheet-rows.js";
import type { CellRange, SheetRow } from "./sheet-rows.js";
import { openWorkbook } from "./workbook.js";
import type { Workbook } from "./workbook.js";

/** Reads sheets of workbooks. What a cell is comes from the cell and its format, never from how its text looks. */
export async function readExcel(reading: TextReading): Promise<void> {
  let first: readonly string[] | undefined;
  for (const [index, file] of reading.files.entries()) {
    const workbook = await openWorkbook(file, reading.signal);
    try {
      const names = await readSheet(reading, workbook, index, file);
      if (names === undefined) continue;
      first ??= names;
      const differs = names.length !== first.length || names.some((name) => first?.includes(name) !== true);
      if (differs && reading.params.union === "refuse") {
        throw readerError(
          "FILE_READER_COLUMNS",
          `${file} has the columns ${names.map((name) => JSON.stringify(name)).join(", ")}, unlike the first file`,
          "Set `union: by_name`, NULL where a file lacks a column.",
        );
      }
    } finally {
      workbook.close();
    }
  }
}

/** Gives the names of the columns; `undefined` for an empty sheet. */
async function readSheet(
  { params, transport, progress }: TextReading,
  workbook: Workbook,
  index: number,
  file: string,
): Promise<readonly string[] | undefined> {
  const part = sheetPart(workbook, params.sheet, file);
  const range = cellRange(params.range);
  const fill =
    params.merged_cells === "fill" ? filler(await mergedRanges(workbook, part)) : (row: SheetRow) => row.cells;
  let header: ReadonlyMap<number, string> | undefined;
  /** Columns without a name that have held a value. */
  const places = new Map<number, number>();
  const place = (column: number, row: SheetRow): number => {
    const known = places.get(column);
    if (known !== undefined) return known;
    const name = header === undefined ? columnName(column) : header.get(column);
    if (name === undefined) {
      throw readerError(
        "FILE_READER_COLUMNS",
        `${file}: cell ${columnName(column)}${String(row.number)} has a value, but its column has no name`,
        "Name it in the sheet, or say with `range` which cells belong to the table.",
      );
    }
    const made = transport.place(name);
    places.set(column, made);
    return made;
  };
  const isThere = await sheetRows(workbook, part, range, (row) => {
    const cells = fill(row);
    if (params.header && header === undefined) {
      header = headerOf(cells, row, file);
      for (const column of header.keys()) place(column, row);
      return;
    }
    const faults = [...cells].flatMap(([column, cell]) => ("fault" in cell ? [{ column, fault: cell.fault }] : []));
    const [fault] = faults;
    if (fault !== undefined) {
      transport.addBad({
        file: index,
        line: row.number,
        offset: undefined,
        column: header?.get(fault.column) ?? columnName(fault.column),
        reason: `${fault.fault} in cell ${columnName(fault.column)}${String(row.number)}`,
        raw: rowText(cells),
      });
      return;
    }
    const values: (string | undefined)[] = [];
    for (const [column, cell] of cells) {
      if ("fault" in cell) continue;
      values[place(column, row)] = transport.value(
        places.get(column) ?? 0,
        cell.kind,
        escapeBytes(Buffer.from(cell.text).toString("latin1")),
      );
    }
    transport.add({ file: index, line: row.number }, values, () => Buffer.from(rowText(cells)).toString("latin1"));
    if (transport.rows % 10_000 === 0) progress(transport.rows);
  });
  if (!isThere) {
    throw readerError("FILE_READER_DAMAGED", `${file} lacks its part ${part}`, "Fetch it again, or save it anew.");
  }
  return places.size === 0 ? undefined : [...places.values()].map((at) => transport.columns[at]?.name ?? "");
}

function sheetPart(workbook: Workbook, wanted: string | number | undefined, file: string): string {
  const found =
    typeof wanted === "string"
      ? workbook.sheets.find((sheet) => sheet.name.toLowerCase() === wanted.toLowerCase())
      : workbook.sheets[(wanted ?? 1) - 1];
  if (found !== undefined) return found.part;
  throw readerError(
    "FILE_READER_INPUT",
    `${file} has no sheet ${JSON.stringify(wanted ?? 1)}`,
    `Its sheets are ${workbook.sheets.map((sheet) => JSON.stringify(sheet.name)).join(", ")}.`,
  );
}

/** Names by column. Throws `FILE_READER_COLUMNS` (20). */
function headerOf(cells: ReadonlyMap<number, CellValue>, row: SheetRow, file: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const [column, cell] of [...cells].sort(([a], [b]) => a - b)) {
    const where = `${file}: cell ${columnName(column)}${String(row.number)}`;
    const name = "fault" in cell ? "" : cell.text.trim();
    const hint = "Mend the header, say with `range` where the table begins, or set `header: false`.";
    if (name === "") throw readerError("FILE_READER_COLUMNS", `${where} is no name of a column`, hint);
    if ([...names.values()].some((one) => one.toLowerCase() === name.toLowerCase()))
      throw readerError("FILE_READER_COLUMNS", `${where} names a second column ${shown(name)}`, hint);
    names.set(column, name);
  }
  return names;
}

/** Gives all cells of a merged range the value of the first. Rows come in order, so that a value waits for those below it. */
function filler(ranges: readonly CellRange[]): (row: SheetRow) => ReadonlyMap<number, CellValue> {
  const values = new Map<CellRange, CellValue>();
  return (row) => {
    const at = row.number - 1;
    const here = ranges.filter((range) => range.top <= at && range.bottom >= at);
    if (here.length === 0) return row.cells;
    const cells = new Map(row.cells);
    for (const range of here) {
      const first = range.top === at ? row.cells.get(range.left) : values.get(range);
      if (first === undefined) continue;
      values.set(range, first);
      for (let column = range.left; column <= range.right; column += 1) cells.set(column, first);
    }
    return cells;
  };
}

function rowText(cells: ReadonlyMap<number, CellValue>): string {
  return JSON.stringify(
    Object.fromEntries(
      [...cells].map(([column, cell]) => [columnName(column), "fault" in cell ? cell.fault : cell.text]),
    ),
  );
}
