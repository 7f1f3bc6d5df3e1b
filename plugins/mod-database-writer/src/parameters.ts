import { Artifact, Secret, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";
import { connectionParameters } from "@datapy/database";

const choice = <const Values extends readonly string[]>(
  values: Values,
  options: { default?: Values[number]; description: string },
) =>
  Type.Unsafe<Values[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      options,
    ),
  );

/** Parameters of the database writer. */
export const WriterParameters = Type.Object({
  input_artifact: Artifact({ description: "Table to write" }),
  table_name: Type.String({
    minLength: 1,
    examples: ["customers"],
    description: "Table to write into, letter for letter",
  }),
  schema_name: Type.Optional(
    Type.String({ minLength: 1, description: "Schema of the table (MySQL: database). Default: the connection's own" }),
  ),
  ...connectionParameters,
  // A project names its database once: what it gives the reader is the writer's too.
  connection_string: Type.Optional(
    Secret({
      description: `${String(connectionParameters.connection_string.description).replace(/ Default: .*/, "")} Default: the one that the project gives \`database_reader\`, else the project's DuckDB file`,
      "x-datapy-inherits": { mods: ["database-reader"], unless: ["database_type", "host", "socket_path", "database"] },
    }),
  ),
  pool_size: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 1000,
    description: "Most connections at a time. One load is one transaction and takes one",
  }),
  max_retries: Type.Integer({
    default: 3,
    minimum: 0,
    maximum: 100,
    description: "New tries of the whole load after a failure that may pass by itself",
  }),
  write_mode: choice(["append", "replace", "truncate", "upsert"], {
    default: "append",
    description:
      "`append` adds rows; `truncate` empties the table first and keeps its definition; `replace` also gives it the input's columns; `upsert` updates rows with the same `key_columns` and adds the others",
  }),
  key_columns: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "Columns that name a row, for `upsert` and `history`",
  }),
  on_duplicate_key: choice(["fail", "last"], {
    default: "fail",
    description: "When the input has a key twice: fail, or keep the last row",
  }),
  delete_flag_column: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "Input column that says whether a row is to be deleted (true, 1, y, d, delete). Not written itself. With `upsert`",
    }),
  ),
  history: choice(["none", "scd2"], {
    default: "none",
    description: "`scd2` keeps old versions of changed rows, with the time that they held. With `upsert`",
  }),
  valid_from_column: Type.String({
    default: "valid_from",
    minLength: 1,
    description: "Column of the time from which a version holds",
  }),
  valid_to_column: Type.String({
    default: "valid_to",
    minLength: 1,
    description: "Column of the time at which a version ended; NULL while it holds",
  }),
  current_flag_column: Type.String({
    default: "is_current",
    minLength: 1,
    description: "Column that is true for the version that holds",
  }),
  effective_at: Type.Optional(
    Type.String({ minLength: 1, description: "Time of the change for `history`, ISO 8601. Default: now" }),
  ),
  columns: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: "Input columns to write. Default: all" }),
  ),
  create_table: Type.Boolean({ default: true, description: "Create the table when it is missing" }),
  schema_evolution: choice(["freeze", "evolve", "discard_columns"], {
    default: "freeze",
    description:
      "Columns that the table lacks, or whose type is too narrow: `freeze` fails, `evolve` adds and widens them, `discard_columns` leaves out what is lacking",
  }),
  on_bad_row: choice(["fail", "quarantine"], {
    default: "fail",
    description:
      "Rows that the database refuses: fail, or set them aside in the artifact `quarantine`, with the database's reason",
  }),
  max_bad_rows: Type.Optional(Type.Integer({ minimum: 0, description: "Most rows that may be set aside" })),
  max_bad_fraction: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: "Largest fraction of the rows that may be set aside" }),
  ),
  on_empty: choice(["ok", "warn", "fail"], { default: "warn", description: "When the input has no rows" }),
  batch_size: Type.Integer({
    default: 10_000,
    minimum: 1,
    description: "Rows a statement where rows are tried in batches to tell bad ones from good ones",
  }),
  pre_sql: Type.Optional(Type.String({ minLength: 1, description: "SQL to run first, in the same transaction" })),
  post_sql: Type.Optional(
    Type.String({ minLength: 1, description: "SQL to run after the rows, in the same transaction" }),
  ),
  load_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "Name of this load. A load that was committed under it is not done again. Default: the run id",
    }),
  ),
  ledger_table: Type.String({
    default: "_datapy_loads",
    minLength: 1,
    description: "Table beside the target in which every load is noted, in its transaction",
  }),
});

/** What the mod receives. */
export type WriterParams = Static<typeof WriterParameters>;
