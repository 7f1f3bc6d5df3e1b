import { Duration, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";
import { connectionParameters } from "@datapy/database";

const value = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);
const boundary = (description: string) =>
  Type.Optional(Type.Union([Type.String({ minLength: 1 }), Type.Number()], { description }));

/** Parameters of the database reader. */
export const ReaderParameters = Type.Object(
  {
    ...connectionParameters,
    table_name: Type.Optional(
      Type.String({ minLength: 1, description: "Table or view to read, letter for letter. Either this or `query`" }),
    ),
    schema_name: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Schema of the table (MySQL: database). Default: the connection's own",
      }),
    ),
    query: Type.Optional(
      Type.String({
        minLength: 1,
        description: "One SELECT in the database's own SQL. Values come by `:name` from `query_parameters`",
      }),
    ),
    query_parameters: Type.Record(Type.String({ minLength: 1 }), value, {
      default: {},
      description: "Values of the `:name` places in `query` and `where`, quoted by the mod",
    }),
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: "Columns to read, in this order. Default: all",
      }),
    ),
    where: Type.Optional(Type.String({ minLength: 1, description: "Condition in the database's own SQL" })),
    pool_size: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 1000,
      description: "Most connections at a time. More than one is used with `split_column`",
    }),
    split_column: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Whole-number column by whose ranges a large table is read over several connections at once, all in one snapshot (PostgreSQL)",
      }),
    ),
    split_count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, description: "Ranges to split into. Default: `pool_size`" }),
    ),
    watermark_column: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Column that grows with time (a number, date or time). Each run reads the rows after the greatest value that the last successful run has read",
      }),
    ),
    initial_watermark: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Number()], {
        description: "The first run reads the rows after this value. Default: all rows",
      }),
    ),
    late_window: Duration({
      default: 0,
      description:
        "Rows that came late: how far to go back behind the watermark, for dates and times. They are read again",
    }),
    late_window_units: Type.Number({
      default: 0,
      minimum: 0,
      description: "The same for a watermark that is a number",
    }),
    watermark_from: boundary("Backfill: read the rows from this value on, and leave the watermark as it is"),
    watermark_to: boundary("Backfill: read the rows before this value, and leave the watermark as it is"),
    reset_watermark: Type.Boolean({
      default: false,
      description: "Forget the watermark: read everything, and keep the new one",
    }),
    state_key: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Name under which the watermark is kept. Default: made of database, table or query, and column",
      }),
    ),
    on_empty: Type.Unsafe<"ok" | "warn" | "fail">(
      Type.Union([Type.Literal("ok"), Type.Literal("warn"), Type.Literal("fail")], {
        default: "ok",
        description: "When there are no rows",
      }),
    ),
    max_retries: Type.Integer({
      default: 3,
      minimum: 0,
      maximum: 100,
      description: "New tries of a failure that may pass by itself",
    }),
  },
  // Either this or `query` is needed, which a schema of single parameters does not say.
  { examples: [{ table_name: "customers" }] },
);

/** What the mod receives. */
export type ReaderParams = Static<typeof ReaderParameters>;
