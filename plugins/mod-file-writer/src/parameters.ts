import { Artifact, Path, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";

function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
  options: { default: Values[number]; description: string },
) {
  return Type.Union(
    values.map((value) => Type.Literal(value as Values[number])),
    options,
  );
}

/** Parameters of `file-writer`. */
export const parameters = Type.Object({
  input_artifact: Artifact({ description: "Table to write" }),
  output_path: Path({
    access: "write",
    target: "any",
    description: "File to write; with `partition_by` the folder",
  }),
  format: choice(["auto", "csv", "tsv", "json", "ndjson", "parquet", "xlsx"], {
    default: "auto",
    description: "Format. `auto` goes by the name: `.csv`, `.tsv`, `.json`, `.ndjson` or `.jsonl`, `.parquet`, `.xlsx`",
  }),
  compression: choice(["auto", "none", "gzip", "zstd", "snappy"], {
    default: "auto",
    description:
      "Compression. `auto` goes by the name (`.gz`, `.zst`), and takes `snappy` for Parquet. `snappy` is for Parquet alone",
  }),
  columns: Type.Optional(
    Type.Array(Type.String(), { minItems: 1, description: "Columns to write, in this order. Default all" }),
  ),
  partition_by: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      description: "Columns whose values make folders (`country=PL/data_0.csv`); not for Excel",
    }),
  ),
  write_partition_columns: Type.Boolean({
    default: false,
    description: "Whether the files of a partitioned folder hold the columns of `partition_by` too",
  }),
  if_exists: choice(["fail", "replace"], {
    default: "fail",
    description: "What happens when the target is there: the run fails, or the target is replaced as a whole",
  }),
  on_empty: choice(["ok", "warn", "fail"], { default: "ok", description: "What happens when the table has no rows" }),
  delimiter: Type.Optional(
    Type.String({
      minLength: 1,
      description: "CSV: one ASCII character between values, or `tab`. Default `,`, a tab for TSV",
    }),
  ),
  quote: Type.String({
    default: '"',
    maxLength: 1,
    description: "CSV: character round values that need it; empty for none, which is refused when a value needs it",
  }),
  escape: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1,
      description: "CSV: character before a quote inside a value. Default the quote itself",
    }),
  ),
  quote_all: Type.Boolean({ default: false, description: "CSV: whether all values but NULL are quoted" }),
  header: Type.Boolean({ default: true, description: "CSV, Excel: whether the first line names the columns" }),
  null_value: Type.String({
    default: "",
    description: "CSV: text that stands for NULL, never quoted; a text that equals it is quoted",
  }),
  line_ending: choice(["lf", "crlf"], { default: "lf", description: "CSV, JSON: end of a line" }),
  encoding: Type.String({
    default: "utf-8",
    description:
      "CSV, JSON: text encoding, such as `utf-8`, `utf-8-bom`, `utf-16le`, `latin1`, `windows-1252`. A character that it lacks fails the run",
  }),
  date_format: Type.Optional(
    Type.String({ minLength: 1, description: "CSV, JSON: strftime format of dates. Default ISO 8601" }),
  ),
  timestamp_format: Type.Optional(
    Type.String({ minLength: 1, description: "CSV, JSON: strftime format of timestamps. Default ISO 8601" }),
  ),
  formula_guard: Type.Boolean({
    default: false,
    description:
      "CSV: whether texts that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab and return at the beginning) get a `'` in front. In Excel files texts are never formulas",
  }),
  non_finite: choice(["fail", "null", "text"], {
    default: "fail",
    description: "JSON, Excel: what NaN and infinities become, which these formats do not have",
  }),
  sheet: Type.String({ default: "Sheet1", minLength: 1, maxLength: 31, description: "Excel: name of the sheet" }),
});

/** Parameters as the mod receives them, defaults in place. */
export type WriterParameters = Static<typeof parameters>;
