import stringWidth from "string-width";
import { paintFor } from "./paint.js";
import type { Paint } from "./paint.js";

/** A column of a printed table. */
export interface TableColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: "left" | "right";
  /** Whether the title stands as it is written: the name of a column of data. Default in capitals. */
  readonly asWritten?: boolean;
}

/** How a table is printed. */
export interface TableOptions {
  /** Columns of the terminal; `undefined` (the output is no terminal) prints every cell whole, on one line. */
  readonly width: number | undefined;
  readonly paint: Paint;
}

/** Columns of a terminal that does not know how many it has, and says 0. */
const USUAL_WIDTH = 80;
/** Space between columns. */
const GAP = "  ";
/** No column is squeezed below this. */
const NARROWEST = 12;
/** Where the last column would get less than this, it goes below the others instead. */
const READABLE = 30;
/** How far it is indented then. */
const INDENT = "    ";
/** The part of a name or path up to the last sign that joins its parts, if that is not short. */
const JOINT = /^.{3,}[._/-](?!$)/s;
/** A word that is longer may be broken to save the others. */
const LONGEST_WORD = 32;

/**
 * A table without lines: titles, then one row a line, columns as wide as their widest cell in terminal cells (a Chinese character
 * takes two). On a terminal that is too narrow the widest columns are wrapped, and the last column, which is for free text, goes on
 * lines of its own where it would become too narrow to read. Control characters are shown as `�`.
 */
export function renderTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  { width, paint }: TableOptions,
): string {
  return blocksOf(columns, rows, { width, paint }).join("\n");
}

/** The titles, and each row: a line, or several where something is wrapped or stands below. */
function blocksOf<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  { width, paint }: TableOptions,
  mayStack = true,
): string[] {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const titles = columns.map(({ title, asWritten }) => (asWritten === true ? printable(title) : title.toUpperCase()));
  const natural = titles.map((title, index) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[index] ?? ""))),
  );
  const words = titles.map((title, index) =>
    Math.max(widthOf(title), ...cells.map((row) => longestWord(row[index] ?? ""))),
  );
  const widths = width === undefined ? natural : fit(natural, words, width - GAP.length * (columns.length - 1));
  const last = columns.length - 1;
  const squeezed = width !== undefined && last > 0 && (widths[last] ?? 0) < Math.min(READABLE, natural[last] ?? 0);
  if (squeezed && mayStack) {
    const head = blocksOf(columns.slice(0, last), rows, { width, paint }, false);
    // Between lines that are wrapped, only free text is understood without its title: neither a short text nor a value of data is.
    const isFreeText = (natural[last] ?? 0) >= READABLE && columns[last]?.asWritten !== true;
    if (isFreeText || head.every((block) => !block.includes("\n")))
      return stacked(
        head,
        cells.map((row) => row[last] ?? ""),
        width,
      );
  }
  const line = (parts: readonly string[], dress: (text: string) => string): string => {
    const wrapped = parts.map((part, index) => wrap(part, widths[index] ?? 1));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, y) =>
      wrapped
        .map((lines, index) => pad(lines[y] ?? "", widths[index] ?? 0, columns[index]?.align ?? "left", dress))
        .join(GAP)
        .trimEnd(),
    ).join("\n");
  };
  return [line(titles, (text) => paint.bold(text)), ...cells.map((row) => line(row, (text) => text))];
}

/** Each block of `head` but the first, which holds the titles, with its text below it. */
function stacked(head: readonly string[], texts: readonly string[], width: number): string[] {
  const below = texts.map((text) =>
    (text === "" ? [] : wrap(text, Math.max(width - INDENT.length, NARROWEST))).map((line) => INDENT + line),
  );
  return [head[0] ?? "", ...head.slice(1).map((line, index) => [line, ...(below[index] ?? [])].join("\n"))];
}

/** Takes what is too much from the widest columns: first down to their longest words, and where that is not enough further. */
function fit(natural: readonly number[], words: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  for (const least of [words.map((word) => Math.max(NARROWEST, word)), words.map(() => NARROWEST)]) {
    for (; excess > 0; excess -= 1) {
      const room = widths.map((width, index) => width - (least[index] ?? 0));
      const most = Math.max(...widths.filter((_, index) => (room[index] ?? 0) > 0));
      const widest = widths.findIndex((width, index) => width === most && (room[index] ?? 0) > 0);
      if (widest === -1) break;
      widths[widest] = most - 1;
    }
  }
  return widths;
}

function longestWord(text: string): number {
  return Math.max(...text.split(" ").map((word) => Math.min(widthOf(word), LONGEST_WORD)));
}

/** Breaks at spaces, and inside a word only where the word alone is too wide: behind a sign that joins its parts, where it has one. */
function wrap(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = "";
    for (const character of word) {
      if (widthOf(line + character) > width && line !== "") {
        const end = JOINT.exec(line)?.[0].length ?? line.length;
        lines.push(line.slice(0, end));
        line = line.slice(end);
      }
      line += character;
    }
  }
  return [...lines, line];
}

/** Cells that a text takes on a terminal. Plain ASCII, which nearly all text is, needs no look at its characters. */
function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text);
}

function pad(text: string, width: number, align: "left" | "right", dress: (text: string) => string): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "right" ? space + dress(text) : dress(text) + space;
}

/** Text from packages and files, unable to move the cursor or to change colours. */
function printable(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{Cc}/gu, "�");
}

/** {@link renderTable} as standard output wants it: fitted to a terminal, whole and without colours everywhere else. */
export function tableForStdout<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  const width = process.stdout.isTTY ? process.stdout.columns || USUAL_WIDTH : undefined;
  return renderTable(columns, rows, { width, paint: paintFor(process.stdout) });
}
