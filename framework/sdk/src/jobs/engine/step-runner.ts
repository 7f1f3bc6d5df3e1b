import { createHash } from "node:crypto";
import type { Envelope } from "@datapy/mod-kit";
import { fault } from "../../errors.js";
import type { LedgerPart } from "../../ledger/ledger-types.js";
import { runUuid } from "../../ledger/run-uuid.js";
import { exitCodeOf } from "../../result/exit-code-of.js";
import { failureEnvelope } from "../../runner/failure-envelope.js";
import { runName } from "../../runner/run-name.js";
import { hashOf } from "../plan/canonical-json.js";
import { overridesFor } from "../plan/plan-step.js";
import type { PlanRetries, PlanStep } from "../plan/plan-types.js";
import { recordOf } from "../resume/step-records.js";
import type { StepRecord } from "../resume/step-records.js";
import type { Outcome, StepTask, TaskResult } from "./engine-types.js";
import type { JobLevel, RunningJob } from "./job-level.js";
import { retryWait, waited } from "./retry-wait.js";
import { outcomeOf, skipped, tellingParts } from "./step-ending.js";
import type { StepEnding } from "./step-ending.js";

/** What a unit of work, a step or an item of one, is run with. */
export interface StepUnit {
  readonly level: JobLevel;
  readonly step: PlanStep;
  /** `load`, `load[2]`. */
  readonly path: string;
  readonly item: { readonly value: unknown } | undefined;
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly added: Readonly<Record<string, unknown>>;
  readonly part: LedgerPart;
  readonly signal: AbortSignal;
  readonly shielded: boolean;
  readonly graceMs: number | undefined;
  /** Why nothing new starts, once that is so. */
  readonly stopped: () => { readonly reason: string; readonly cause: string } | undefined;
}

/** Runs a mod until it succeeds, or may not be tried again. A result that an earlier invocation left is taken over. */
export async function runUnit(unit: StepUnit, mayReuse: boolean): Promise<StepEnding> {
  const { level, step } = unit;
  const { records, finished } = level.job;
  const path = level.prefix + unit.path;
  const earlier = mayReuse ? finished.get(path) : undefined;
  if (earlier?.hash === step.hash && earlier.item === itemHash(unit)) return takenOver(unit, path, earlier);

  const generation = records?.successes(path) ?? 0;
  let attempt = (records?.tries(path) ?? 0) + 1;
  let last: TaskResult | undefined;
  for (let failures = 0; ; attempt += 1) {
    const release = await startOrNot(unit);
    if (typeof release !== "function")
      return last === undefined ? skipped(path, step.mod?.name, release) : ended(unit, path, last, failures);
    const result = await tryOnce(unit, path, attempt, generation, release);
    if (result.envelope.status !== "error") return succeeded(unit, path, result, failures + 1);
    failures += 1;
    last = result;
    const wait = waitBefore(step.retries, failures, result);
    if (wait === undefined || unit.signal.aborted) return ended(unit, path, result, failures);
    level.job.session.log.lifecycle(
      "warn",
      `step ${path} is tried again in ${String(wait / 1000)} s`,
      { step: path },
      { attempt: failures + 1, of: step.retries.max + 1 },
    );
    if (!(await waited(wait, unit.signal))) return ended(unit, path, result, failures);
  }
}

/** Waits for a place to run in; gives why it does not run any more, where something ended the wait. */
async function startOrNot(unit: StepUnit): Promise<(() => void) | { readonly reason: string; readonly cause: string }> {
  try {
    const release = await unit.level.slots.take(unit.signal);
    // The step that gave its place back may have failed: what follows from that is known a moment later.
    await new Promise((resolve) => setImmediate(resolve));
    const stop = unit.stopped();
    if (stop === undefined) return release;
    release();
    return stop;
  } catch {
    return unit.stopped() ?? { reason: "the job was to end", cause: "the job was to end" };
  }
}

async function tryOnce(
  unit: StepUnit,
  path: string,
  attempt: number,
  generation: number,
  release: () => void,
): Promise<TaskResult> {
  const { level, step, signal, shielded, graceMs } = unit;
  const { job } = level;
  try {
    const task = taskOf(unit, path, attempt, generation);
    job.records?.started(path, attempt);
    const result = await job.engine.run(task, { signal, shielded, graceMs });
    if (result.record === undefined) job.records?.ended(recordOf(task, result));
    else job.records?.noted(result.record);
    return result;
  } catch (error) {
    // Before the mod was reached, or in the engine: the job goes on as after any failure.
    const envelope = failureEnvelope(error, {
      executionTime: 0,
      logs: {
        log_file: job.session.log.file,
        session_id: job.session.id,
        run_id: `${runName(step.mod?.name ?? step.id)}_${runSuffix(job, path, generation)}`,
      },
    });
    return {
      envelope,
      mod: step.mod?.name ?? "",
      version: "",
      failures: [],
      artifacts: [],
      bookmarks: [],
      cached: false,
    };
  } finally {
    release();
  }
}

