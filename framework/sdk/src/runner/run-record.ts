import type { Envelope, ExitCode, ModDefinition } from "@datapy/mod-kit";
import type { RecordedArtifact } from "../artifacts/artifact-folder.js";
import type { ResolvedParameters } from "../config/configuration-types.js";
import { exitCodeOf } from "../result/exit-code-of.js";
import type { LedgerInput, LedgerOutput } from "../ledger/ledger-types.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { isFaultList, messageOf } from "./failure-envelope.js";
import type { RunSummary } from "./runner-protocol.js";
import type { Run } from "./run-types.js";
import { stackOf } from "./stack-of.js";

/** Says in log, ledger and events that a run begins. */
export function recordStart(
  run: Run,
  details: {
    readonly registered: RegisteredMod | undefined;
    readonly definition: ModDefinition;
    readonly resolved: ResolvedParameters;
    readonly inputs: readonly LedgerInput[];
  },
): void {
  const { session, step } = run;
  const { registered, definition, resolved } = details;
  run.recorded = true;
  run.inputs = details.inputs;
  session.log.lifecycle("info", "run started", contextOf(run), {
    version: run.version,
    ...(step.stepId === undefined ? {} : { step: step.path ?? step.stepId }),
    ...(step.attempt === undefined || step.attempt === 1 ? {} : { attempt: step.attempt }),
    // Which project file was found; without the field none was, and the mod's defaults alone stand below the parameters.
    ...(session.configuration?.project === undefined ? {} : { project_file: session.configuration.project.file }),
    ...(session.configuration?.environment === undefined ? {} : { environment: session.configuration.environment }),
  });
  session.ledger.runStarted({
    runId: run.id,
    mod: run.mod,
    version: run.version,
    packageName: registered?.packageName,
    packageVersion: registered?.version,
    modFile: registered?.origin === "path" ? registered.entry : undefined,
    description: definition.metadata.description,
    step: step.path ?? step.stepId,
    stepUuid: run.scope?.stepUuid,
    attempt: step.attempt,
    startedAt: run.startedAt,
    parameters: resolved.values,
    origins: resolved.origins,
    inputs: details.inputs,
    logFile: session.log.file,
  });
  session.emit({
    kind: "run-started",
    runId: run.id,
    mod: run.mod,
    step: step.path ?? step.stepId,
    at: run.startedAt,
    timeoutMs: step.timeoutMs,
  });
}

/** Says in log, ledger and events how a run has ended. Gives the envelope as the world sees it: with every secret masked. */
export function recordEnd(run: Run, whole: Envelope, artifacts: readonly RecordedArtifact[]): Envelope {
  const { session, step } = run;
  const envelope = session.masker.maskJson(whole);
  const exitCode = exitCodeOf(envelope);
  const endedAt = new Date();
  logEnd(run, envelope, exitCode);
  session.ledger.runEnded(run.id, {
    envelope,
    exitCode,
    endedAt,
    startedAt: run.startedAt,
    mod: run.mod,
    step: step.path ?? step.stepId,
    stepUuid: run.scope?.stepUuid,
    attempt: step.attempt,
    artifacts,
    ...datasetsOf(run),
  });
  const summary: RunSummary = {
    mod: run.mod,
    version: run.version,
    run_id: run.id,
    status: envelope.status,
    exit_code: exitCode,
    execution_time: envelope.execution_time,
    errors: envelope.errors,
  };
  session.ended(run.scope === undefined ? (step.stepId ?? run.mod) : undefined, envelope, summary);
  session.emit({
    kind: "run-ended",
    runId: run.id,
    mod: run.mod,
    step: step.path ?? step.stepId,
    at: endedAt,
    envelope,
    summary,
  });
  return envelope;
}

function logEnd(run: Run, envelope: Envelope, exitCode: ExitCode): void {
  const { log } = run.session;
  const context = contextOf(run);
  if (envelope.status !== "error") {
    for (const warning of envelope.warnings) log.lifecycle("warn", warning, context);
    log.lifecycle("info", "run ended", context, {
      status: envelope.status,
      execution_time: envelope.execution_time,
      exit_code: exitCode,
    });
    return;
  }
  const stacks = run.failure === undefined ? [] : causesOf(run.failure).map(stackOf);
  envelope.errors.forEach((error, index) => {
    log.lifecycle("error", error, context, stacks[index] === undefined ? {} : { stack: stacks[index] });
  });
  if (run.aside !== undefined)
    log.lifecycle("warn", `while it ended: ${messageOf(run.aside)}`, context, { stack: stackOf(run.aside) });
  log.lifecycle("info", "run ended", context, {
    status: envelope.status,
    execution_time: envelope.execution_time,
    exit_code: exitCode,
  });
}

/** What the run says that it read, beside its parameters, and wrote, beside its artifacts. */
function datasetsOf(run: Run): { inputs?: LedgerInput[]; outputs?: LedgerOutput[] } {
  const datasets = run.opened?.datasets() ?? [];
  if (datasets.length === 0) return {};
  const inputs = datasets.filter((one) => one.role === "input");
  return { inputs: [...run.inputs, ...inputs], outputs: datasets.filter((one) => one.role === "output") };
}

function contextOf(run: Run): Readonly<Record<string, unknown>> {
  return { mod: run.mod, run_id: run.id };
}

function causesOf(failure: unknown): readonly unknown[] {
  return isFaultList(failure) ? failure.faults : [failure];
}
