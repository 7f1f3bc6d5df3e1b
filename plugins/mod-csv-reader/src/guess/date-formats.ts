import { ident, join, literal, sql } from "@datapy/mod-kit";
import type { DataContext, Sql } from "@datapy/mod-kit";

/** A way to write dates or times, and the type that it gives. */
export interface DateFormat {
  readonly type: "DATE" | "TIMESTAMP";
  readonly format: string;
}

const DATES = [
  "%d.%m.%Y",
  "%d/%m/%Y",
  "%m/%d/%Y",
  "%d-%m-%Y",
  "%m-%d-%Y",
  "%Y/%m/%d",
  "%Y.%m.%d",
  "%b %d %Y",
  "%b %d, %Y",
  "%d %b %Y",
  "%d-%b-%Y",
  "%B %d %Y",
  "%B %d, %Y",
  "%d %B %Y",
];
const TIMES = ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p"];

/** Ways that are tried. ISO dates need none: they are recognised without. */
const FORMATS: readonly DateFormat[] = [
  ...DATES.map((format): DateFormat => ({ type: "DATE", format })),
  ...DATES.slice(0, 7).flatMap((date) =>
    TIMES.map((time): DateFormat => ({ type: "TIMESTAMP", format: `${date} ${time}` })),
  ),
];

/** What was found of a column of text. */
export type DateFinding =
  | { readonly kind: "format"; readonly format: DateFormat }
  /** Every value fits several, such as day before month and month before day. */
  | { readonly kind: "unsure"; readonly formats: readonly DateFormat[] };

/** Rows of the sample that decides which formats are tried on all. */
const SAMPLE = 500;

/**
 * Finds the columns of text whose every value is a date or time in one way of writing: read by it and written by it again, each value is what
 * it was, but for a zero before a single digit.
 */
export async function findDateFormats(
  data: Pick<DataContext, "query">,
  source: Sql,
  columns: readonly string[],
): Promise<Map<string, DateFinding>> {
  const found = new Map<string, DateFinding>();
  const sample = sql`(select * from (${source}) limit ${literal(SAMPLE)})`;
  let candidates = columns.flatMap((column) => FORMATS.map((format) => ({ column, format })));
  for (const rows of [sample, sql`(${source})`]) {
    if (candidates.length === 0) return found;
    candidates = await fitting(data, rows, candidates);
  }
  for (const column of columns) {
    const formats = candidates.filter((one) => one.column === column).map(({ format }) => format);
    const [only, ...others] = formats;
    if (only === undefined) continue;
    found.set(column, others.length === 0 ? { kind: "format", format: only } : { kind: "unsure", formats });
  }
  return found;
}

interface Candidate {
  readonly column: string;
  readonly format: DateFormat;
}

async function fitting(
  data: Pick<DataContext, "query">,
  rows: Sql,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  const tests = candidates.map(({ column, format: { format } }, index) => {
    const value = sql`trim(${ident(column)})`;
    const again = sql`strftime(try_strptime(${value}, ${literal(format)}), ${literal(format)})`;
    // A zero before a digit that stands alone; twice, since one match takes the separator of the next.
    const padded = padSingleDigits(padSingleDigits(value));
    return sql`count(${ident(column)}) > 0 and count(*) filter (${ident(column)} is not null and lower(${padSingleDigits(padSingleDigits(again))}) is distinct from lower(${padded})) = 0 as ${ident(`f${String(index)}`)}`;
  });
  const [row] = await data.query<Record<string, boolean>>(sql`select ${join(tests)} from ${rows}`);
  return candidates.filter((_, index) => row?.[`f${String(index)}`] === true);
}

function padSingleDigits(value: Sql): Sql {
  return sql`regexp_replace(${value}, '(^|[^0-9])([0-9])([^0-9]|$)', '\\10\\2\\3', 'g')`;
}
