export { previewJob } from "./preview-job.js";
export type { JobPreview, PreviewedStep, PreviewedTable, PreviewRequest } from "./preview-job.js";
