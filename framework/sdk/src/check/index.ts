export { checkJob } from "./check-job.js";
export type { CheckRequest, JobCheck, StepCheck } from "./check-job.js";
