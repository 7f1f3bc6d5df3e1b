import { rm } from "node:fs/promises";
import path from "node:path";
import type { DatapyError, ErrorEnvelope } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { openLedger } from "../ledger/ledger.js";
import { openSessionLog } from "../logging/session-log.js";
import { createMasker } from "../secrets/masker.js";
import { failureEnvelope } from "./failure-envelope.js";
import { timeoutFault } from "./run-deadline.js";
import { runName } from "./run-name.js";
import type { StepSummary } from "../jobs/engine/step-ending.js";
import type { RunnerRequest, RunSummary, SessionAnnouncement } from "./runner-protocol.js";

/** How a runner process was lost. */
export type RunnerLoss =
  | { readonly kind: "timeout"; readonly mod: string | undefined; readonly timeoutMs: number }
  | { readonly kind: "canceled"; readonly cause: string }
  | {
      readonly kind: "crashed";
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly exitCalled: boolean;
    };

/** A run that was lost with its process. */
export interface LostRun {
  readonly mod: string;
  readonly step: string | undefined;
}

/** What the supervisor knew of it. */
export interface LostRunnerContext {
  readonly request: RunnerRequest;
  readonly sessionId: string;
  readonly runSuffix: string;
  /** Seconds. */
  readonly executionTime: number;
  /** `undefined` when it was lost before its session was open. */
  readonly session: SessionAnnouncement | undefined;
  /** What was running, by run id. */
  readonly running: ReadonlyMap<string, LostRun>;
  readonly ended: readonly RunSummary[];
  /** Of a job: all its steps, and those that ended. */
  readonly steps: readonly { readonly step: string; readonly mod?: string }[];
  readonly endedSteps: readonly StepSummary[];
}

/** Speaks for a runner process that can no longer speak: makes the envelope, ends log and ledger, removes its temporary files. */
export async function lostRunner(
  loss: RunnerLoss,
  context: LostRunnerContext,
): Promise<{ readonly exitCode: ErrorEnvelope["exit_code"]; readonly envelope: string }> {
  const { request, session } = context;
  const sessionId = session?.id ?? context.sessionId;
  const name = session !== undefined && request.kind === "run-job" ? runName(session.name) : nameOf(request);
  const [running] = context.running.keys();
  const runId = request.kind === "run-mod" && running !== undefined ? running : `${name}_${context.runSuffix}`;
  const error = explain(
    loss,
    context.running.size === 0 ? name : [...context.running.values()].map(({ mod }) => mod).join(", "),
  );
  const envelopeOf = (run: string): ErrorEnvelope =>
    failureEnvelope(error, {
      executionTime: context.executionTime,
      logs: { log_file: session?.logFile ?? "", session_id: sessionId, run_id: run },
    });
  const envelope = envelopeOf(runId);
  // A mod that was lost before its run began was asked for all the same.
  const lost =
    request.kind === "run-mod" && running === undefined
      ? new Map([[runId, { mod: name, step: undefined }]])
      : context.running;
  if (session !== undefined) {
    await rm(session.temporaryPath, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    await endLogAndLedger(session, sessionId, lost, envelopeOf).catch(() => undefined);
  }
  const runs = [
    ...context.ended,
    ...[...context.running].map(([id, { mod }]): RunSummary => {
      const { status, exit_code, execution_time, errors } = envelopeOf(id);
      return { mod, version: "", run_id: id, status, exit_code, execution_time, errors };
    }),
  ];
  const whole =
    request.kind === "run-script"
      ? { ...envelope, runs }
      : request.kind === "run-job"
        ? { ...envelope, steps: stepsOf(context, envelope) }
        : envelope;
  return { exitCode: envelope.exit_code, envelope: JSON.stringify(whole) };
}

function nameOf(request: RunnerRequest): string {
  switch (request.kind) {
    case "run-mod":
      return runName(request.reference);
    case "run-script":
      return runName(request.script);
    case "run-job": {
      const { file } = request.configuration;
      return file !== undefined && "path" in file ? runName(path.parse(file.path).name) : "job";
    }
  }
}

/** Steps that had ended, those that were running, and those that never began. */
function stepsOf(context: LostRunnerContext, envelope: ErrorEnvelope): StepSummary[] {
  const ended = new Map(context.endedSteps.map((one) => [one.step, one]));
  const others = context.steps.filter(({ step }) => !ended.has(step));
  return [
    ...ended.values(),
    ...others.map(({ step, mod }): StepSummary => {
      const named = { step, ...(mod === undefined ? {} : { mod }) };
      const { exit_code, errors } = envelope;
      return [...context.running.values()].some((run) => run.step === step || run.step?.startsWith(`${step}[`) === true)
        ? { ...named, status: "error", exit_code, execution_time: 0, errors }
        : { ...named, status: "skipped", execution_time: 0, reason: "the process of the job was lost", errors: [] };
    }),
  ];
}

async function endLogAndLedger(
  session: SessionAnnouncement,
  sessionId: string,
  lost: ReadonlyMap<string, LostRun>,
  envelopeOf: (run: string) => ErrorEnvelope,
): Promise<void> {
  // Nothing written here comes from the lost process, so that there is no secret in it.
  const masker = createMasker();
  const startedAt = new Date(session.startedAt);
  const log = openSessionLog({
    sessionId,
    stem: session.name,
    startedAt,
    directory: "",
    masker,
    join: session.logFile,
  });
  const ledger = openLedger({
    workPath: session.workPath,
    sessionId,
    startedAt,
    masker,
    job: { name: session.name, namespace: session.namespace },
    sessionUuid: session.uuid,
  });
  for (const [runId, { mod, step }] of lost) {
    const envelope = envelopeOf(runId);
    const fields = { status: envelope.status, exit_code: envelope.exit_code, execution_time: envelope.execution_time };
    for (const error of envelope.errors) log.lifecycle("error", error, { mod, run_id: runId });
    log.lifecycle("info", "run ended", { mod, run_id: runId }, fields);
    ledger.runEnded(runId, { envelope, exitCode: envelope.exit_code, endedAt: new Date(), mod, step });
  }
  const { errors, exit_code: exitCode } = envelopeOf("");
  if (lost.size === 0) for (const error of errors) log.lifecycle("error", error);
  await ledger.sessionEnded({ exitCode });
  await log.close();
}

function explain(loss: RunnerLoss, mod: string): DatapyError {
  switch (loss.kind) {
    case "timeout":
      return timeoutFault(loss.mod ?? mod, loss.timeoutMs);
    case "canceled":
      return fault("DATAPY_CANCELED", { cause: loss.cause });
    case "crashed":
      return fault("DATAPY_MOD_CRASHED", { mod, detail: ending(loss) });
  }
}

function ending({ code, signal, exitCalled }: Extract<RunnerLoss, { kind: "crashed" }>): string {
  // A shell's 128 + n is what some systems give instead of the signal.
  if (signal === "SIGKILL" || code === 137) return "killed by SIGKILL: out of memory, or from outside";
  if (signal === "SIGABRT" || code === 134) return "aborted with SIGABRT: often JavaScript's heap was full";
  if (signal !== null) return `killed by ${signal}`;
  if (code === null) return "it could not be started";
  return exitCalled ? `process.exit(${String(code)}) was called` : `exit code ${String(code)}`;
}