function taskOf(unit: StepUnit, path: string, attempt: number, generation: number): StepTask {
  const { level, step, item } = unit;
  const { job } = level;
  const { mod } = step;
  const params = { ...overridesOf(step, job.overrides), ...fedInput(unit) };
  return {
    step: {
      mod: mod?.reference ?? "",
      ...(mod?.package === undefined ? {} : { version: mod.version }),
      stepId: step.id,
      path,
      ...(job.mark === "" ? {} : { folder: `${job.mark}.${path}` }),
      attempt,
      ...(Object.keys(params).length === 0 ? {} : { params }),
      ...(item === undefined ? {} : { item: item.value }),
      ...(step.timeout_ms === null ? {} : { timeoutMs: step.timeout_ms }),
    },
    scope: level.scope,
    runSuffix: runSuffix(job, path, generation),
    stepUuid: unit.part.uuid,
    outcomes: readOutcomes(unit),
    added: unit.added,
    bookmarks: job.bookmarks.seen(),
    isolate: step.isolate,
    memoryLimitBytes: step.memory_limit_bytes,
    record: recordingOf(unit),
    cache: step.cache === null ? null : { maxAgeMs: step.cache.max_age_ms, sourceHash: mod?.source_hash },
  };
}

function recordingOf(unit: StepUnit): StepTask["record"] {
  if (unit.level.job.records === undefined) return null;
  const item = itemHash(unit);
  return { hash: unit.step.hash, ...(item === undefined ? {} : { item }) };
}

/** Only what the step refers to: a task travels. */
function readOutcomes({ step, outcomes }: StepUnit): Record<string, Outcome> {
  return Object.fromEntries(
    step.reads.flatMap((id) => {
      const outcome = outcomes[id];
      return outcome === undefined ? [] : [[id, outcome] as const];
    }),
  );
}

/** Only parameters that the mod has: the plan shows them all, with their defaults. */
function overridesOf(step: PlanStep, overrides: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (Object.keys(overrides).length === 0) return overrides;
  return overridesFor(
    { properties: Object.fromEntries(Object.keys(step.parameters).map((name) => [name, {}])) },
    overrides,
  );
}

/** The table of the mod before, in the simple form. */
function fedInput({ step, outcomes }: StepUnit): { readonly input_artifact?: unknown } {
  if (step.input === undefined) return {};
  const { step: source, artifact } = step.input;
  const uri = outcomes[source]?.artifacts[artifact];
  if (uri === undefined) throw fault("DATAPY_STEP_NO_TABLE", { step: step.id, source, artifact });
  return { input_artifact: uri };
}

/**
 * Eight digits that are the same whenever the same work of the same session is done: tries and resumed invocations are one load to a
 * target that knows what it has. Work that is done anew although it had succeeded is another.
 */
export function runSuffix({ session, mark }: RunningJob, path: string, generation: number): string {
  const work = [session.id, mark, path, String(generation)];
  return createHash("sha256").update(work.join("\n")).digest("hex").slice(0, 8);
}

function itemHash({ item }: StepUnit): string | undefined {
  return item === undefined ? undefined : hashOf(item.value);
}

/** How long to wait before the next try, in milliseconds; `undefined`: there is none. */
function waitBefore(
  retries: PlanRetries,
  failures: number,
  { envelope, failures: errors }: TaskResult,
): number | undefined {
  if (failures > retries.max || envelope.status !== "error" || envelope.exit_code === 50) return undefined;
  const isMeant =
    retries.on.length === 0
      ? envelope.exit_code !== 20
      : errors.some(
          ({ code, retryable }) => retries.on.includes(code) || (retryable && retries.on.includes("retryable")),
        );
  return isMeant ? retryWait(retries, failures) : undefined;
}

function succeeded(unit: StepUnit, path: string, result: TaskResult, attempts: number): StepEnding {
  unit.level.job.bookmarks.set(path, result.mod, result.bookmarks);
  return ended(unit, path, result, attempts);
}

function ended(unit: StepUnit, path: string, result: TaskResult, attempts: number): StepEnding {
  const { envelope, mod, version, cached } = result;
  const outcome = outcomeOf(envelope);
  return {
    status: envelope.status,
    exitCode: exitCodeOf(envelope),
    ...(outcome === undefined ? {} : { outcome }),
    isReused: false,
    summary: {
      step: path,
      mod,
      version,
      run_id: envelope.logs.run_id,
      status: envelope.status,
      exit_code: exitCodeOf(envelope),
      execution_time: envelope.execution_time,
      ...(attempts > 1 ? { attempts } : {}),
      ...(cached ? { reused: "cache" as const } : {}),
      ...tellingParts(envelope),
      errors: envelope.errors,
    },
  };
}

/** The result that an earlier invocation of the session left. */
function takenOver(unit: StepUnit, path: string, record: StepRecord): StepEnding {
  unit.level.job.bookmarks.set(path, record.mod, record.bookmarks);
  const { run_id, mod, version, status, exit_code, execution_time, metrics, artifacts, globals, warnings } = record;
  const envelope = {
    status,
    execution_time,
    metrics,
    artifacts,
    globals,
    warnings,
    errors: [],
    logs: { run_id },
  } as unknown as Envelope; // Only what is read below.
  return {
    status,
    exitCode: exit_code,
    outcome: { artifacts, metrics, globals },
    isReused: true,
    summary: {
      step: path,
      mod,
      version,
      run_id,
      status,
      exit_code,
      execution_time,
      reused: "resume",
      ...tellingParts(envelope),
      errors: [],
    },
  };
}

/** OpenLineage's UUID of a job or step of this invocation. */
export function partUuid(
  { sessionUuid, mark }: Pick<RunningJob, "sessionUuid" | "mark">,
  kind: "job" | "step",
  path: string,
): string {
  return runUuid(sessionUuid, `${kind} ${mark} ${path}`);
}
