import { csvError } from "../csv-error.js";
import type { InputFile } from "../input/find-files.js";
import type { CsvParameters } from "../parameters.js";
import type { CsvContext } from "./csv-context.js";
import type { BadRows, FileRead } from "./read-file.js";

/**
 * Lets damaged rows pass that are set aside within the limits.
 * @throws DatapyError `CSV_BAD_ROW`, `CSV_TOO_MANY_BAD_ROWS`
 */
export function judgeBadRows(bad: BadRows, reads: readonly FileRead[], params: CsvParameters): void {
  if (bad.count === 0) return;
  const good = reads.reduce((sum, read) => sum + read.seen.counts.records, 0);
  const seen = bad.tooMany ? `at least ${bad.count}` : String(bad.count);
  const list = `${bad.shown.join("\n")}${bad.count > bad.shown.length ? `\n… and ${bad.tooMany ? "at least " : ""}${bad.count - bad.shown.length} more` : ""}`;
  if (params.on_bad_row === "fail") {
    throw csvError(
      "CSV_BAD_ROW",
      `${seen} damaged ${bad.count === 1 ? "row" : "rows"}; nothing was written:\n${list}`,
      `correct the input, or declare on_bad_row: quarantine to set such rows aside${otherDialect(bad, good)}`,
    );
  }
  const fraction = bad.count / (bad.count + good);
  const rows = params.max_bad_rows !== undefined && bad.count > params.max_bad_rows;
  if (!rows && !(params.max_bad_fraction !== undefined && fraction > params.max_bad_fraction)) return;
  const limit = rows
    ? `max_bad_rows is ${params.max_bad_rows}`
    : `max_bad_fraction is ${params.max_bad_fraction}, and ${fraction.toFixed(4)} of the rows are damaged`;
  throw csvError(
    "CSV_TOO_MANY_BAD_ROWS",
    `${seen} damaged rows, and ${limit}; nothing was written:\n${list}`,
    `correct the input or raise the limit${otherDialect(bad, good)}`,
  );
}

/** What may be declared wrongly when rows are bad in great number, or all in one way. */
function otherDialect(bad: BadRows, good: number): string {
  const stray = bad.byReason.get("a quote inside a value that is not quoted") ?? 0;
  if (stray > 1 && stray === bad.count) return '; if quotes are plain text in this file, declare quote: ""';
  return bad.count > good ? "; since most rows are bad, delimiter, quote or header may be declared wrongly" : "";
}

/**
 * Does as `on_empty` says when there are no rows.
 * @throws DatapyError `CSV_EMPTY`
 */
export function judgeEmpty(files: readonly InputFile[], rows: number, params: CsvParameters, ctx: CsvContext): void {
  if (rows > 0 || params.on_empty === "ok") return;
  const message =
    files.length === 1 ? `${files[0]?.path ?? "the file"} has no rows` : `the ${files.length} files have no rows`;
  if (params.on_empty === "fail")
    throw csvError("CSV_EMPTY", message, "declare on_empty: ok or warn when that may happen");
  ctx.result.addWarning(message);
}
