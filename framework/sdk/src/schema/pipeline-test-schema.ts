import { Duration, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";

const anything = Type.Unknown();
const named = Type.Record(Type.String(), anything);
const texts = Type.Union([Type.String(), Type.Array(Type.String())]);

const rows = Type.Optional(
  Type.Array(Type.Record(Type.String(), anything), { description: "Rows, each a mapping of its columns" }),
);
const columnTypes = Type.Optional(
  Type.Record(Type.String(), Type.String(), {
    description: "DuckDB types by column. Default: as the values look; of a CSV file text",
  }),
);

const TableSchema = Type.Object(
  {
    rows,
    file: Type.Optional(
      Type.String({ minLength: 1, description: "CSV or Parquet file, relative to the file of the test" }),
    ),
    columns: columnTypes,
  },
  { additionalProperties: false, description: "A table: `rows`, or a `file`" },
);

const MockSchema = Type.Object(
  {
    rows,
    file: Type.Optional(Type.String({ minLength: 1, description: "CSV or Parquet file of the artifact output_data" })),
    columns: columnTypes,
    artifacts: Type.Optional(
      Type.Record(Type.String(), TableSchema, { description: "Further tables that the step makes, by key" }),
    ),
    metrics: Type.Optional(named),
    globals: Type.Optional(named),
    warnings: Type.Optional(texts),
    errors: Type.Optional(Type.Union([texts], { description: "The step fails with these" })),
    exit_code: Type.Optional(Type.Integer({ minimum: 20, description: "With `errors`; default 30" })),
  },
  { additionalProperties: false, description: "What a step gives instead of being run" },
);

const tableExpectations = {
  rows: Type.Optional(
    Type.Array(Type.Record(Type.String(), anything), {
      description: "All rows. Of each, the columns that are named are compared; in any order unless `ordered`",
    }),
  ),
  ordered: Type.Optional(Type.Boolean({ default: false, description: "Whether rows must come in this order" })),
  row_count: Type.Optional(Type.Integer({ minimum: 0 })),
  columns: Type.Optional(
    Type.Union([
      Type.Array(Type.String(), { description: "Names of all columns, in order" }),
      Type.Record(Type.String(), Type.String(), { description: "Names and DuckDB types of all columns" }),
    ]),
  ),
  golden: Type.Optional(
    Type.String({
      minLength: 1,
      description: "CSV file with the whole table, relative to the file of the test; `datapy test --update` writes it",
    }),
  ),
};

const TableExpectationSchema = Type.Object(tableExpectations, { additionalProperties: false });

const resultExpectations = {
  status: Type.Optional(
    Type.Union([Type.Literal("success"), Type.Literal("warning"), Type.Literal("error"), Type.Literal("skipped")]),
  ),
  exit_code: Type.Optional(Type.Integer({ minimum: 0 })),
  errors: Type.Optional(
    Type.Union([texts], { description: "Texts or codes, each of which one of the errors must hold" }),
  ),
  warnings: Type.Optional(texts),
  metrics: Type.Optional(named),
  globals: Type.Optional(named),
  ...tableExpectations,
  quarantine: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), TableExpectationSchema], {
      description: "Rows that were set aside: how many, or which",
    }),
  ),
  artifacts: Type.Optional(Type.Record(Type.String(), TableExpectationSchema, { description: "Other tables, by key" })),
};

const ResultExpectationSchema = Type.Object(resultExpectations, { additionalProperties: false });

const CaseSchema = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    skip: Type.Optional(Type.String({ description: "Why the test is not run at present" })),
    timeout: Type.Optional(Duration({ description: "Time that it may take; default 60s" })),
    files: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Union([
          Type.String(),
          Type.Object({ copy: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
        ]),
        {
          description:
            "Files in the folder of the test: their text, or a file to copy, relative to the file of the test",
        },
      ),
    ),
    input: Type.Optional(
      Type.Union([TableSchema], { description: "Table that the mod gets as its input_artifact; for a test of a mod" }),
    ),
    params: Type.Optional(Type.Union([named], { description: "Parameters; for a test of a mod" })),
    globals: Type.Optional(named),
    set: Type.Optional(
      Type.Record(Type.String(), anything, {
        description: "As --set: `mods.csv_reader.delimiter` of a step, `globals.name`",
      }),
    ),
    environment: Type.Optional(Type.String({ description: "As --env" })),
    env: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]), {
        description: "Environment variables",
      }),
    ),
    select: Type.Optional(Type.Union([texts], { description: "As --select; for a test of a job" })),
    mocks: Type.Optional(
      Type.Record(Type.String(), Type.Union([MockSchema, Type.Null()]), {
        description: "Steps that are not run, by id or mod, and what they give instead; nothing: an empty success",
      }),
    ),
    expect: Type.Object(
      {
        ...resultExpectations,
        steps: Type.Optional(
          Type.Record(Type.String(), ResultExpectationSchema, { description: "By step; for a test of a job" }),
        ),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false, description: "One test, run in a process and a folder of its own" },
);

/** `*.test.yaml`: tests of a job or a mod. */
export const PipelineTestSchema = Type.Object(
  {
    job: Type.Optional(
      Type.String({ minLength: 1, description: "Job file, relative to this file. Either this or `mod`" }),
    ),
    mod: Type.Optional(Type.String({ minLength: 1, description: "Mod: a name, a package, or a path" })),
    description: Type.Optional(Type.String()),
    tests: Type.Array(CaseSchema, { description: "The tests" }),
  },
  { $id: "urn:datapy:schema:test", title: "DataPy pipeline tests", additionalProperties: false },
);

/** A file of tests, as written. */
export type PipelineTestFile = Static<typeof PipelineTestSchema>;
/** One test, as written. */
export type PipelineTest = Static<typeof CaseSchema>;
/** A table of a test. */
export type TestTable = Static<typeof TableSchema>;
/** What a step gives instead of being run. */
export type StepMock = Static<typeof MockSchema>;
/** What is expected of a table. */
export type TableExpectation = Static<typeof TableExpectationSchema>;
/** What is expected of a run or a step. */
export type ResultExpectation = Static<typeof ResultExpectationSchema>;
