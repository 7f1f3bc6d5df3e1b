import { Artifact, DatapyError, Secret, Type } from "@datapy/mod-kit";
import type { Static, TSchema } from "@datapy/mod-kit";

const byColumn = <Value extends TSchema>(value: Value, description: string) =>
  Type.Optional(Type.Record(Type.String(), value, { description }));

const textColumns = (description: string) =>
  Type.Optional(
    Type.Union([Type.Boolean(), Type.Array(Type.String())], {
      description: `${description}: \`true\` for every text column, or the columns by name`,
      default: false,
    }),
  );

const Cast = Type.Union([
  Type.String({ description: "DuckDB type" }),
  Type.Object(
    {
      type: Type.String({ description: "DuckDB type" }),
      formats: Type.Optional(
        Type.Array(Type.String(), {
          minItems: 1,
          description: "strptime formats of dates and timestamps, tried in this order",
        }),
      ),
      lossy: Type.Optional(
        Type.Boolean({
          description:
            "Whether rounding is wanted (1.5 to INTEGER, a time of day to DATE). Default false: such a row is bad",
        }),
      ),
    },
    { additionalProperties: false },
  ),
]);

const Fill = Type.Union([
  Type.Literal("mean"),
  Type.Literal("median"),
  Type.Literal("mode"),
  Type.Literal("previous"),
  Type.Object({ value: Type.Union([Type.String(), Type.Number(), Type.Boolean()]) }, { additionalProperties: false }),
]);

const Outliers = Type.Object(
  {
    min: Type.Optional(Type.Number({ description: "Lower bound" })),
    max: Type.Optional(Type.Number({ description: "Upper bound" })),
    quantiles: Type.Optional(
      Type.Tuple([Type.Number({ minimum: 0, maximum: 1 }), Type.Number({ minimum: 0, maximum: 1 })], {
        description: "Bounds as discrete quantiles of the column",
      }),
    ),
    iqr: Type.Optional(
      Type.Number({
        minimum: 0,
        description: "Bounds this many interquartile ranges outside the quartiles (Tukey: 1.5)",
      }),
    ),
    standard_deviations: Type.Optional(
      Type.Number({ minimum: 0, description: "Bounds this many sample standard deviations from the mean" }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);

const Mask = Type.Union([
  Type.Literal("hash"),
  Type.Literal("redact"),
  Type.Object(
    {
      method: Type.Literal("partial"),
      keep_first: Type.Optional(Type.Integer({ minimum: 0, description: "Characters kept at the start, default 0" })),
      keep_last: Type.Optional(Type.Integer({ minimum: 0, description: "Characters kept at the end, default 0" })),
    },
    { additionalProperties: false },
  ),
]);

/** Parameters of `data-cleaner`. Rules name columns as they are called after `rename`. */
export const Params = Type.Object({
  input_artifact: Artifact({ description: "Table to clean" }),
  select: Type.Optional(
    Type.Array(Type.String(), { minItems: 1, description: "Columns to keep, in this order. Default all" }),
  ),
  drop: Type.Optional(Type.Array(Type.String(), { description: "Columns to leave out" })),
  rename: byColumn(Type.String({ minLength: 1 }), "New names by old name; all other rules use the new ones"),
  trim: textColumns("Removes white space, Unicode's too, at both ends"),
  collapse_whitespace: textColumns("Makes every run of white space one space"),
  remove_control_characters: textColumns(
    "Removes control characters (not tab and line ends) and zero-width characters",
  ),
  normalize_unicode: textColumns("Brings text into Unicode's composed form (NFC)"),
  strip_accents: textColumns("Removes accents (é becomes e)"),
  case: byColumn(
    Type.Union([Type.Literal("lower"), Type.Literal("upper"), Type.Literal("title")]),
    "Case by column: `lower`, `upper` or `title`",
  ),
  regex_replace: Type.Optional(
    Type.Array(
      Type.Object(
        {
          column: Type.String(),
          pattern: Type.String({ description: "RE2 regular expression" }),
          replacement: Type.String({ description: "Text; `\\1` is the first group" }),
        },
        { additionalProperties: false },
      ),
      { description: "Replacements by regular expression, every match, in this order" },
    ),
  ),
  replace: byColumn(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])),
    "Whole values to replace, by column: `{country: {UK: GB, '-': null}}`",
  ),
  null_values: Type.Optional(
    Type.Array(Type.String(), {
      description: "Texts that mean NULL, in every text column",
      default: [],
      examples: [["", "N/A"]],
    }),
  ),
  min_length: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Record(Type.String(), Type.Integer({ minimum: 0 }))], {
      description:
        "Fewest characters of a text: a shorter one counts as missing (NULL), so `null_strategy` decides. A number for every text column, or by column",
    }),
  ),
  cast: byColumn(
    Cast,
    "Types by column, strict: a value that does not fit exactly makes a bad row (`{amount: 'DECIMAL(12,2)'}`)",
  ),
  on_bad_row: Type.Optional(
    Type.Union([Type.Literal("fail"), Type.Literal("quarantine")], {
      default: "fail",
      description: "What becomes of rows whose values do not cast",
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
  outliers: byColumn(Outliers, "Clips numbers to bounds, by column; with several rules the tightest bound counts"),
  fill: byColumn(
    Fill,
    "What stands in for NULL, by column: `mean`, `median`, `mode`, `previous` (the row before) or `{value: …}`",
  ),
  null_strategy: Type.Optional(
    Type.Union(
      [
        Type.Literal("keep"),
        Type.Literal("drop"),
        Type.Literal("fill"),
        Type.Record(Type.String(), Type.Union([Type.Literal("keep"), Type.Literal("drop"), ...Fill.anyOf])),
      ],
      {
        default: "keep",
        description:
          "NULLs that `fill` left: `drop` drops the row, `keep` keeps it, `fill` keeps it and requires `fill` to be given. Or by column: `keep`, `drop`, or what `fill` takes (`{amount: median, id: drop}`)",
      },
    ),
  ),
  null_columns: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      description: "Columns in which `null_strategy: drop` looks for NULL. Default all",
    }),
  ),
  deduplicate: Type.Optional(
    Type.Union(
      [
        Type.Boolean(),
        Type.Object(
          {
            keys: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: "Default all columns" })),
            keep: Type.Optional(Type.Union([Type.Literal("first"), Type.Literal("last"), Type.Literal("best")])),
            order_by: Type.Optional(
              Type.Array(Type.String(), {
                minItems: 1,
                description: "For `keep: best`: columns, best first; `-updated_at` means the greatest is best",
              }),
            ),
          },
          { additionalProperties: false },
        ),
      ],
      {
        default: false,
        description:
          "Keeps one row of those that are equal: `true` for whole rows, or keys and which row to keep (default `first`)",
      },
    ),
  ),
  mask: byColumn(
    Mask,
    "Masks text: `hash` (salted SHA-256, hexadecimal), `redact` (`***`), or `{method: partial, keep_last: 4}`",
  ),
  mask_salt: Type.Optional(
    Secret({ description: "Salt of `mask: hash`; required with it, so that values cannot be looked up" }),
  ),
});

