import { setMaxListeners } from "node:events";
import type { Envelope, ErrorExitCode } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { exitCodeOf } from "../result/exit-code-of.js";
import { failureEnvelope, roundSeconds } from "../runner/failure-envelope.js";
import { randomHex } from "../runner/random-ids.js";
import { LONGEST_MS, timeoutFault } from "../runner/run-deadline.js";
import type { Session } from "../runner/session-types.js";
import { completeLedger } from "./resume/complete-ledger.js";
import { borrowOutcomes } from "./resume/borrow-outcomes.js";
import { makeBundle, writeBundle } from "./resume/job-bundle.js";
import { jobFolder } from "./resume/job-folder.js";
import { planDifferences } from "./resume/plan-differences.js";
import { standingResults } from "./resume/standing-results.js";
import { openStepRecords } from "./resume/step-records.js";
import type { StepRecord, StepRecords } from "./resume/step-records.js";
import { snapshotOf } from "./engine/configuration-snapshot.js";
import type { OpenEngine } from "./engine/engine-types.js";
import { conductJob, defaultParallelism } from "./engine/job-conductor.js";
import type { JobLevel, RunningJob } from "./engine/job-level.js";
import { jobResult } from "./engine/job-result.js";
import type { JobResult } from "./engine/job-result.js";
import { localEngine } from "./engine/local-engine.js";
import { pendingBookmarks } from "./engine/pending-bookmarks.js";
import { makeSlots } from "./engine/slots.js";
import type { StepSummary } from "./engine/step-ending.js";
import { partUuid } from "./engine/step-runner.js";
import { acquireJobLock } from "./overlap/job-lock.js";
import { nameOfFile, planJob } from "./plan/plan-job.js";
import type { PlannedJob } from "./plan/plan-job.js";
import type { JobEnvelope, JobRequest, JobRun } from "./run-job-types.js";

/**
 * Runs a job in a session. Whatever goes wrong comes back as an error envelope; this never rejects.
 *
 * The way: plan → what an earlier invocation left → the lock of the job → its bundle on disk → steps → bookmarks → envelope.
 */
export async function executeJob(session: Session, request: JobRequest): Promise<JobRun> {
  const began = performance.now();
  const file = request.configuration.parts.runFile?.document.name ?? "job";
  const name = nameOfFile(file);
  const runId = `${name.replace(/[^A-Za-z0-9_-]+/g, "_")}_${request.runSuffix ?? randomHex(4)}`;
  const logs = { log_file: session.log.file, session_id: session.id, run_id: runId };
  const mark = request.isKept === false ? runId : "";
  const part = { kind: "job" as const, uuid: partUuid({ sessionUuid: session.uuid, mark }, "job", "") };
  const steps = new Map<string, StepSummary>();
  session.log.lifecycle("info", "job started", { job: name }, { file });
  let envelope: Envelope;
  let planHash: string | undefined;
  try {
    const planned = await planFor(session, request);
    planHash = planned.plan.hash;
    session.ledger.partStarted({ ...part, planHash, description: planned.plan.job.description });
    const result = await runPlanned(session, planned, request, { part, mark }, (summary) => {
      // A step that is tried again with its job has ended again.
      steps.delete(summary.step);
      steps.set(summary.step, summary);
      request.onStep?.(summary);
    });
    session.share(result.outcome.globals);
    envelope = envelopeOf(result, roundSeconds((performance.now() - began) / 1000), session, logs);
  } catch (error) {
    if (planHash === undefined) session.ledger.partStarted(part);
    envelope = failureEnvelope(error, {
      executionTime: (performance.now() - began) / 1000,
      logs,
      globals: session.globals,
    });
    for (const text of envelope.errors) session.log.lifecycle("error", session.masker.mask(text), { job: name });
  }
  const whole: JobEnvelope = session.masker.maskJson({ ...envelope, steps: [...steps.values()] });
  const exitCode = exitCodeOf(whole);
  session.ledger.partEnded(
    { ...part, planHash },
    { exitCode, status: whole.status, envelope: whole, errors: whole.errors },
  );
  session.log.lifecycle(
    "info",
    "job ended",
    { job: name },
    { status: whole.status, execution_time: whole.execution_time, exit_code: exitCode },
  );
  return { envelope: whole, exitCode };
}

