import { hostname } from "node:os";
import type { Column, ColumnLineage } from "@datapy/mod-kit";
import type { RecordedArtifact } from "../artifacts/artifact-folder.js";
import type { ValueOrigin } from "../config/configuration-types.js";
import { artifactFacet } from "./artifact-facet.js";
import { datasetName, datasetUri } from "./dataset-name.js";
import type { LedgerInput, LedgerOutput, LedgerRunEnd, LedgerRunStart } from "./ledger-types.js";
import { EVENT_SCHEMA_URL, producer, standardFacet } from "./openlineage-facets.js";
import type { Facet, Facets, LineageDataset, LineageEventType, LineageJob, RunEvent } from "./openlineage-types.js";
import { productVersion } from "./producer.js";

/** Kinds of job that DataPy reports. */
export type JobKind = "SESSION" | "JOB" | "STEP" | "MOD";

/** A job, with what kind it is. */
export function lineageJob(namespace: string, name: string, kind: JobKind, description?: string): LineageJob {
  return {
    namespace,
    name,
    facets: {
      jobType: standardFacet("jobType", { processingType: "BATCH", integration: "DATAPY", jobType: kind }),
      ...(description === undefined ? {} : { documentation: standardFacet("documentation", { description }) }),
    },
  };
}

/** An event. */
export function runEvent(
  type: LineageEventType,
  at: Date,
  run: { readonly uuid: string; readonly facets: Facets },
  job: LineageJob,
  datasets: { readonly inputs?: readonly LineageDataset[]; readonly outputs?: readonly LineageDataset[] } = {},
): RunEvent {
  return {
    eventType: type,
    eventTime: at.toISOString(),
    producer: producer(),
    schemaURL: EVENT_SCHEMA_URL,
    run: { runId: run.uuid, facets: run.facets },
    job,
    inputs: datasets.inputs ?? [],
    outputs: datasets.outputs ?? [],
  };
}

/** Facet that says which engine ran. */
export function engineFacet(): Facet {
  const version = productVersion();
  return standardFacet("processing_engine", { name: "DataPy", version, openlineageAdapterVersion: version });
}

/** Facet that names the run that this one is a part of. */
export function parentFacet(parent: ParentRun): Facet {
  const reference = { run: { runId: parent.runId }, job: { namespace: parent.namespace, name: parent.name } };
  return standardFacet(
    "parent",
    parent.root === undefined ? { ...reference, root: reference } : { ...reference, root: parent.root },
  );
}

/** A run above another. */
export interface ParentRun {
  readonly runId: string;
  readonly namespace: string;
  readonly name: string;
  /** The topmost one; default the parent itself. */
  readonly root?: {
    readonly run: { readonly runId: string };
    readonly job: { readonly namespace: string; readonly name: string };
  };
}

/** Reads `OPENLINEAGE_PARENT_ID` (`<namespace>/<job>/<run uuid>`), by which schedulers hand their own run down. */
export function parentFromEnvironment(text: string | undefined): ParentRun | undefined {
  const found = /^(.+)\/([^/]+)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(text ?? "");
  if (found === null) return undefined;
  const [, namespace, name, runId] = found as unknown as [string, string, string, string]; // A match has all three groups.
  return { namespace, name, runId };
}

/** What DataPy's own facet says when a run starts. */
export function startContent(
  run: LedgerRunStart,
  sessionId: string,
  maskJson: <V>(value: V) => V,
): Record<string, unknown> {
  return {
    run_id: run.runId,
    session_id: sessionId,
    mod: run.mod,
    ...defined({
      version: run.version,
      package_name: run.packageName,
      package_version: run.packageVersion,
      mod_file: run.modFile,
      step: run.step,
      attempt: run.attempt,
    }),
    parameters: maskJson(run.parameters),
    provenance: maskJson(provenance(run.origins)),
    log_file: run.logFile,
    host: hostname(),
    pid: process.pid,
  };
}

function provenance(origins: ReadonlyMap<string, ValueOrigin> | undefined): Record<string, unknown> {
  const content: Record<string, unknown> = {};
  for (const [pointer, { layer, location, template }] of origins ?? []) {
    content[pointer] = {
      layer,
      ...defined({ file: location?.file, line: location?.line, column: location?.column, template }),
    };
  }
  return content;
}

