import { setMaxListeners } from "node:events";
import { LONGEST_MS, timeoutFault } from "../../runner/run-deadline.js";
import type { PlannedJob } from "../plan/plan-job.js";
import { loadSubJob } from "../plan/plan-sub-job.js";
import { conductJob } from "./job-conductor.js";
import { jobResult } from "./job-result.js";
import type { JobLevel } from "./job-level.js";
import { retryWait, waited } from "./retry-wait.js";
import { joinSlots, makeSlots } from "./slots.js";
import type { StepEnding } from "./step-ending.js";
import type { StepUnit } from "./step-runner.js";
import { partUuid } from "./step-runner.js";
import type { StepWork } from "./step-work.js";

/** Runs the job of a step: its steps are steps of the session too, `reports.load` in envelope and ledger. */
export async function runSubJob(unit: StepUnit, work: StepWork): Promise<StepEnding> {
  const { level, step } = unit;
  const { job } = level;
  const planned = level.planned.subJobs.get(step.id);
  if (planned === undefined) throw new RangeError(`${step.id} runs no job`);
  const began = performance.now();
  const path = level.prefix + unit.path;
  const scope = level.scope === "" ? unit.path : `${level.scope}.${unit.path}`;
  const globals = await globalsFor(unit, work);
  const configuration = await loadSubJob(level.planned.configuration, planned.plan.job.file, globals);
  job.configurations.set(scope, configuration);
  const own: PlannedJob = { ...planned, configuration };
  const part = {
    kind: "job" as const,
    uuid: partUuid(job, "job", path),
    step: path,
    parent: { uuid: unit.part.uuid, step: unit.part.step },
    description: planned.plan.job.description,
    planHash: planned.plan.hash,
  };
  const { max_parallel } = planned.plan.settings;
  const earlier = new Map<string, StepEnding>();
  for (let failures = 0; ;) {
    const end = endingSignal(unit, planned, step.timeout_ms);
    const sub: JobLevel = {
      job,
      planned: own,
      prefix: `${path}.`,
      scope,
      part,
      signal: end.signal,
      slots: max_parallel === null ? level.slots : joinSlots(makeSlots(max_parallel), level.slots),
      given: unit.added,
      earlier,
    };
    job.session.ledger.partStarted(part);
    let ending: StepEnding;
    try {
      const result = jobResult(sub, await conductJob(sub));
      const executionTime = Math.round(performance.now() - began) / 1000;
      ending = {
        status: result.status,
        exitCode: result.exitCode,
        ...(result.status === "error" ? {} : { outcome: result.outcome }),
        isReused: result.isReused,
        summary: {
          step: path,
          job: planned.plan.job.file,
          status: result.status,
          exit_code: result.exitCode,
          execution_time: executionTime,
          ...(failures > 0 ? { attempts: failures + 1 } : {}),
          ...(result.isReused ? { reused: "resume" as const } : {}),
          metrics: result.metrics,
          ...(result.warnings.length === 0 ? {} : { warnings: result.warnings }),
          errors: result.errors,
        },
      };
      for (const [id, one] of result.finished) earlier.set(id, one);
    } finally {
      end.clear();
    }
    job.session.ledger.partEnded(part, {
      exitCode: ending.exitCode,
      status: ending.status,
      errors: ending.summary.errors,
    });
    failures += 1;
    const mayTry = ending.status === "error" && ending.exitCode !== 20 && ending.exitCode !== 50;
    if (!mayTry || failures > step.retries.max) return ending;
    if (!(await waited(retryWait(step.retries, failures), unit.signal))) return ending;
  }
}

/** The step's parameters are globals of the job that it runs. */
async function globalsFor(unit: StepUnit, work: StepWork): Promise<Readonly<Record<string, unknown>>> {
  const { planned } = unit.level;
  const params = planned.written.get(unit.step.id)?.params;
  if (params === undefined) return {};
  const references = { ...work.references, ...(unit.item === undefined ? {} : { item: unit.item.value }) };
  return (await planned.configuration.expandValue(params, references)) as Readonly<Record<string, unknown>>;
}

/** Ends with the job around it, and when the time of the step or of the job itself is up. */
function endingSignal(
  unit: StepUnit,
  planned: PlannedJob,
  stepTimeoutMs: number | null,
): { readonly signal: AbortSignal; readonly clear: () => void } {
  const limits = [stepTimeoutMs, planned.plan.settings.timeout_ms].filter((one) => one !== null);
  if (limits.length === 0) return { signal: unit.signal, clear: () => undefined };
  const limit = Math.min(...limits);
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(timeoutFault(unit.path, limit)), Math.min(limit, LONGEST_MS));
  const signal = AbortSignal.any([unit.signal, own.signal]);
  setMaxListeners(0, signal);
  return { signal, clear: () => clearTimeout(timer) };
}
