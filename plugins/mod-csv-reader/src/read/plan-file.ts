import { closeSync, openSync, readSync } from "node:fs";
import { csvError } from "../csv-error.js";
import { detectDialect } from "../detect/detect-dialect.js";
import type { Dialect, SampleRecord } from "../detect/dialect.js";
import { findTableStart } from "../detect/find-header.js";
import { headerNames, numberedNames } from "../detect/header-names.js";
import { lineEnd, tokenize } from "../detect/tokenize.js";
import type { InputFile } from "../input/find-files.js";
import type { PreparedText } from "../input/prepare-text.js";
import type { CsvParameters } from "../parameters.js";

/** What was found out of a file before it is scanned. */
export interface FilePlan {
  readonly file: InputFile;
  readonly text: PreparedText;
  readonly dialect: Dialect;
  /** Whether the quote character was declared; if not, a field that begins with one is suspicious. */
  readonly quoteDeclared: boolean;
  readonly names: readonly string[];
  /** The same as they stand in the file, before any repair. */
  readonly written: readonly string[];
  /** Names as they stand in the header, to recognise it when it comes again; empty when it was repaired or spans lines. */
  readonly header: readonly string[];
  /** Records of the header, and lines before it. */
  readonly headerRecords: number;
  readonly linesBeforeHeader: number;
  /** Bytes of the data. */
  readonly from: number;
  readonly until: number;
  /** Number of the first line of the data, from 1. */
  readonly firstLine: number;
  /** Physical lines before the data, when each is one record or a skipped line; `undefined` when DuckDB could count them otherwise. */
  readonly plainLinesBefore: number | undefined;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** A file without records. */
export interface EmptyFile {
  readonly file: InputFile;
  readonly text: PreparedText;
  readonly empty: true;
}

const START_BYTES = 128 * 1024;
const PIECE_BYTES = 32 * 1024;

/** Finds out how a file is written and what its columns are called. @throws DatapyError `CSV_DIALECT`, `CSV_HEADER`, `CSV_COLUMNS` */
export function planFile(file: InputFile, text: PreparedText, params: CsvParameters): FilePlan | EmptyFile {
  const until = params.skip_footer === 0 ? text.size : footerStart(text.path, text.size, params.skip_footer);
  const head = startOf(text, until, params.max_record_bytes);
  const whole = text.mark + head.length >= until;
  if (!/[^\r\n]/.test(head) && whole) return { file, text, empty: true };
  const notes: string[] = [];
  const warnings: string[] = [];

  const skipped = params.skip_rows === "auto" ? 0 : skipLines(head, params.skip_rows);
  if (params.skip_rows !== "auto" && skipped >= head.length) return { file, text, empty: true };
  const body = head.slice(skipped);
  const declared = declaredDialect(params);
  const found = detectDialect([body, ...laterPieces(text, until, head.length)], declared);
  if ("unsure" in found) {
    throw csvError(
      "CSV_DIALECT",
      `${file.path}: the dialect is not clear: ${found.unsure}${found.candidates.length === 0 ? "" : `: ${found.candidates.join(", ")}`}`,
      'declare delimiter (and quote where there is one), for instance delimiter: ";"',
    );
  }
  const { dialect } = found;
  if (declared.delimiter === undefined || declared.quote === undefined) {
    notes.push(
      `dialect found: delimiter ${JSON.stringify(dialect.delimiter)}, quote ${JSON.stringify(dialect.quote)}, escape ${JSON.stringify(dialect.escape)}`,
    );
  }

  const records = tokenize(body, dialect, 2000);
  // The sample ends with a line, but perhaps in the middle of a value.
  if (!whole && records.at(-1)?.broken === true) records.pop();
  const table = findTableStart(records, {
    preamble: params.skip_rows === "auto" ? undefined : 0,
    headerRecords: params.header === "auto" ? undefined : Number(params.header),
  });
  if (table.unsure !== undefined) {
    throw csvError(
      "CSV_HEADER",
      `${file.path}: it is not clear whether the first line is a header: ${table.unsure}`,
      "declare header: true or header: false",
    );
  }
  if (table.byConvention === true && table.headerRecords > 0)
    notes.push("all columns are text; the first line is taken for the header (declare header: false where it is none)");
  if (table.preamble > 0) warnings.push(preambleWarning(file, records, table.preamble));
  const solid = records.slice(table.preamble).filter((record) => !record.blank);
  const header = solid.slice(0, table.headerRecords);
  const data = solid.slice(table.headerRecords);
  const naming = nameColumns(file, header, data, table.width, params);
  warnings.push(...naming.warnings);
  notes.push(...naming.notes);
  if (params.header === "auto" && table.headerRecords === 0 && params.columns === undefined) {
    warnings.push(
      `${file.path}: no header was found; the columns are named column_1 to column_${naming.names.length} (declare header: false to say so)`,
    );
  }

  const lastBefore = header.at(-1) ?? records[table.preamble - 1];
  const from = text.mark + skipped + (lastBefore?.to ?? 0);
  const before = head.slice(0, from - text.mark);
  const linesBefore = countLines(before, dialect);
  // DuckDB skips records, not lines: only lines that it cannot take for anything else are left to it.
  const headerAt = header[0]?.from ?? lastBefore?.to ?? 0;
  const startOfTable = solid[0]?.from ?? lastBefore?.to ?? 0;
  const preambleText = head.slice(0, skipped + headerAt);
  const plain =
    header.every((record) => !record.broken && record.fields.every((field) => !/[\r\n]/.test(field))) &&
    (dialect.quote === "" || !preambleText.includes(dialect.quote)) &&
    !/(?:^|\n)\r?(?:\n|$)/.test(before.replace(/\r?\n$/, ""));
  return {
    file,
    text,
    dialect,
    quoteDeclared: declared.quote !== undefined,
    names: naming.names,
    written: writtenNames(naming.names, header),
    headerRecords: header.length,
    linesBeforeHeader: countLines(head.slice(0, skipped + startOfTable), dialect),
    header: naming.sound && header.length === 1 && naming.names.length > 1 ? naming.names : [],
    from,
    until,
    firstLine: linesBefore + 1,
    plainLinesBefore: plain ? linesBefore : undefined,
    notes,
    warnings,
  };
}

/** The name in the file that a column's name was made from; the column's own where there is none, or one of several lines. */
function writtenNames(names: readonly string[], header: readonly SampleRecord[]): string[] {
  const [first, second] = header;
  return names.map((name, index) => {
    const field = Buffer.from(first?.fields[index] ?? "", "latin1").toString("utf8");
    return field !== "" && second === undefined && name.startsWith(field) ? field : name;
  });
}

interface Naming {
  readonly names: readonly string[];
  readonly sound: boolean;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

function nameColumns(
  file: InputFile,
  header: readonly SampleRecord[],
  data: readonly SampleRecord[],
  commonest: number,
  params: CsvParameters,
): Naming {
  const declaredNames = Object.keys(params.columns ?? {});
  const [given] = header;
  if (given === undefined) {
    let width = commonest;
    if (params.trailing_delimiter === "ignore" && data.every((record) => record.fields.at(-1) === "")) width--;
    if (declaredNames.length === 0) return { names: numberedNames(width), sound: true, warnings: [], notes: [] };
    if (declaredNames.length !== width && data.length > 0) {
      throw csvError(
        "CSV_COLUMNS",
        `${file.path}: columns names ${declaredNames.length} columns, but the rows have ${width} values`,
        "without a header, columns must name every column, in order",
      );
    }
    return { names: declaredNames, sound: true, warnings: [], notes: [] };
  }
  let width = commonest;
  let records = header;
  if (params.trailing_delimiter === "ignore") {
    const drops = header.every((record) => record.fields.length > 1 && record.fields.at(-1) === "");
    if (drops) records = header.map((record) => ({ ...record, fields: record.fields.slice(0, -1) }));
    if (drops && data.every((record) => record.fields.length === width)) width--;
    else if (!drops && width === given.fields.length + 1) width--;
  }
  const matching = data.filter((record) => !record.broken && record.fields.length === width).length;
  const own = records[0]?.fields.length ?? 0;
  // Rows that do not bear out another width are measured by the header; so are they where another table follows this one.
  const first = data.find((record) => !record.broken);
  const like = data.filter((record) => !record.broken && record.fields.length === own).length;
  const leads = first?.fields.length === own && like * 5 >= data.length;
  if (!given.broken && own !== width && (leads || matching < 2 || matching * 2 < data.length)) width = own;
  const { names, faults, repairs } = headerNames(records, width);
  if (faults.length === 0) return { names, sound: true, warnings: [], notes: [] };
  const where = `${file.path}:${given.line + 1}`;
  if (params.header_repair === "refuse") {
    const trailing =
      data.length > 0 && data.every((record) => record.fields.length === own + 1 && record.fields.at(-1) === "");
    throw csvError(
      "CSV_HEADER",
      `${where}: ${faults.slice(0, 5).join("; ")}${faults.length > 5 ? `; and ${faults.length - 5} more` : ""}`,
      trailing
        ? "every row ends with a delimiter: declare trailing_delimiter: ignore"
        : "correct the header, or declare header_repair: repair to have names made, or skip_rows and header where the first line is none",
    );
  }
  const told = `${where}: the header was repaired: ${faults.slice(0, 5).join("; ")}; ${repairs.slice(0, 5).join("; ")}${repairs.length > 5 ? "; …" : ""}`;
  return { names, sound: false, warnings: [told], notes: [] };
}

function preambleWarning(file: InputFile, records: readonly SampleRecord[], preamble: number): string {
  const texts = records.slice(0, preamble).flatMap((record) => record.fields.filter((field) => field.trim() !== ""));
  const shown = Buffer.from(texts.slice(0, 3).join(" | "), "latin1").toString("utf8");
  return `${file.path}: ${preamble} lines before the header were left out: ${JSON.stringify(shown)} (declare skip_rows: ${preamble} to say so)`;
}

function declaredDialect(params: CsvParameters) {
  const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
  const delimiter =
    params.delimiter === "auto"
      ? undefined
      : params.delimiter === "tab" || params.delimiter === "\\t"
        ? "\t"
        : bytes(params.delimiter);
  const quote = params.quote === "auto" ? undefined : bytes(params.quote);
  const escape = params.escape === "auto" ? (quote === "" ? "" : undefined) : bytes(params.escape);
  if (delimiter !== undefined && delimiter.length > 4)
    throw csvError("CSV_DIALECT", "delimiter is longer than 4 bytes", "use a shorter one");
  for (const [name, value] of [
    ["quote", quote],
    ["escape", escape],
  ] as const) {
    if (value !== undefined && value.length > 1)
      throw csvError("CSV_DIALECT", `${name} is longer than one byte`, `give one ASCII character, or "" for none`);
  }
  for (const value of [delimiter, quote, escape]) {
    if (value !== undefined && /[\r\n\0]/.test(value))
      throw csvError(
        "CSV_DIALECT",
        "a line end or NUL cannot be delimiter, quote or escape",
        "choose another character",
      );
  }
  if (delimiter !== undefined && quote !== undefined && quote !== "" && delimiter.includes(quote)) {
    throw csvError("CSV_DIALECT", "delimiter and quote are the same character", "declare them differently");
  }
  return { delimiter, quote, escape, comment: bytes(params.comment) };
}

function readText(path: string, from: number, to: number): string {
  const handle = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.max(0, to - from));
    let held = 0;
    while (held < bytes.length) {
      const got = readSync(handle, bytes, held, bytes.length - held, from + held);
      if (got === 0) break;
      held += got;
    }
    return bytes.toString("latin1", 0, held);
  } finally {
    closeSync(handle);
  }
}