async function planFor(session: Session, request: JobRequest): Promise<PlannedJob> {
  const { configuration, selection } = request;
  const planned = await planJob({
    configuration,
    env: session.env,
    registry: session.registry,
    masker: session.masker,
    selection,
    overrides: overridesOf(request),
  });
  const [missing] = planned.missing;
  if (missing !== undefined && selection?.from === undefined) {
    const step = planned.plan.steps.find(({ reads, input }) => reads.includes(missing) || input?.step === missing);
    throw fault("DATAPY_STEP_INPUT_MISSING", { step: step?.id ?? "", source: missing });
  }
  return planned;
}

function overridesOf({ onEmpty }: JobRequest): Readonly<Record<string, unknown>> {
  return onEmpty === undefined ? {} : { on_empty: onEmpty };
}

async function runPlanned(
  session: Session,
  planned: PlannedJob,
  request: JobRequest,
  { part, mark }: { readonly part: JobLevel["part"]; readonly mark: string },
  onStep: (summary: StepSummary) => void,
): Promise<JobResult> {
  const { plan } = planned;
  const end = endOf(session, planned, request);
  const releases: (() => void | Promise<void>)[] = [end.clear];
  try {
    const lock = await acquireJobLock(session, plan, end.signal);
    releases.unshift(() => lock.release());
    const { records, finished } = await recordsOf(session, planned, request);
    if (records !== undefined) releases.unshift(() => records.close());
    const borrowed = await borrowOutcomes(session, planned, request.selection);
    const configurations = new Map([["", planned.configuration]]);
    const engine = await openEngine(session, request, configurations);
    releases.unshift(() => engine.close());
    const bookmarks = pendingBookmarks();
    const job: RunningJob = {
      session,
      engine,
      configurations,
      records,
      finished,
      borrowed,
      bookmarks,
      overrides: overridesOf(request),
      onEmpty: request.onEmpty ?? "ok",
      sessionUuid: session.uuid,
      mark,
      onStep,
      onCleanUp: (milliseconds) => request.onCleanUp?.(milliseconds),
    };
    const level: JobLevel = {
      job,
      planned,
      prefix: "",
      scope: "",
      part,
      signal: end.signal,
      slots: makeSlots(request.maxParallel ?? plan.settings.max_parallel ?? defaultParallelism()),
      given: {},
      earlier: new Map(),
    };
    request.onSteps?.(plan.steps.map(({ id, mod }) => ({ step: id, ...(mod === undefined ? {} : { mod: mod.name }) })));
    const result = jobResult(level, await conductJob(level));
    await bookmarks.keepAll(session);
    return result;
  } finally {
    for (const release of releases) await release();
  }
}

/** Ends with the session, with the signal that was given, and when the time of the job is up. */
function endOf(
  session: Session,
  { plan }: PlannedJob,
  request: JobRequest,
): { readonly signal: AbortSignal; readonly clear: () => void } {
  const own = new AbortController();
  const limits = [request.timeoutMs, plan.settings.timeout_ms ?? undefined].filter((one) => one !== undefined);
  const limit = limits.length === 0 ? undefined : Math.min(...limits);
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => own.abort(timeoutFault(plan.job.name, limit)), Math.min(limit, LONGEST_MS));
  const given = request.signal;
  const canceled = (): void => own.abort(fault("DATAPY_CANCELED", { cause: "the script" }, { cause: given?.reason }));
  if (given?.aborted === true) canceled();
  given?.addEventListener("abort", canceled, { once: true });
  const signal = AbortSignal.any([session.signal, own.signal]);
  setMaxListeners(0, signal, session.signal);
  return {
    signal,
    clear: () => {
      clearTimeout(timer);
      given?.removeEventListener("abort", canceled);
    },
  };
}

