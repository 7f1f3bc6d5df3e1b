import { Ajv2020 } from "ajv/dist/2020.js";
import { ARTIFACT_FACET_SCHEMA } from "../../src/ledger/artifact-facet.js";
import { RUN_FACET_SCHEMA } from "../../src/ledger/run-facet-schema.js";

/**
 * What OpenLineage 2-0-2 asks of the events and facets that DataPy writes, in our own words: its published schemas belong to that
 * project and are not part of this repository. `benchmarks/ledger/validate-openlineage.mjs` holds a ledger to the published ones.
 * Every object is closed here, so that a misspelt key is found, which the published schemas let pass.
 */
type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
const uri: Schema = { type: "string", format: "uri" };
const whole: Schema = { type: "integer" };
const closed = (properties: Record<string, Schema>, required: readonly string[]): Schema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

/** A standard facet under its key: `properties`, and the version of its schema that is written. */
function facet(schema: string, properties: Record<string, Schema>, required: readonly string[]): Schema {
  const [, name = ""] = schema.split("/");
  const schemaUrl = { const: `https://openlineage.io/spec/facets/${schema}.json#/$defs/${name}` };
  return closed({ _producer: uri, _schemaURL: schemaUrl, ...properties }, ["_producer", "_schemaURL", ...required]);
}

const runReference = closed({ runId: { type: "string", format: "uuid" } }, ["runId"]);
const jobReference = closed({ namespace: text, name: text }, ["namespace", "name"]);
const statistics = { rowCount: whole, size: whole, fileCount: whole };
const inputField = closed(
  {
    namespace: text,
    name: text,
    field: text,
    transformations: {
      type: "array",
      items: closed({ type: { enum: ["DIRECT", "INDIRECT"] }, subtype: text, masking: { type: "boolean" } }, ["type"]),
    },
  },
  ["namespace", "name", "field"],
);

const RUN_FACETS: Record<string, Schema> = {
  datapy: { $ref: RUN_FACET_SCHEMA.$id },
  errorMessage: facet("1-0-1/ErrorMessageRunFacet", { message: text, programmingLanguage: text, stackTrace: text }, [
    "message",
    "programmingLanguage",
  ]),
  executionParameters: facet(
    "1-0-0/ExecutionParametersRunFacet",
    { parameters: { type: "array", items: closed({ key: text, value: text }, ["key"]) } },
    ["parameters"],
  ),
  parent: facet(
    "1-2-0/ParentRunFacet",
    { run: runReference, job: jobReference, root: closed({ run: runReference, job: jobReference }, ["run", "job"]) },
    ["run", "job"],
  ),
  processing_engine: facet(
    "1-1-1/ProcessingEngineRunFacet",
    { version: text, name: text, openlineageAdapterVersion: text },
    ["version"],
  ),
};

const JOB_FACETS: Record<string, Schema> = {
  documentation: facet("1-1-0/DocumentationJobFacet", { description: text }, ["description"]),
  jobType: facet("2-0-4/JobTypeJobFacet", { processingType: { enum: ["BATCH"] }, integration: text, jobType: text }, [
    "processingType",
    "integration",
  ]),
};

const DATASET_FACETS: Record<string, Schema> = {
  columnLineage: facet(
    "1-2-0/ColumnLineageDatasetFacet",
    {
      fields: {
        type: "object",
        additionalProperties: closed({ inputFields: { type: "array", items: inputField } }, ["inputFields"]),
      },
    },
    ["fields"],
  ),
  datapy: { $ref: ARTIFACT_FACET_SCHEMA.$id },
  dataSource: facet("1-0-1/DatasourceDatasetFacet", { name: text, uri }, []),
  schema: facet(
    "1-2-0/SchemaDatasetFacet",
    {
      fields: {
        type: "array",
        items: closed({ name: text, type: text, ordinal_position: { type: "integer", minimum: 1 } }, ["name"]),
      },
    },
    [],
  ),
};

const dataset = (more: Record<string, Schema>): Schema =>
  closed({ namespace: text, name: { type: "string", minLength: 1 }, facets: closed(DATASET_FACETS, []), ...more }, [
    "namespace",
    "name",
  ]);

const EVENT: Schema = closed(
  {
    eventType: { enum: ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL"] },
    eventTime: { type: "string", format: "date-time" },
    producer: uri,
    schemaURL: { const: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent" },
    run: closed({ runId: { type: "string", format: "uuid" }, facets: closed(RUN_FACETS, ["datapy"]) }, ["runId"]),
    job: closed({ namespace: text, name: text, facets: closed(JOB_FACETS, []) }, ["namespace", "name"]),
    inputs: {
      type: "array",
      items: dataset({
        inputFacets: closed({ inputStatistics: facet("1-0-0/InputStatisticsInputDatasetFacet", statistics, []) }, []),
      }),
    },
    outputs: {
      type: "array",
      items: dataset({
        outputFacets: closed(
          { outputStatistics: facet("1-0-2/OutputStatisticsOutputDatasetFacet", statistics, []) },
          [],
        ),
      }),
    },
  },
  ["eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"],
);

const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addFormat("uuid", /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
ajv.addFormat("uri", { type: "string", validate: (value: string) => URL.canParse(value) });
ajv.addSchema(RUN_FACET_SCHEMA);
ajv.addSchema(ARTIFACT_FACET_SCHEMA);
const validate = ajv.compile(EVENT);

/** What is wrong with an event; empty when nothing is. */
export function contractFaults(event: unknown): string[] {
  return validate(event)
    ? []
    : (validate.errors ?? []).map(
        (error) => `${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)}`,
      );
}
