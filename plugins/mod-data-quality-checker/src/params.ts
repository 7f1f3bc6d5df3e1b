import { Artifact, Duration, Path, Type } from "@datapy/mod-kit";
import type { Static, TProperties } from "@datapy/mod-kit";
import { storageParameters } from "@datapy/object-storage";

const severity = Type.Optional(
  Type.Union([Type.Literal("error"), Type.Literal("warn")], {
    description: "`error` (default) fails the run, `warn` makes it a warning",
  }),
);
const name = Type.Optional(
  Type.String({ minLength: 1, description: "Name in report, metrics and messages. Default made of check and column" }),
);
const column = Type.String({ minLength: 1, description: "Column" });
const columns = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: "Columns" });
const fraction = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1, description }));
const number = (description: string) => Type.Optional(Type.Number({ description }));
const history = Type.Optional(
  Type.Object(
    {
      max_change: Type.Number({
        exclusiveMinimum: 0,
        description: "Greatest change against the median of earlier runs, as a fraction of it",
      }),
      runs: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 100, description: "Earlier runs that count. Default 10" }),
      ),
      min_runs: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 100,
          description: "With fewer earlier runs nothing is expected. Default 3",
        }),
      ),
    },
    { additionalProperties: false, description: "Against earlier runs over the same data set" },
  ),
);

function check<const Check extends string, Properties extends TProperties>(
  kind: Check,
  description: string,
  properties: Properties,
) {
  return Type.Object(
    { check: Type.Literal(kind), ...properties, name, severity },
    { additionalProperties: false, description },
  );
}

const Expectation = Type.Union([
  check("completeness", "Values are there: not NULL, and no empty text", {
    column,
    min_fraction: fraction("Least share of values. Default 1"),
    max_missing: Type.Optional(Type.Integer({ minimum: 0, description: "Most missing values" })),
  }),
  check("uniqueness", "No two rows have the same values", {
    columns,
    max_duplicates: Type.Optional(
      Type.Integer({ minimum: 0, description: "Rows beyond the first of their key. Default 0" }),
    ),
  }),
  check("freshness", "The newest value is new enough", {
    column,
    max_age: Duration({ description: "Greatest age of the newest value" }),
    max_future: Type.Optional(Duration({ description: "How far in the future the newest value may lie. Default 5m" })),
    as_of: Type.Optional(
      Type.String({ minLength: 1, description: "The moment that counts as now (ISO 8601), for reruns" }),
    ),
  }),
  check("row_count", "The number of rows", {
    min: Type.Optional(Type.Integer({ minimum: 0, description: "Fewest" })),
    max: Type.Optional(Type.Integer({ minimum: 0, description: "Most" })),
    history,
  }),
  check("distribution", "A statistic of a column", {
    column,
    statistic: Type.Union(
      (
        ["mean", "median", "stddev", "min", "max", "sum", "quantile", "distinct", "null_fraction", "share"] as const
      ).map((one) => Type.Literal(one)),
      { description: "`quantile` needs `quantile`, `share` needs `values`" },
    ),
    quantile: fraction("Of `quantile`, 0 to 1"),
    values: Type.Optional(
      Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        minItems: 1,
        description: "Of `share`: the share of rows with one of these values",
      }),
    ),
    min: number("Least"),
    max: number("Greatest"),
    history,
  }),
  check("schema", "Columns are there, with these types", {
    columns: Type.Record(Type.String({ minLength: 1 }), Type.String(), {
      minProperties: 1,
      description: "DuckDB types by column; an empty text is any type",
    }),
    exact: Type.Optional(Type.Boolean({ description: "No other columns. Default false" })),
  }),
  check("expression", "An SQL condition holds for the rows", {
    expression: Type.String({ minLength: 1, description: "Condition over the columns of a row; NULL does not hold" }),
    min_fraction: fraction("Least share of rows. Default 1"),
  }),
  check(
    "control_total",
    "A total that the sender wrote down, in a trailer record or a control file, is that of the data",
    {
      column: Type.Optional(
        Type.String({ minLength: 1, description: "Column that is summed. Default: rows are counted" }),
      ),
      control_file: Path({
        description:
          "File that holds the total, here or in a store: the control file, or the data file itself with its trailer",
      }),
      line: Type.Optional(
        Type.Union([Type.Literal("first"), Type.Literal("last"), Type.Literal("any")], {
          description: "Line that counts. Default `last`, which skips empty ones",
        }),
      ),
      pattern: Type.Optional(
        Type.String({
          minLength: 1,
          description: "Regular expression (RE2) with one group, the total: `^TRL\\|(\\d+)\\|`",
        }),
      ),
      json_path: Type.Optional(
        Type.String({ minLength: 1, description: "Instead, of a JSON control file: `$.totals.rows`" }),
      ),
      scale: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 18,
          description: "Decimals that the total implies: 12345 with 2 is 123.45. Default 0",
        }),
      ),
      tolerance: Type.Optional(Type.Number({ minimum: 0, description: "Greatest difference. Default 0" })),
    },
  ),
  check("reconciliation", "Another table holds the same rows, by count and by checksum of each column", {
    input_artifact: Artifact({ description: "The other table" }),
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: "Columns to compare. Default all of this table",
      }),
    ),
    map: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1 }), {
        description: "Names in the other table, where they differ",
      }),
    ),
    counts_only: Type.Optional(Type.Boolean({ description: "Only the number of rows. Default false" })),
  }),
]);

/** Parameters of `data-quality-checker`. */
export const Params = Type.Object({
  input_artifact: Type.Optional(Artifact({ description: "Table to check. Either this or `input_path`" })),
  input_path: Type.Optional(
    Path({
      description:
        "File to check, or one in a store (`s3://bucket/orders.csv`): `.parquet`, `.csv`, `.tsv`, `.json`, `.ndjson`, `.jsonl`. A CSV file's values are texts unless `columns` gives types",
    }),
  ),
  delimiter: Type.String({
    default: ",",
    pattern: "^[\\x01-\\x7f]$",
    description: "Of a CSV file; one ASCII character",
  }),
  columns: Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }), {
    default: {},
    description: "Types of columns of a CSV file; a value that does not fit fails the run",
  }),
  skip_last_lines: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 10,
    description: "Trailer lines of a CSV file that are no rows",
  }),
  expectations: Type.Array(Expectation, {
    default: [],
    description: "What is expected of the data",
    examples: [[{ check: "completeness", column: "id" }]],
  }),
  dataset: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "Name under which runs find each other in history. Default made of the file's or the artifact's name",
    }),
  ),
  profile_columns: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { description: "Columns to profile. Default the first 100" }),
  ),
  top_values: Type.Integer({
    default: 10,
    minimum: 0,
    maximum: 100,
    description: "Most frequent values shown of a column. 0 keeps values out of the report",
  }),
  title: Type.Optional(Type.String({ minLength: 1, description: "Title of the report" })),
  on_fail: Type.Unsafe<"fail" | "warn">(
    Type.Union([Type.Literal("fail"), Type.Literal("warn")], {
      default: "fail",
      description: "When an expectation of severity `error` is not met. The report is written either way",
    }),
  ),
  ...storageParameters,
});

/** Parameters as the mod receives them. */
export type QualityParams = Static<typeof Params>;
/** One expectation. */
export type ExpectationParams = Static<typeof Expectation>;
/** An expectation of one kind. */
export type ExpectationOf<Check extends ExpectationParams["check"]> = Extract<ExpectationParams, { check: Check }>;