/** Opens the records of the session's job, and with them what earlier invocations finished and still stands. */
async function recordsOf(
  session: Session,
  planned: PlannedJob,
  request: JobRequest,
): Promise<{ readonly records: StepRecords | undefined; readonly finished: ReadonlyMap<string, StepRecord> }> {
  const { earlier, selection = {}, maxParallel, timeoutMs, onEmpty } = request;
  const differences = earlier === undefined ? [] : planDifferences(earlier.plan, planned.plan);
  let finished: ReadonlyMap<string, StepRecord> = new Map();
  const folder = jobFolder(session.workPath, session.id);
  const records = request.isKept === false ? undefined : openStepRecords(folder);
  if (earlier?.kind === "resume" && records !== undefined) {
    const standing = await standingResults(planned.plan, records.finished);
    finished = standing.finished;
    completeLedger(session, records.finished.values());
    differences.push(...standing.differences);
  }
  if (differences.length > 0) {
    if (earlier?.acceptChanges !== true) {
      const shown = differences.slice(0, 20).join("; ");
      const more = differences.length > 20 ? "; …" : "";
      throw fault("DATAPY_RESUME_DIFFERS", { count: differences.length, differences: shown + more });
    }
    for (const one of differences) session.log.lifecycle("warn", `differs from the earlier run: ${one}`);
  }
  if (records !== undefined) {
    const replayOf = earlier?.kind === "replay" ? earlier.sessionId : undefined;
    const options = {
      selection,
      max_parallel: maxParallel ?? null,
      timeout_ms: timeoutMs ?? null,
      on_empty: onEmpty ?? null,
      replayOf,
    };
    if (earlier?.kind !== "resume" || differences.length > 0)
      writeBundle(folder, makeBundle(session, planned, options));
    records.invoked();
  }
  return { records, finished };
}

function openEngine(
  session: Session,
  request: JobRequest,
  configurations: RunningJob["configurations"],
): Promise<OpenEngine> {
  const { engine = localEngine } = request;
  const configuration = (scope: string): typeof request.configuration =>
    configurations.get(scope) ?? request.configuration;
  return engine.open(
    {
      session: {
        id: session.id,
        uuid: session.uuid,
        name: session.name,
        startedAt: session.startedAt.toISOString(),
        runDate: session.runDate,
        cwd: session.cwd,
        workPath: session.workPath,
        logFile: session.log.file,
        logLevel: session.log.level,
      },
      configurations: { "": snapshotOf(request.configuration) },
    },
    { session, configuration, snapshot: (scope) => snapshotOf(configuration(scope)) },
  );
}

function envelopeOf(result: JobResult, executionTime: number, session: Session, logs: Envelope["logs"]): Envelope {
  const globals = { ...session.globals, ...result.outcome.globals };
  if (result.status === "error") {
    return {
      status: "error",
      execution_time: executionTime,
      errors: result.errors.length > 0 ? [...result.errors] : ["the job failed"],
      exit_code: result.exitCode as ErrorExitCode,
      globals,
      logs,
    };
  }
  return {
    status: result.status,
    execution_time: executionTime,
    metrics: { ...result.metrics },
    artifacts: flatten(result.outcome.artifacts),
    globals,
    warnings: [...result.warnings],
    errors: [],
    logs,
  };
}

/** `clean.output_data`, `load[2].output_data`, `reports.clean.output_data`: what a job made, one path a key. */
function flatten(artifacts: unknown, key = "", flat: Record<string, string> = {}): Record<string, string> {
  if (typeof artifacts === "string") flat[key] = artifacts;
  else if (Array.isArray(artifacts)) artifacts.forEach((one, index) => flatten(one, `${key}[${String(index)}]`, flat));
  else if (typeof artifacts === "object" && artifacts !== null)
    for (const [name, one] of Object.entries(artifacts)) flatten(one, key === "" ? name : `${key}.${name}`, flat);
  return flat;
}