/** Whole lines from the start of a file: more of it where lines are long. */
function startOf(text: PreparedText, until: number, most: number): string {
  for (let bytes = START_BYTES; ; bytes *= 4) {
    const to = Math.min(until, text.mark + bytes);
    const piece = readText(text.path, text.mark, to);
    if (to === until) return piece;
    const lines = piece.slice(0, Math.max(piece.lastIndexOf("\n"), piece.lastIndexOf("\r")) + 1);
    if ((lines.match(/[\r\n]/g) ?? []).length >= 8 || bytes > most) return lines === "" ? piece : lines;
  }
}

/** Whole lines from the middle and the end of a large file, so that detection does not depend on its start. */
function laterPieces(text: PreparedText, until: number, sampled: number): string[] {
  const first = text.mark + sampled;
  if (until <= first + PIECE_BYTES) return [];
  const middle = Math.max(first, Math.floor((text.mark + until) / 2));
  const stretches: readonly (readonly [number, number])[] = [
    [middle, Math.min(until, middle + PIECE_BYTES)],
    [Math.max(first, until - PIECE_BYTES), until],
  ];
  return stretches.map(([from, to]) => {
    const piece = readText(text.path, from, to);
    const begin = piece.search(/[\r\n](?![\r\n])/) + 1;
    const end = Math.max(piece.lastIndexOf("\n"), piece.lastIndexOf("\r")) + 1;
    return piece.slice(begin, Math.max(begin, end));
  });
}

function skipLines(text: string, count: number): number {
  let at = 0;
  const terminator = text.includes("\n") ? "lines" : "returns";
  for (let i = 0; i < count && at < text.length; i++) at = lineEnd(text, at, { terminator });
  return at;
}

function countLines(text: string, { terminator }: Dialect): number {
  if (terminator === "lines") return (text.match(/\n/g) ?? []).length;
  return (text.match(terminator === "returns" ? /\r/g : /\r\n|\n|\r/g) ?? []).length;
}

/** Where the last `count` lines of a file begin. */
function footerStart(path: string, size: number, count: number): number {
  let end = size;
  let lines = 0;
  while (end > 0) {
    const from = Math.max(0, end - PIECE_BYTES);
    const piece = readText(path, from, end);
    for (let i = piece.length - 1; i >= 0; i--) {
      const isEnd = piece[i] === "\n" || (piece[i] === "\r" && piece[i + 1] !== "\n");
      if (!isEnd || from + i + 1 >= size) continue;
      lines++;
      if (lines === count) return from + i + 1;
    }
    end = from;
  }
  return 0;
}
