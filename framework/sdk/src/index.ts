export { DatapyError, isDatapyError } from "@datapy/mod-kit";
export type { Envelope, ErrorEnvelope, ExitCode, ModLogger, SuccessEnvelope } from "@datapy/mod-kit";
export { setupLogger } from "./logging/setup-logger.js";
export { RunFailure, runMod } from "./runner/run-mod.js";
export type { EnvelopeOf, ParametersOf, RunModOptions } from "./runner/run-mod.js";
export { runJob } from "./runner/run-job.js";
export type { RunJobOptions } from "./runner/run-job.js";
export type { JobEnvelope } from "./jobs/run-job-types.js";
export type { StepSummary } from "./jobs/engine/step-ending.js";
export { describeMod, listMods, runEvents, sessionSignal, setGlobalConfig } from "./runner/script-api.js";
export { globals, params } from "./runner/script-values.js";
export type { RunEvent } from "./runner/run-events.js";
export type { RunSummary } from "./runner/runner-protocol.js";
// For hosts: the road itself.
export { openSession } from "./runner/session.js";
export type { RunOutcome, Session, SessionOptions } from "./runner/session-types.js";
export { runStep } from "./runner/run-step.js";
export type { RunStepOptions } from "./runner/run-step.js";
export type { Step } from "./runner/step.js";
export { startRunner } from "./runner/start-runner.js";
export type { CancelSignal, StartedRunner } from "./runner/start-runner.js";
export { supervise } from "./runner/supervise.js";
export type { SuperviseOptions, SuperviseResult } from "./runner/supervise.js";
export type {
  FromRunner,
  RunJobRequest,
  RunModRequest,
  RunnerConfiguration,
  RunnerInvocation,
  RunnerRequest,
  RunScriptRequest,
  ToRunner,
} from "./runner/runner-protocol.js";
export { failureEnvelope, formatFault } from "./runner/failure-envelope.js";
export { writeManifest } from "./contract/write-manifest.js";
export { discoverMods } from "./registry/discover-mods.js";
export { findMod } from "./registry/find-mod.js";
export type { RegisteredMod, Registry, RegistryProblem } from "./registry/registry-types.js";
export { ERROR_TABLE, fault } from "./errors.js";
export type { ErrorCode } from "./errors.js";
