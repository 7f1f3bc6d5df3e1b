import type { Facet } from "./openlineage-types.js";
import { productVersion } from "./producer.js";

const SPECIFICATION = "https://openlineage.io/spec";

/** Schema of an event. */
export const EVENT_SCHEMA_URL = `${SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunEvent`;

/** Schema of the facet that carries what is DataPy's own; see `run-facet-schema.ts`. */
export const RUN_FACET_URL = "https://datapy.dev/schemas/run-facet.schema.json";

/** Standard facets that DataPy writes, by their key, with the version of the schema that each follows. */
const FACET_SCHEMAS = {
  columnLineage: "1-2-0/ColumnLineageDatasetFacet",
  dataSource: "1-0-1/DatasourceDatasetFacet",
  documentation: "1-1-0/DocumentationJobFacet",
  errorMessage: "1-0-1/ErrorMessageRunFacet",
  executionParameters: "1-0-0/ExecutionParametersRunFacet",
  inputStatistics: "1-0-0/InputStatisticsInputDatasetFacet",
  jobType: "2-0-4/JobTypeJobFacet",
  outputStatistics: "1-0-2/OutputStatisticsOutputDatasetFacet",
  parent: "1-2-0/ParentRunFacet",
  processing_engine: "1-1-1/ProcessingEngineRunFacet",
  schema: "1-2-0/SchemaDatasetFacet",
} as const;

/** Key of a standard facet. */
export type StandardFacet = keyof typeof FACET_SCHEMAS;

/** URI of this version of the sdk, as OpenLineage wants the producer of every facet named. */
export function producer(): string {
  return `https://datapy.dev/sdk/${productVersion()}`;
}

/** A facet of the standard, with its producer and schema. */
export function standardFacet(key: StandardFacet, content: Readonly<Record<string, unknown>>): Facet {
  const [, name] = FACET_SCHEMAS[key].split("/") as [string, string];
  return {
    _producer: producer(),
    _schemaURL: `${SPECIFICATION}/facets/${FACET_SCHEMAS[key]}.json#/$defs/${name}`,
    ...content,
  };
}

/** DataPy's own facet of a run. */
export function runFacet(content: Readonly<Record<string, unknown>>): Facet {
  return { _producer: producer(), _schemaURL: RUN_FACET_URL, ...content };
}
