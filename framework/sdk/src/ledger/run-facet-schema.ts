import { RUN_FACET_URL } from "./openlineage-facets.js";

const text = { type: "string" } as const;
const count = { type: "integer", minimum: 0 } as const;

/**
 * JSON Schema of the facet `datapy` that stands on every run of the ledger: on the session's own events (`job`), on those of a job and its
 * steps (`part`), on a run's START
 * (parameters, provenance), RUNNING (progress) and last event (envelope).
 */
export const RUN_FACET_SCHEMA = {
  $id: RUN_FACET_URL,
  title: "DataPy run facet",
  type: "object",
  properties: {
    _producer: { type: "string", format: "uri" },
    _schemaURL: { type: "string", format: "uri" },
    session_id: { type: "string", format: "uuid" },
    job: { ...text, description: "Of a session: the job file, script or mod that it is about" },
    run_id: { ...text, pattern: "^.+_[0-9a-f]{8}$", description: "Of a run: the id in its envelope" },
    mod: text,
    version: { ...text, description: "Version of the mod" },
    package_name: text,
    package_version: text,
    mod_file: { ...text, description: "File of a mod that was given by path" },
    part: { enum: ["job", "step"], description: "Of a job, or of a step of one" },
    plan_hash: { ...text, description: "Of a job: what identifies its plan" },
    status: { ...text, description: "Of a job or step that has ended" },
    step: { ...text, description: "Step of a job" },
    attempt: { type: "integer", minimum: 1 },
    parameters: { type: "object", description: "Resolved parameters, secrets masked" },
    provenance: {
      type: "object",
      description: "Where each parameter came from, by JSON pointer",
      additionalProperties: {
        type: "object",
        properties: { layer: text, file: text, line: count, column: count, template: text },
        required: ["layer"],
        additionalProperties: false,
      },
    },
    log_file: text,
    host: text,
    pid: count,
    progress: {
      type: "object",
      properties: { done: { type: "number" }, total: { type: "number" }, unit: text },
      required: ["done", "unit"],
      additionalProperties: false,
    },
    started_at: { type: "string", format: "date-time" },
    exit_code: { enum: [0, 10, 20, 30, 40, 50] },
    envelope: { type: "object", description: "The result envelope; see envelope.schema.json" },
  },
  required: ["_producer", "_schemaURL", "session_id"],
  anyOf: [{ required: ["run_id", "mod"] }, { required: ["job"] }],
  additionalProperties: false,
} as const;
