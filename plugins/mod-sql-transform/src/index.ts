export { sqlTransform as default } from "./sql-transform.js";
export { deriveLineage } from "./lineage/derive-lineage.js";
export type { DerivedLineage, LineageInput } from "./lineage/derive-lineage.js";
