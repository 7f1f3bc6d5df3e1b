import { ByteSize, Duration, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";

const parameters = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
  description: "Parameters of the mod. They override the project's mod_defaults and the job's globals",
});

/** Names that references can hold: `${mods.ID.artifacts.KEY}`. */
const STEP_ID = "^[A-Za-z_][A-Za-z0-9_-]*$";

const Retries = Type.Object(
  {
    max: Type.Integer({ minimum: 0, description: "How often the step is tried again after its first failure" }),
    backoff: Type.Optional(
      Type.Union(
        [
          Duration(),
          Type.Object(
            {
              initial: Duration({ description: "Wait before the first retry" }),
              factor: Type.Optional(
                Type.Number({ minimum: 1, default: 2, description: "Each wait is this many times the one before" }),
              ),
              max: Type.Optional(Duration({ description: "Longest wait" })),
            },
            { additionalProperties: false },
          ),
        ],
        {
          description:
            "Wait between tries: a fixed time, or one that grows. Default: 1 s, doubled each time, 60 s at most",
        },
      ),
    ),
    on: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description:
          "Error codes (`DATAPY_TIMEOUT`, a mod's own), or `retryable` for every error that says so of itself. Default: every failure with exit code 30 or 40",
      }),
    ),
  },
  { additionalProperties: false, description: "When and how often a failed step is tried again" },
);

const Foreach = Type.Union(
  [
    Type.Array(Type.Unknown(), { description: "The items themselves" }),
    Type.String({ minLength: 1, description: "A reference to a list" }),
    Type.Object(
      { glob: Type.String({ minLength: 1, description: "Files; a relative path is taken from base_path" }) },
      { additionalProperties: false },
    ),
    Type.Object(
      { rows: Type.String({ minLength: 1, description: "A table artifact; each of its rows is an item" }) },
      { additionalProperties: false },
    ),
  ],
  { description: "Runs the step once for each item, which `${item}` (or `${item.column}`) gives" },
);

const stepFields = {
  id: Type.String({ pattern: STEP_ID, description: "Name of the step, one of its own in the job" }),
  mod: Type.Optional(
    Type.String({ minLength: 1, description: "Mod that the step runs: a name, a package, or a path" }),
  ),
  job: Type.Optional(
    Type.String({
      minLength: 1,
      description: "Job file that the step runs instead of a mod; a relative path is taken from this file",
    }),
  ),
  description: Type.Optional(Type.String()),
  params: Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description:
        "Parameters of the mod, over the project's mod_defaults and the job's globals. Of a job: globals over its own",
    }),
  ),
  needs: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String(), { uniqueItems: true })], {
      description: "Steps that must have finished before. Steps that are referred to are added by themselves",
    }),
  ),
  when: Type.Optional(
    Type.Union([Type.Boolean(), Type.String()], {
      description:
        "Condition; the step is skipped where it is not met: ${mods.read.metrics.rows_output} > 0, ${globals.mode} == 'full', failed(load). With succeeded(), failed() or skipped() in it, a failed step that it needs does not skip it",
    }),
  ),
  always: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        "Runs also after a failure or cancellation, to clean up; after everything else where it needs nothing",
    }),
  ),
  retries: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Retries], { description: "How often a failed step is tried again" }),
  ),
  timeout: Type.Optional(Duration({ description: "Time that one try of the step may take" })),
  on_error: Type.Optional(
    Type.Union([Type.Literal("fail"), Type.Literal("continue"), Type.Literal("skip_dependents")], {
      default: "skip_dependents",
      description:
        "What a failure of the step means. skip_dependents: steps that need it are skipped, others run on; fail: nothing new starts; continue: the job goes on as if nothing had happened, and ends with a warning",
    }),
  ),
  foreach: Type.Optional(Foreach),
  concurrency: Type.Optional(
    Type.Integer({ minimum: 1, default: 1, description: "Items of `foreach` that run at once" }),
  ),
  cache: Type.Optional(
    Type.Union(
      [
        Type.Boolean(),
        Type.Object(
          { max_age: Duration({ description: "Age past which a result is made anew" }) },
          { additionalProperties: false },
        ),
      ],
      {
        default: false,
        description: "Reuses the artifacts of an earlier run with the same mod version, parameters and inputs",
      },
    ),
  ),
  isolate: Type.Optional(Type.Boolean({ default: false, description: "Runs the step in a process of its own" })),
  memory_limit: Type.Optional(
    ByteSize({
      description: "Memory that the step may use; it then runs in a process of its own, which is ended past that",
    }),
  ),
  tags: Type.Optional(Type.Array(Type.String(), { description: "Words to select steps by" })),
};

/** A step of the graph form. Either `mod` or `job` says what it runs. */
export const StepSchema = Type.Object(stepFields, { additionalProperties: false, description: "One step of the job" });

/**
 * A job file: the specification's simple form (`globals:` and `mods:`, which run in file order) and the graph form (`steps:`). One
 * schema for lint, planner and editors. A job has either `mods` or `steps`, which a JSON Schema says less clearly than lint does. Keys
 * that begin with `x-` are the file's own: a place for what `&anchors` name.
 */
export const JobSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, description: "Name of the job; default the file's" })),
    description: Type.Optional(Type.String()),
    owner: Type.Optional(Type.String({ description: "Who answers for the job" })),
    tags: Type.Optional(Type.Array(Type.String())),
    schedule: Type.Optional(
      Type.Union(
        [
          Type.String({ minLength: 1 }),
          Type.Object(
            { cron: Type.String({ minLength: 1 }), timezone: Type.Optional(Type.String({ minLength: 1 })) },
            { additionalProperties: false },
          ),
        ],
        { description: "When a scheduler that `datapy export` writes for starts the job: a cron expression" },
      ),
    ),
    timeout: Type.Optional(Duration({ description: "Time that the whole job may take" })),
    max_parallel: Type.Optional(
      Type.Integer({ minimum: 1, description: "Steps that run at once; default the number of processors" }),
    ),
    on_overlap: Type.Optional(
      Type.Union([Type.Literal("refuse"), Type.Literal("wait"), Type.Literal("allow")], {
        default: "refuse",
        description: "What happens where the job is running already",
      }),
    ),
    globals: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
        description: "Values for every mod that has a parameter of the name, and for references: ${globals.NAME}",
      }),
    ),
    params: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
        description: "Parameters of a script that the file is given to with `run-script -p`",
      }),
    ),
    mods: Type.Optional(
      Type.Union([Type.Record(Type.String(), parameters), Type.Null()], {
        description:
          "Simple form: mods with their parameters, run in this order; the table of one feeds input_artifact of the next",
      }),
    ),
    steps: Type.Optional(
      Type.Array(StepSchema, { description: "Graph form: steps, which run as soon as what they need has finished" }),
    ),
  },
  {
    $id: "urn:datapy:schema:job",
    title: "DataPy job",
    additionalProperties: false,
    patternProperties: { "^x-": {} },
  },
);

/** A job file, as written. */
export type JobFile = Static<typeof JobSchema>;
/** A step of a job file's graph form, as written. */
export type JobStep = Static<typeof StepSchema>;
