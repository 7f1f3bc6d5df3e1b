import { modKit } from "./packages.mjs";
import { code, page, table } from "./markdown.mjs";

const json = (value) => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;

/** The JSON Schemas as they are published, by name: TypeBox's own marks are symbols, which JSON leaves out. */
export function envelopeSchemas() {
  const { EnvelopeSchema, JobEnvelopeSchema, ScriptEnvelopeSchema } = modKit();
  const schemas = {
    envelope: EnvelopeSchema,
    "job-envelope": JobEnvelopeSchema,
    "script-envelope": ScriptEnvelopeSchema,
  };
  return Object.entries(schemas).map(([name, schema]) => [
    name,
    `${JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", ...schema }, null, 2)}\n`,
  ]);
}

/** A table of the keys of an object. */
function keysOf(schema) {
  const required = new Set(schema.required);
  return table(
    ["Key", "Type", "", "Meaning"],
    Object.entries(schema.properties).map(([key, one]) => [
      code(key),
      typeOf(one),
      required.has(key) ? "always" : "",
      one.description,
    ]),
  );
}

function typeOf(schema) {
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
  return schema.type === "string" ? "text" : schema.type;
}

const LOGS = {
  log_file: "/logs/etl/daily_customer_etl_20240812_143022.log",
  session_id: "0b9cbb2e-9f5c-4a1e-8c8e-4b8f7a0d2c11",
  run_id: "csv-reader_0a1b2c3d",
};

export async function envelopePage() {
  const [success, failure] = modKit().EnvelopeSchema.anyOf;
  const rows = [...new Set([...Object.keys(success.properties), ...Object.keys(failure.properties)])].map((key) => {
    const [inSuccess, inFailure] = [success.properties[key], failure.properties[key]];
    const types = [...new Set([inSuccess, inFailure].filter((one) => one !== undefined).map(typeOf))].join(" or ");
    return [
      code(key),
      types,
      inSuccess === undefined ? "–" : key === "errors" ? "always empty" : "✓",
      inFailure === undefined ? "–" : "✓",
      inFailure?.description && key === "errors" ? inFailure.description : (inSuccess ?? inFailure).description,
    ];
  });
  const { logs } = success.properties;
  return page(
    "The result envelope",
    "Every run ends with one JSON object, the same in every interface: on stdout of `datapy run-mod`, as what `runMod` returns in a script, " +
      "and in the run ledger. On a terminal it is indented, otherwise it is one line. Its JSON Schema is published as " +
      "`@datapy/mod-kit/schemas/envelope.schema.json`; it has the keys below and no others.",
    table(["Key", "Type", "success, warning", "error", "Meaning"], rows),
    "`logs` holds:",
    table(
      ["Key", "Meaning"],
      Object.entries(logs.properties).map(([key, schema]) => [code(key), schema.description]),
    ),
    "## A run that did its work",
    "`status` is `success` (exit code 0), or `warning` (exit code 10) when there is something in `warnings`.",
    json({
      status: "warning",
      execution_time: 2.34,
      metrics: { rows_read: 10000, rows_output: 9876, rows_rejected: 124, memory_used_mb: 45.2 },
      artifacts: { output_data: "/data/processed/customers_clean.parquet" },
      globals: { batch_id: "BATCH_20240812_001" },
      warnings: ["124 rows were set aside"],
      errors: [],
      logs: LOGS,
    }),
    "## A run that failed",
    "`exit_code` is that of the process: 20, 30, 40 or 50. See [exit codes](exit-codes.md) and [errors](errors.md).",
    json({
      status: "error",
      execution_time: 0.5,
      errors: [
        "DATAPY_TIMEOUT: csv-reader did not finish within 5s. Raise --timeout, or look at the log for what it was doing.",
      ],
      exit_code: 40,
      globals: {},
      logs: LOGS,
    }),
    "## A job",
    "`datapy run-job` and `runJob` give the keys above and one more, `steps`: every step of the job, in the order in which they ended. `artifacts` of " +
      "the job are those of its steps, under `STEP.KEY` (`STEP.KEY[0]` and so on with `foreach`); `metrics` counts steps. The schema is published as " +
      "`@datapy/mod-kit/schemas/job-envelope.schema.json`.",
    keysOf(modKit().JobEnvelopeSchema.anyOf[0].properties.steps.items),
    "## A script",
    "`datapy run-script` gives one more key, `runs`: every run of the script, in the order in which they ended. The schema is published as " +
      "`@datapy/mod-kit/schemas/script-envelope.schema.json`.",
    keysOf(modKit().ScriptEnvelopeSchema.anyOf[0].properties.runs.items),
  );
}
