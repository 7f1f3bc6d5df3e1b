import { Type } from "./typebox.js";
import type { Static } from "@sinclair/typebox";

/** Exit codes of every command. These six and no others. */
export const EXIT_CODES = {
  success: 0,
  warning: 10,
  validation: 20,
  runtime: 30,
  timeout: 40,
  canceled: 50,
} as const;

/** One of the six exit codes. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** An exit code that an error may carry. */
export type ErrorExitCode = 20 | 30 | 40 | 50;

const UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

const Logs = Type.Object(
  {
    log_file: Type.String({ description: "Log file of the session; empty when no file could be written" }),
    session_id: Type.String({ pattern: UUID, description: "UUID, one for all runs of one invocation" }),
    run_id: Type.String({ pattern: "^.+_[0-9a-f]{8}$", description: "`<mod>_<8 hex>`" }),
  },
  { additionalProperties: false, description: "Where to read more about the run" },
);

const executionTime = Type.Number({ minimum: 0, description: "Wall time of the run in seconds" });
const globals = Type.Record(Type.String(), Type.Unknown(), { description: "Shared state for later mods" });

const Success = Type.Object(
  {
    status: Type.Union([Type.Literal("success"), Type.Literal("warning")], {
      description: "How it ended; `warning` is a success with something to say",
    }),
    execution_time: executionTime,
    metrics: Type.Record(Type.String(), Type.Unknown(), { description: "Measurements by name" }),
    artifacts: Type.Record(Type.String(), Type.String(), { description: "Paths or URIs of what was made, by key" }),
    globals,
    warnings: Type.Array(Type.String(), { description: "What is worth a look although the work is done" }),
    errors: Type.Array(Type.String(), { maxItems: 0, description: "Always empty" }),
    logs: Logs,
  },
  { additionalProperties: false },
);

const Failure = Type.Object(
  {
    status: Type.Literal("error"),
    execution_time: executionTime,
    errors: Type.Array(Type.String(), {
      minItems: 1,
      description: "What went wrong, where, why and what to do; one entry a fault",
    }),
    exit_code: Type.Union([Type.Literal(20), Type.Literal(30), Type.Literal(40), Type.Literal(50)], {
      description: "Exit code of the process",
    }),
    globals,
    logs: Logs,
  },
  { additionalProperties: false },
);

/** JSON Schema of the result envelope, as specified. Published as `@datapy/mod-kit/schemas/envelope.schema.json`. */
export const EnvelopeSchema = Type.Union([Success, Failure], {
  $id: "urn:datapy:schema:envelope",
  title: "DataPy result envelope",
});

const exitCode = Type.Union(
  [Type.Literal(0), Type.Literal(10), Type.Literal(20), Type.Literal(30), Type.Literal(40), Type.Literal(50)],
  { description: "Exit code; absent for a step that was skipped" },
);

const Step = Type.Object(
  {
    step: Type.String({ description: "Where it stands: `load`; `reports.load` for a step of a job that a step runs" }),
    mod: Type.Optional(Type.String({ description: "Mod that it ran" })),
    version: Type.Optional(Type.String({ description: "Version of the mod" })),
    job: Type.Optional(Type.String({ description: "File of the job that it ran" })),
    run_id: Type.Optional(Type.String({ description: "Id of its run, the same for all tries" })),
    status: Type.Union(
      [Type.Literal("success"), Type.Literal("warning"), Type.Literal("error"), Type.Literal("skipped")],
      { description: "How it ended" },
    ),
    exit_code: Type.Optional(exitCode),
    execution_time: Type.Number({ minimum: 0, description: "Wall time of its last try in seconds" }),
    attempts: Type.Optional(Type.Integer({ minimum: 1, description: "Tries, where it took more than one" })),
    reused: Type.Optional(
      Type.Union([Type.Literal("resume"), Type.Literal("cache")], {
        description: "Its result is that of an earlier invocation of the session, or from the cache",
      }),
    ),
    reason: Type.Optional(Type.String({ description: "Why it was skipped" })),
    items: Type.Optional(
      Type.Object(
        { total: Type.Integer(), failed: Type.Integer(), reused: Type.Integer() },
        { additionalProperties: false, description: "Of a step with `foreach`" },
      ),
    ),
    metrics: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "Measurements by name" })),
    artifacts: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "Paths or URIs of what was made, by key; lists of them with `foreach`",
      }),
    ),
    warnings: Type.Optional(Type.Array(Type.String(), { description: "What is worth a look" })),
    errors: Type.Array(Type.String(), { description: "What went wrong" }),
  },
  { additionalProperties: false },
);
const steps = Type.Array(Step, { description: "Every step, in the order in which they ended" });

const RunLine = Type.Object(
  {
    mod: Type.String({ description: "Mod that was run" }),
    version: Type.String({ description: "Version of the mod" }),
    run_id: Type.String({ description: "Id of the run" }),
    status: Type.Union([Type.Literal("success"), Type.Literal("warning"), Type.Literal("error")], {
      description: "How it ended",
    }),
    exit_code: exitCode,
    execution_time: Type.Number({ minimum: 0, description: "Wall time in seconds" }),
    errors: Type.Array(Type.String(), { description: "What went wrong" }),
  },
  { additionalProperties: false },
);
const runs = Type.Array(RunLine, { description: "Every run of the script, in the order in which they ended" });

/** JSON Schema of the envelope of a job: the specification's keys, and `steps`. Published as `@datapy/mod-kit/schemas/job-envelope.schema.json`. */
export const JobEnvelopeSchema = Type.Union(
  [
    Type.Object({ ...Success.properties, steps }, { additionalProperties: false }),
    Type.Object({ ...Failure.properties, steps }, { additionalProperties: false }),
  ],
  { $id: "urn:datapy:schema:job-envelope", title: "DataPy result envelope of a job" },
);

/** JSON Schema of the envelope of a script: the specification's keys, and `runs`. Published as `@datapy/mod-kit/schemas/script-envelope.schema.json`. */
export const ScriptEnvelopeSchema = Type.Union(
  [
    Type.Object({ ...Success.properties, runs }, { additionalProperties: false }),
    Type.Object({ ...Failure.properties, runs }, { additionalProperties: false }),
  ],
  { $id: "urn:datapy:schema:script-envelope", title: "DataPy result envelope of a script" },
);

/** Envelope of a run that did its work, with or without warnings. */
export type SuccessEnvelope = Static<typeof Success>;
/** Envelope of a run that failed. */
export type ErrorEnvelope = Static<typeof Failure>;
/** The one result of every run, in every interface. */
export type Envelope = SuccessEnvelope | ErrorEnvelope;
/** Where to read more about a run. */
export type EnvelopeLogs = Static<typeof Logs>;
