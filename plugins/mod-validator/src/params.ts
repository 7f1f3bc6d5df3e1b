import { Artifact, Type } from "@datapy/mod-kit";
import type { Static, TProperties } from "@datapy/mod-kit";

const common = {
  name: Type.Optional(
    Type.String({
      minLength: 1,
      description: "Name of the rule in metrics, messages and quarantine. Default made of check and column",
    }),
  ),
  severity: Type.Optional(
    Type.Union([Type.Literal("error"), Type.Literal("warn")], {
      description: "`error` (default) sets the row aside; `warn` lets it go on and makes the run a warning",
    }),
  ),
};

const column = { column: Type.String({ description: "Column that the rule looks at" }) };

function rule<const Check extends string, Properties extends TProperties>(
  check: Check,
  description: string,
  properties: Properties,
) {
  return Type.Object(
    { check: Type.Literal(check), ...properties, ...common },
    { additionalProperties: false, description },
  );
}

const bound = (description: string) => Type.Optional(Type.Union([Type.Number(), Type.String()], { description }));

const Rule = Type.Union([
  rule("required", "The value is not NULL, and a text is not empty", column),
  rule("type", "The text fits a type exactly, without rounding", {
    ...column,
    type: Type.String({ description: "DuckDB type" }),
    formats: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: "strptime formats of dates and timestamps" }),
    ),
  }),
  rule("range", "The value lies between two bounds, both inclusive", {
    ...column,
    min: bound("Least value, of the column's type (a date as text)"),
    max: bound("Greatest value"),
  }),
  rule("length", "The text has so many characters", {
    ...column,
    min: Type.Optional(Type.Integer({ minimum: 0, description: "Fewest characters" })),
    max: Type.Optional(Type.Integer({ minimum: 0, description: "Most characters" })),
  }),
  rule("pattern", "The whole text matches a regular expression (RE2)", { ...column, pattern: Type.String() }),
  rule("enum", "The value is one of a list", {
    ...column,
    values: Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { minItems: 1 }),
  }),
  rule(
    "unique",
    "No other row has the same values; every row of a repeated key breaks the rule, unless `keep` is `first`",
    {
      columns: Type.Array(Type.String(), { minItems: 1, description: "Columns that together are the key" }),
      keep: Type.Optional(
        Type.Union([Type.Literal("none"), Type.Literal("first")], {
          description: "Rows of a repeated key that pass. Default `none`",
        }),
      ),
    },
  ),
  rule("foreign_key", "The values occur in another table", {
    columns: Type.Array(Type.String(), { minItems: 1, description: "Columns of this table" }),
    input_artifact: Artifact({ description: "The other table" }),
    references: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: "Columns of the other table. Default the same names" }),
    ),
  }),
  rule("expression", "An SQL condition over the columns of the row holds", {
    expression: Type.String({ minLength: 1, description: "SQL condition, such as `shipped_at >= ordered_at`" }),
  }),
]);

/** Parameters of `validator`. */
export const Params = Type.Object({
  input_artifact: Artifact({ description: "Table to check" }),
  rules: Type.Array(Rule, {
    minItems: 1,
    description: "Rules; NULL breaks `required` only, as in an SQL constraint",
    examples: [[{ check: "required", column: "id" }]],
  }),
  on_bad_row: Type.Optional(
    Type.Union([Type.Literal("quarantine"), Type.Literal("fail")], {
      default: "quarantine",
      description: "What rows become that break a rule of severity `error`",
    }),
  ),
  max_bad_rows: Type.Optional(
    Type.Integer({ minimum: 0, description: "More bad rows than this fail the run. Default no limit" }),
  ),
  max_bad_fraction: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: "A greater share of bad rows than this fails the run. Default no limit",
    }),
  ),
  min_rows_for_fraction: Type.Optional(
    Type.Integer({ minimum: 0, default: 0, description: "Fewest rows of a table for which `max_bad_fraction` counts" }),
  ),
  bad_rows_status: Type.Optional(
    Type.Union([Type.Literal("warning"), Type.Literal("success")], {
      default: "warning",
      description: "Status of a run that set rows aside within its limits",
    }),
  ),
});

/** Parameters as the mod receives them. */
export type ValidatorParams = Static<typeof Params>;
/** One rule. */
export type ValidatorRule = Static<typeof Rule>;
