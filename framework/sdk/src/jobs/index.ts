export { planAsMermaid } from "./plan/mermaid.js";
export type {
  OnError,
  Plan,
  PlanEdge,
  PlanJob,
  PlanMod,
  PlanOrigin,
  PlanRetries,
  PlanSettings,
  PlanStep,
} from "./plan/plan-types.js";
export { planJobFile } from "./plan-file.js";
export type { PlanFileRequest } from "./plan-file.js";
export type { Selection } from "./plan/select-steps.js";
export { canonicalJson, hashOf } from "./plan/canonical-json.js";
export type {
  ConfigurationSnapshot,
  EngineHost,
  JobEngine,
  JobEnvironment,
  OpenEngine,
  StepTask,
  TaskArtifact,
  TaskControls,
  TaskFailure,
  TaskResult,
  TaskSession,
} from "./engine/engine-types.js";
export { localEngine } from "./engine/local-engine.js";
export { executeJob } from "./execute-job.js";
export type { JobEnvelope, JobRequest, JobRun } from "./run-job-types.js";
export type { StepSummary } from "./engine/step-ending.js";
export { bundleSession } from "./resume/session-archive.js";
export type { SessionArchive } from "./resume/session-archive.js";
export { engineConformance } from "./engine/engine-conformance.js";
export type { EngineCheck } from "./engine/engine-conformance.js";
