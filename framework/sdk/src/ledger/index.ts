export { ARTIFACT_FACET_SCHEMA } from "./artifact-facet.js";
export type { ArtifactFacet } from "./artifact-facet.js";
export { RUN_FACET_SCHEMA } from "./run-facet-schema.js";
export { datasetName, datasetUri } from "./dataset-name.js";
export type { DatasetName } from "./dataset-name.js";
export { openLedger } from "./ledger.js";
export { ledgerRoot } from "./ledger-files.js";
export { pruneLedger } from "./ledger-prune.js";
export type { PruneReport } from "./ledger-prune.js";
export type {
  Ledger,
  LedgerInput,
  LedgerOptions,
  LedgerOutput,
  LedgerPart,
  LedgerPartEnd,
  LedgerProgress,
  LedgerRunEnd,
  LedgerRunStart,
} from "./ledger-types.js";
export type { Facet, Facets, LineageDataset, LineageJob, RunEvent } from "./openlineage-types.js";
export { datasetLabel } from "./lineage-line.js";
export type { ColumnChange, ColumnReference, LineageLine, WrittenDataset } from "./lineage-line.js";
export { listLineage } from "./lineage-list.js";
export { listRuns } from "./run-list.js";
export type { RunFilter } from "./run-list.js";
export { readRunLog } from "./run-logs.js";
export type { LogRequest } from "./run-logs.js";
export { resolveRunId } from "./run-record.js";
export type { ParameterPlace, ResolvedRunId, RunRecord } from "./run-record.js";
export type { RunStatus, RunSummary } from "./run-summary.js";
export { parseSince } from "./since.js";
