import { ByteSize, Path, Type } from "@datapy/mod-kit";
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

const ColumnType = Type.Union([
  Type.String({ minLength: 1 }),
  Type.Object(
    {
      type: Type.String({ minLength: 1 }),
      formats: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
    },
    { additionalProperties: false },
  ),
]);

const Field = Type.Object(
  {
    name: Type.String({ minLength: 1, description: "Name of the column" }),
    start: Type.Optional(
      Type.Integer({ minimum: 1, description: "First character, counted from 1. Default behind the field before" }),
    ),
    width: Type.Integer({ minimum: 1, description: "Characters" }),
    type: Type.Optional(Type.String({ minLength: 1, description: "DuckDB type. Default VARCHAR" })),
    formats: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: "strptime formats of dates and timestamps" }),
    ),
    trim: Type.Optional(
      Type.Union([Type.Literal("both"), Type.Literal("left"), Type.Literal("right"), Type.Literal("none")], {
        description: "Where blanks are taken off. Default `both`",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Parameters of `file-reader`. */
export const parameters = Type.Object({
  input_path: Type.Union([Path(), Type.Array(Path(), { minItems: 1 })], {
    description: "File, list of files, or pattern (`*`, `?`, `[a-z]`, `{a,b}`, `**`)",
  }),
  format: choice(["auto", "json", "ndjson", "parquet", "xlsx", "fixed"], {
    default: "auto",
    description: "Format. `auto` goes by the name: `.json`, `.ndjson` or `.jsonl`, `.parquet`, `.xlsx`",
  }),
  compression: choice(["auto", "none", "gzip", "zstd"], {
    default: "auto",
    description: "JSON, NDJSON, fixed width: compression of the files. `auto` looks at their first bytes",
  }),
  encoding: Type.String({
    default: "auto",
    minLength: 1,
    description:
      "JSON, NDJSON, fixed width: text encoding, such as `utf-8`, `utf-16le`, `windows-1252`. `auto` takes a byte order mark, else UTF-8",
  }),
  columns: Type.Optional(
    Type.Record(Type.String(), ColumnType, {
      description:
        "Types of columns by name: a DuckDB type, or `{type, formats}` with strptime formats. A value that does not fit exactly makes a bad row",
    }),
  ),
  records_path: Type.Optional(
    Type.String({
      description:
        'JSON: where the list of records stands, such as `data.items`; keys with dots in `["…"]`. Default the list at the top, or the one object there',
    }),
  ),
  nested: choice(["json", "flatten"], {
    default: "json",
    description:
      "JSON, NDJSON: objects and lists inside of a record stay JSON, or objects become columns (`address.city`); lists stay JSON in any case",
  }),
  flatten_separator: Type.String({
    default: ".",
    minLength: 1,
    description: "JSON, NDJSON: what stands between the names of a flattened column",
  }),
  fields: Type.Optional(Type.Array(Field, { minItems: 1, description: "Fixed width: the columns of a line" })),
  short_lines: choice(["refuse", "pad"], {
    default: "refuse",
    description: "Fixed width: whether a line that ends before its last field is bad, or is filled up with blanks",
  }),
  null_values: Type.Array(Type.String(), {
    default: [""],
    description: "Fixed width: texts, after blanks were taken off, that mean NULL",
  }),
  skip_rows: Type.Integer({
    default: 0,
    minimum: 0,
    description: "NDJSON, fixed width: lines at the beginning that are no data",
  }),
  skip_footer: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 10_000,
    description: "NDJSON, fixed width: lines at the end that are no data",
  }),
  sheet: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Integer({ minimum: 1 })], {
      description: "Excel: name or number of the sheet. Default the first",
    }),
  ),
  range: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z]{1,3}[1-9][0-9]*(:[A-Za-z]{1,3}[1-9][0-9]*)?$",
      description: "Excel: cells to read, such as `B3:F100`, or `B3` for all from there on. Default the whole sheet",
    }),
  ),
  header: Type.Boolean({ default: true, description: "Excel: whether the first row names the columns" }),
  merged_cells: choice(["first", "fill"], {
    default: "first",
    description: "Excel: whether the value of merged cells counts for the first of them, or for all",
  }),
  hive_partitioning: Type.Boolean({
    default: false,
    description: "Whether folders such as `country=PL` become columns, as texts",
  }),
  source_file: Type.Boolean({
    default: false,
    description: "Whether to add the column `source_file`, with the file that a row came from",
  }),
  union: choice(["refuse", "by_name"], {
    default: "refuse",
    description:
      "Parquet, Excel: what happens when several files have different columns: they are refused, or matched by name, NULL where a file lacks a column",
  }),
  on_bad_row: choice(["fail", "quarantine"], {
    default: "fail",
    description:
      "What happens when rows are damaged: the run fails and nothing is written, or they are set aside in the artifact `quarantine`",
  }),
  max_bad_rows: Type.Optional(
    Type.Integer({ minimum: 0, description: "With `quarantine`: fail when more rows than this are bad" }),
  ),
  max_bad_fraction: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: "With `quarantine`: fail when a larger part of the rows is bad",
    }),
  ),
  on_empty: choice(["ok", "warn", "fail"], { default: "warn", description: "What happens when there are no rows" }),
  max_record_bytes: ByteSize({
    default: "64 MiB",
    description: "JSON, NDJSON, fixed width: longest record that is read, in bytes; a longer one fails the run",
  }),
});

/** Parameters as the mod receives them, defaults in place. */
export type ReaderParameters = Static<typeof parameters>;