/** Parameters as the mod receives them. */
export type CleanerParams = Static<typeof Params>;
/** A type to cast to. */
export type CastRule = Static<typeof Cast>;
/** What stands in for NULL. */
export type FillRule = Static<typeof Fill>;
/** Bounds to clip to. */
export type OutlierRule = Static<typeof Outliers>;
/** How a text is masked. */
export type MaskRule = Static<typeof Mask>;

/** `params` with a `null_strategy` by column written out as `fill`, `null_strategy` and `null_columns`. */
export function byNullStrategy(params: CleanerParams): CleanerParams {
  const strategy = params.null_strategy;
  if (typeof strategy !== "object") return params;
  const fill: Record<string, FillRule> = { ...params.fill };
  const dropped: string[] = [];
  const faults: string[] = [];
  for (const [name, rule] of Object.entries(strategy)) {
    if (rule === "drop") dropped.push(name);
    if (rule === "keep" || rule === "drop") continue;
    if (Object.hasOwn(fill, name)) faults.push(`${JSON.stringify(name)} stands both in fill and in null_strategy`);
    fill[name] = rule;
  }
  if (params.null_columns !== undefined) faults.push("null_columns does not go with a null_strategy by column");
  if (faults.length > 0) {
    throw new DatapyError({
      code: "CLEANER_BAD_RULE",
      exitCode: 20,
      message: `null_strategy: ${faults.join("; ")}`,
      hint: "Say once for each column what becomes of its NULLs.",
    });
  }
  return {
    ...params,
    ...(Object.keys(fill).length === 0 ? {} : { fill }),
    null_strategy: dropped.length > 0 ? "drop" : "keep",
    ...(dropped.length > 0 ? { null_columns: dropped } : {}),
  };
}

/** Columns that a `null_strategy` by column names. */
export function nullColumns({ null_strategy: strategy }: CleanerParams): string[] {
  return typeof strategy === "object" ? Object.keys(strategy) : [];
}

/** The rule with its short form written out. */
export function castTarget(rule: CastRule): { type: string; formats: readonly string[]; lossy: boolean } {
  return typeof rule === "string"
    ? { type: rule.trim(), formats: [], lossy: false }
    : { type: rule.type.trim(), formats: rule.formats ?? [], lossy: rule.lossy ?? false };
}
