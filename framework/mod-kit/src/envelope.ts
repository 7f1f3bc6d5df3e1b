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

/** Envelope of a run that did its work, with or without warnings. */
export type SuccessEnvelope = Static<typeof Success>;
/** Envelope of a run that failed. */
export type ErrorEnvelope = Static<typeof Failure>;
/** The one result of every run, in every interface. */
export type Envelope = SuccessEnvelope | ErrorEnvelope;
/** Where to read more about a run. */
export type EnvelopeLogs = Static<typeof Logs>;
