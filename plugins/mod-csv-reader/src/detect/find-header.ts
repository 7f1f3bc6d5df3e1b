import type { SampleRecord } from "./dialect.js";
import { commonWidth } from "./detect-dialect.js";
import { valueShape } from "./value-shape.js";

/** Where the table begins. Indexes count the sample's records. */
export interface TableStart {
  /** Records before the header. */
  readonly preamble: number;
  /** Records of the header: 0 when there is none. */
  readonly headerRecords: number;
  readonly width: number;
  /** Set when the header cannot be told from data. */
  readonly unsure?: string;
  /** Set when nothing tells the header from data, and it is one by convention. */
  readonly byConvention?: boolean;
}

/** What is declared of it; `undefined` is to be found out. */
export interface DeclaredStart {
  readonly preamble: number | undefined;
  readonly headerRecords: number | undefined;
}

const LONGEST_PREAMBLE = 40;

function filled(record: SampleRecord): number {
  return record.fields.filter((field) => field.trim() !== "").length;
}

/** Whether a record could be a header: filled, with different names, none of them a number or a date. */
function likeHeader(record: SampleRecord, width: number): boolean {
  if (record.broken || record.fields.length !== width) return false;
  const names = record.fields.map((field) => field.trim()).filter((field) => field !== "");
  if (names.length < Math.max(1, width * 0.6)) return false;
  return names.every((name) => valueShape(name) < 0) && new Set(names).size > names.length / 2;
}

/** Finds preamble and header in the records of a sample, blank ones included. */
export function findTableStart(records: readonly SampleRecord[], declared: DeclaredStart): TableStart {
  const solid = records.filter((record) => !record.blank);
  const { width } = commonWidth(solid.slice(declared.preamble ?? 0));
  const preamble = declared.preamble ?? findPreamble(records, width);
  const after = records.slice(preamble).filter((record) => !record.blank);
  if (declared.headerRecords !== undefined) return { preamble, headerRecords: declared.headerRecords, width };
  const header = after[0];
  if (header === undefined) return { preamble, headerRecords: 0, width };
  const repeated = header.fields.join("\0");
  const data = after
    .slice(1)
    .filter((record) => !record.broken && record.fields.length === width && record.fields.join("\0") !== repeated);
  return { preamble, width, ...judgeHeader(header, data, width) };
}

function findPreamble(records: readonly SampleRecord[], width: number): number {
  if (width < 2) return 0;
  const limit = Math.min(records.length, LONGEST_PREAMBLE);
  const sparse = (record: SampleRecord): boolean =>
    record.blank || filled(record) <= Math.max(1, Math.floor(width / 4));
  let at = 0;
  for (const record of records.slice(0, limit)) {
    if (!sparse(record)) break;
    at++;
  }
  if (at > 0 && at < limit) return at < records.length && records.slice(0, at).some((record) => !record.blank) ? at : 0;
  const first = records[0];
  // A first line of nearly the right width is a damaged header, not a preamble.
  if (first === undefined || first.fields.length === width || filled(first) > width / 2) return 0;
  for (let i = 1; i < limit; i++) {
    const record = records[i];
    if (record === undefined) return 0;
    if (likeHeader(record, width)) return i;
    if (record.fields.length === width && !sparse(record)) return 0;
  }
  return 0;
}

function judgeHeader(
  header: SampleRecord,
  data: readonly SampleRecord[],
  width: number,
): Pick<TableStart, "headerRecords" | "unsure" | "byConvention"> {
  if (header.broken || header.fields.length !== width) {
    // Damaged: a header when it holds no number where the data do.
    const typed = header.fields.filter((field) => valueShape(field) >= 0).length;
    return { headerRecords: typed * 3 > header.fields.length ? 0 : 1 };
  }
  let forHeader = 0;
  let forData = 0;
  for (let column = 0; column < width; column++) {
    const shapes = new Map<number, number>();
    for (const record of data) {
      const field = record.fields[column] ?? "";
      if (field.trim() !== "") shapes.set(valueShape(field), (shapes.get(valueShape(field)) ?? 0) + 1);
    }
    const values = [...shapes.values()].reduce((sum, count) => sum + count, 0);
    const [shape, count] = [...shapes.entries()].sort((a, b) => b[1] - a[1])[0] ?? [-1, 0];
    const name = (header.fields[column] ?? "").trim();
    if (shape < 0 || count < values * 0.7 || name === "") continue;
    if (valueShape(name) === shape) forData++;
    else if (valueShape(name) < 0) forHeader++;
  }
  if (forData > 0 && isYears(header.fields)) return { headerRecords: 1 };
  if (forHeader > forData) return { headerRecords: 1 };
  if (forData > forHeader) return { headerRecords: 0 };
  if (forData > 0) return { headerRecords: 1, unsure: "half of the first line looks like names and half like values" };
  if (data.length === 0 && header.fields.some((field) => valueShape(field) >= 0)) {
    return { headerRecords: 1, unsure: "there is one line only, and it holds numbers or dates" };
  }
  // All text: by convention the first line names the columns, unless one of its values comes again below.
  const again = header.fields.filter(
    (field, column) => field.trim() !== "" && data.some((record) => record.fields[column] === field),
  ).length;
  if (again > 0 && again >= width / 2)
    return { headerRecords: 1, unsure: "values of the first line come again below it" };
  return { headerRecords: 1, byConvention: true };
}

/** A row of years (`Country,2019,2020`): numbers, but names. */
function isYears(fields: readonly string[]): boolean {
  const numbers = fields.filter((field) => valueShape(field) >= 0);
  return (
    numbers.length > 1 &&
    numbers.every(
      (field, index) =>
        /^(?:19|20)\d\d$/.test(field.trim()) && (index === 0 || Number(field) > Number(numbers[index - 1])),
    )
  );
}
