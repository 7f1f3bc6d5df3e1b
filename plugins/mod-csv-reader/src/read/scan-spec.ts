import type { DeclaredType } from "../columns/declared-type.js";
import type { CsvParameters } from "../parameters.js";
import { KIND, TERMINATOR } from "../scan/layout.js";
import type { ScanColumn, ScanSpec } from "../scan/scan-types.js";
import type { FilePlan } from "./plan-file.js";

const INFER: ScanColumn = { kind: KIND.none, a: 0, b: 0, min: 0n, max: 0n };
const AS_TEXT: ScanColumn = { ...INFER, kind: KIND.text };

/** What the scanner is to check of a file. */
export function scanSpec(
  plan: FilePlan,
  declared: ReadonlyMap<string, DeclaredType>,
  params: CsvParameters,
  emit: boolean,
): ScanSpec {
  const { dialect } = plan;
  const byte = (text: string): number => (text === "" ? -1 : text.charCodeAt(0));
  return {
    delimiter: [...Buffer.from(dialect.delimiter, "latin1")],
    quote: byte(dialect.quote),
    escape: byte(dialect.escape),
    comment: byte(dialect.comment),
    suspectQuote: dialect.quote === "" && !plan.quoteDeclared ? 34 : -1,
    terminator: TERMINATOR[dialect.terminator],
    columns: plan.names.map((name) => declared.get(name)?.scan ?? (params.type_inference === "off" ? AS_TEXT : INFER)),
    nullTexts: params.null_values.filter((text) => text !== ""),
    emptyIsNull: params.null_values.includes(""),
    quotedNulls: params.quoted_nulls,
    trailingDelimiter: params.trailing_delimiter === "ignore",
    aggressive: params.type_inference === "aggressive",
    emit,
    header: plan.header,
    maxRecordBytes: params.max_record_bytes,
  };
}

/** Whether DuckDB is known to read records of this dialect as the scanner does; any other is written out again in a plain one. */
export function readsDirectly(plan: FilePlan, params: CsvParameters): boolean {
  const { delimiter, quote, escape, comment, terminator } = plan.dialect;
  return (
    delimiter.length === 1 &&
    delimiter.charCodeAt(0) < 128 &&
    escape === quote &&
    comment === "" &&
    terminator === "lines" &&
    params.trailing_delimiter === "refuse" &&
    params.null_values.length > 0 &&
    (plan.names.length > 1 || params.null_values.includes(""))
  );
}