/** Standard facet that a failed or canceled run carries. */
export function errorFacet(end: LedgerRunEnd, mask: (text: string) => string): Facets {
  if (end.envelope.status !== "error") return {};
  return { errorMessage: messageFacet(mask(end.envelope.errors.join("\n"))) };
}

/** Standard facet of what went wrong. */
export function messageFacet(message: string): Facet {
  return standardFacet("errorMessage", { message, programmingLanguage: "TypeScript" });
}

/** Parameters as OpenLineage's facet has them: texts. */
export function parametersFacet(parameters: Readonly<Record<string, unknown>>): Facet {
  return standardFacet("executionParameters", {
    parameters: Object.entries(parameters).map(([key, value]) => ({
      key,
      value: typeof value === "string" ? value : toJson(value ?? null),
    })),
  });
}

/** Datasets that a run reads. */
export function inputDatasets(inputs: readonly LedgerInput[] | undefined): LineageDataset[] {
  return (inputs ?? []).map((input) => ({
    ...datasetName(input.uri),
    facets: { dataSource: sourceFacet(input.uri), ...schemaFacets(input.columns) },
    inputFacets:
      input.rows === undefined && input.bytes === undefined
        ? {}
        : { inputStatistics: standardFacet("inputStatistics", defined({ rowCount: input.rows, size: input.bytes })) },
  }));
}

/** Datasets that a run wrote: its artifacts, and whatever else it says. */
export function outputDatasets(sessionId: string, runId: string, end: LedgerRunEnd): LineageDataset[] {
  return [
    ...(end.artifacts ?? []).map((one) => artifactDataset(one, artifactFacet(sessionId, runId, one))),
    ...(end.outputs ?? []).map(otherDataset),
  ];
}

function artifactDataset(artifact: RecordedArtifact, datapy: Facet): LineageDataset {
  const rows = artifact.kind === "table" ? artifact.rows : undefined;
  return {
    ...datasetName(artifact.uri),
    facets: {
      dataSource: sourceFacet(artifact.uri),
      ...(artifact.kind === "table" ? schemaFacets(artifact.columns) : {}),
      ...(artifact.kind === "table" ? lineageFacets(artifact.lineage) : {}),
      datapy,
    },
    outputFacets: {
      outputStatistics: standardFacet(
        "outputStatistics",
        defined({ rowCount: rows, size: artifact.bytes, fileCount: 1 }),
      ),
    },
  };
}

function otherDataset(output: LedgerOutput): LineageDataset {
  return {
    ...datasetName(output.uri),
    facets: {
      dataSource: sourceFacet(output.uri),
      ...schemaFacets(output.columns),
      ...lineageFacets(output.lineage),
    },
    outputFacets: {
      outputStatistics: standardFacet("outputStatistics", defined({ rowCount: output.rows, size: output.bytes })),
    },
  };
}

function schemaFacets(columns: readonly Column[] | undefined): Facets {
  if (columns === undefined) return {};
  const fields = columns.map(({ name, type }, index) => ({ name, type, ordinal_position: index + 1 }));
  return { schema: standardFacet("schema", { fields }) };
}

function sourceFacet(uri: string): Facet {
  const { namespace } = datasetName(uri);
  return standardFacet("dataSource", { name: namespace, uri: datasetUri(uri) });
}

function lineageFacets(lineage: ColumnLineage | undefined): Facets {
  if (lineage === undefined) return {};
  const fields = Object.fromEntries(
    Object.entries(lineage).map(([column, sources]) => [
      column,
      {
        inputFields: sources.map(({ uri, column: field, change = "identity" }) => ({
          ...datasetName(uri),
          field,
          transformations: [
            {
              type: "DIRECT",
              subtype: change === "masked" ? "TRANSFORMATION" : change.toUpperCase(),
              masking: change === "masked",
            },
          ],
        })),
      },
    ]),
  );
  return { columnLineage: standardFacet("columnLineage", { fields }) };
}

/** JSON text of any value that JSON can hold, whole numbers past 2^53 as text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? (Number.isSafeInteger(Number(item)) ? Number(item) : String(item)) : item,
  );
}

function defined(content: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}
