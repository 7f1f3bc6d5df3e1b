import type { ExitCode } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import { withTemporaryFolder } from "../artifacts/with-temporary-folder.js";
import { planJob } from "../jobs/plan/plan-job.js";
import type { PlannedJob } from "../jobs/plan/plan-job.js";
import type { PlanStep } from "../jobs/plan/plan-types.js";
import { withJobSession } from "../preview/job-session.js";
import type { JobFileRequest } from "../preview/job-session.js";
import { consultMod } from "../runner/consult-mod.js";
import { formatFault, isFaultList, messageOf } from "../runner/failure-envelope.js";
import type { Session } from "../runner/session-types.js";

/** What is asked of {@link checkJob}. */
export interface CheckRequest extends JobFileRequest {
  /** Time that the check of one step may take, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** What became of the check of one step. */
export interface StepCheck {
  /** `load`; `reports.load` for a step of a sub-job. */
  readonly step: string;
  readonly mod: string;
  /** `ok`: the mod can reach what it needs; `failed`: it cannot; `unchecked`: there is nothing to check, or only the run can know. */
  readonly status: "ok" | "failed" | "unchecked";
  /** Why it was not checked. */
  readonly reason?: string;
  /** Exit code that a run would end with. */
  readonly exit_code?: ExitCode;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Seconds. */
  readonly execution_time: number;
}

/** What became of the check of a job. */
export interface JobCheck {
  readonly job: string;
  /** 0, or the worst of the steps'. */
  readonly exit_code: ExitCode;
  readonly steps: readonly StepCheck[];
}

const TIMEOUT_MS = 30_000;
/** Steps that are checked at once: most of the time is spent waiting for servers. */
const AT_ONCE = 4;

/**
 * Has the mod of every step of a job check whether it could run: endpoints reached, files readable. Moves no data, keeps nothing.
 *
 * @throws FaultList, DatapyError: all that would keep the job from beginning, exit code 20
 */
export function checkJob(request: CheckRequest): Promise<JobCheck> {
  return withTemporaryFolder("check", (workPath) => checkIn(workPath, request));
}

function checkIn(workPath: string, request: CheckRequest): Promise<JobCheck> {
  return withJobSession(request, { workPath, looksOnly: true }, async (session, configuration) => {
    const planned = await planJob({
      configuration,
      env: session.env,
      registry: session.registry,
      masker: session.masker,
    });
    const open = stepsOf(planned, "");
    const checks: StepCheck[] = new Array<StepCheck>(open.length);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let place = next++; place < open.length; place = next++) {
        const one = open[place];
        if (one !== undefined) checks[place] = await checkStep(session, one, request.timeoutMs ?? TIMEOUT_MS);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const codes = checks.map(({ exit_code }) => exit_code ?? 0);
    return session.masker.maskJson({
      job: planned.plan.job.name,
      exit_code: Math.max(0, ...codes) as ExitCode,
      steps: checks,
    });
  });
}

interface OpenStep {
  readonly place: string;
  readonly step: PlanStep;
  readonly planned: PlannedJob;
}

function stepsOf(planned: PlannedJob, prefix: string): OpenStep[] {
  return planned.plan.steps.flatMap((step) => {
    const subJob = planned.subJobs.get(step.id);
    const place = `${prefix}${step.id}`;
    return subJob === undefined ? [{ place, step, planned }] : stepsOf(subJob, `${place}.`);
  });
}

async function checkStep(session: Session, { place, step, planned }: OpenStep, timeoutMs: number): Promise<StepCheck> {
  const began = performance.now();
  const { mod } = step;
  const base = { step: place, mod: mod?.name ?? "" };
  const ended = (rest: Pick<StepCheck, "status"> & Partial<StepCheck>): StepCheck => ({
    ...base,
    errors: [],
    warnings: [],
    execution_time: Math.round(performance.now() - began) / 1_000,
    ...rest,
  });
  if (mod === undefined) return ended({ status: "unchecked", reason: "it runs no mod" });
  if (step.foreach !== undefined) return ended({ status: "unchecked", reason: "its items are known in a run only" });
  try {
    return await consultMod(
      session,
      { mod: mod.reference, version: mod.version, stepId: step.id, timeoutMs },
      async ({ definition, params, context, warnings }) => {
        if (definition.check === undefined)
          return ended({ status: "unchecked", reason: `${mod.name} has nothing to check` });
        await definition.check(params, context);
        return ended({ status: "ok", warnings: [...warnings] });
      },
      // What earlier steps give stays as it is written; a table that is fed by the step before may be missing.
      { incomplete: step.input !== undefined, configuration: planned.configuration.forPlanning() },
    );
  } catch (error) {
    const faults = isFaultList(error) ? error.faults : [error];
    const codes = faults.map((one) => (isDatapyError(one) ? one.exitCode : 30));
    return ended({
      status: "failed",
      exit_code: Math.max(...codes) as ExitCode,
      errors: faults.map((one) => (isDatapyError(one) ? formatFault(one) : messageOf(one))),
    });
  }
}
