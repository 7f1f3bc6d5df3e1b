export { exportJob } from "./export-job.js";
export { SCHEDULERS } from "./exported-job.js";
export type { ExportedDefinitions, ExportedFile, ExportRequest, Scheduler } from "./exported-job.js";
