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
    { type: Type.String({ minLength: 1 }), format: Type.Optional(Type.String({ minLength: 1 })) },
    { additionalProperties: false },
  ),
]);

/** Parameters of the CSV reader. */
export const parameters = Type.Object({
  input_path: Type.Union([Path(), Type.Array(Path(), { minItems: 1 })], {
    description:
      "File, list of files, or pattern (`*`, `?`, `[a-z]`, `{a,b}`, `**`). Compressed files are recognised by their content",
  }),
  delimiter: Type.String({
    default: "auto",
    minLength: 1,
    maxLength: 4,
    description:
      "What separates values, 1 to 4 bytes; `tab` for a tab. `auto` finds it in the data and refuses the file when unsure",
  }),
  quote: Type.String({
    default: "auto",
    maxLength: 4,
    description:
      "Character round values that hold delimiters or line ends; empty for none. `auto` finds it in the data",
  }),
  escape: Type.String({
    default: "auto",
    maxLength: 4,
    description:
      "Character before a quote inside a quoted value; the quote itself when quotes are doubled; empty for none",
  }),
  comment: Type.String({
    default: "",
    maxLength: 1,
    description: "Lines that begin with this character are left out. Empty: there are no comments",
  }),
  encoding: Type.String({
    default: "auto",
    minLength: 1,
    description:
      "Text encoding, such as `utf-8`, `utf-16le`, `latin1`, `windows-1252`. `auto` takes a byte order mark or valid UTF-8, and refuses the rest",
  }),
  compression: choice(["auto", "none", "gzip", "zstd"], {
    default: "auto",
    description: "Compression of the files. `auto` looks at their first bytes",
  }),
  header: Type.Union([Type.Literal("auto"), Type.Boolean(), Type.Integer({ minimum: 0, maximum: 20 })], {
    default: "auto",
    description: "Whether the first line names the columns, or how many lines do (their names are joined with a blank)",
  }),
  skip_rows: Type.Union([Type.Literal("auto"), Type.Integer({ minimum: 0, maximum: 100_000 })], {
    default: "auto",
    description: "Lines before the header that are no data. `auto` finds a preamble and says so in a warning",
  }),
  skip_footer: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 100_000,
    description: "Lines at the end that are no data",
  }),
  columns: Type.Optional(
    Type.Record(Type.String(), ColumnType, {
      description:
        "Types of columns by name: a DuckDB type, or `{type, format}` with a strptime pattern for DATE, TIME, TIMESTAMP. Without a header, also the names, in order",
    }),
  ),
  null_values: Type.Array(Type.String(), {
    default: [""],
    description: "Unquoted texts that mean NULL. A quoted empty value is an empty text, not NULL",
  }),
  quoted_nulls: Type.Boolean({
    default: false,
    description: "Whether quoted values that equal one of `null_values` are NULL too",
  }),
  type_inference: choice(["safe", "aggressive", "off"], {
    default: "safe",
    description:
      "Types of columns that are not declared, over the whole file. `safe`: only where every value is written exactly as the type prints it. `aggressive`: also 12 beside 12.5, 1e5, TRUE. `off`: text",
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
  header_repair: choice(["refuse", "repair"], {
    default: "refuse",
    description:
      "What happens when names are missing, empty, doubled or damaged: the file is refused, or the names are repaired and a warning tells how",
  }),
  trailing_delimiter: choice(["refuse", "ignore"], {
    default: "refuse",
    description: "What happens when rows end with one delimiter too many: they are bad, or the delimiter is ignored",
  }),
  on_empty: choice(["ok", "warn", "fail"], {
    default: "warn",
    description: "What happens when there are no rows: the file is empty or holds a header only",
  }),
  source_file: Type.Boolean({
    default: false,
    description: "Whether to add the column `source_file`, with the file that a row came from",
  }),
  union: choice(["refuse", "by_name"], {
    default: "refuse",
    description:
      "What happens when several files have different columns: they are refused, or matched by name, NULL where a file lacks a column",
  }),
  preview: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 1000,
    description: "Number of first rows to give in the metric `preview`, as texts",
  }),
  max_record_bytes: ByteSize({
    default: "16 MiB",
    description: "Longest record that is read, in bytes; a longer one fails the run",
  }),
});

/** Parameters as the mod receives them, defaults in place. */
export type CsvParameters = Static<typeof parameters>;
