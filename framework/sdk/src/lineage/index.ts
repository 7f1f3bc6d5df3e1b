export { datasetTitle, stepTitle, toMermaid } from "./to-mermaid.js";
export { traceLineage } from "./trace-lineage.js";
export type {
  ColumnTrace,
  LineageDirection,
  LineageGraph,
  LineageNode,
  LineageRequest,
  LineageStep,
} from "./lineage-types.js";
