import type { ExitCode } from "@datapy/mod-kit";
import { nameStep } from "../../result/name-step.js";
import { formatFault } from "../../runner/failure-envelope.js";
import type { PlanStep } from "../plan/plan-types.js";
import { reachable } from "../plan/step-graph.js";
import type { Outcome } from "./engine-types.js";
import type { LevelEnding } from "./job-conductor.js";
import { endReason } from "./job-level.js";
import type { JobLevel } from "./job-level.js";
import type { StepEnding } from "./step-ending.js";

/** What a job came to. */
export interface JobResult {
  readonly status: "success" | "warning" | "error";
  readonly exitCode: ExitCode;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly outcome: Outcome;
  /** Whether nothing had to be done. */
  readonly isReused: boolean;
  /** Steps that need not be done again, by id. */
  readonly finished: ReadonlyMap<string, StepEnding>;
}

/**
 * Adds up how the steps ended. The exit code is the worst that counts: of a canceled job 50, of one whose time was up 40, else the worst
 * of its failed steps, those with `on_error: continue` left out, which are warnings. Bookmarks of steps that something after them did not
 * finish are dropped.
 */
export function jobResult(level: JobLevel, { endings, added, errors: own }: LevelEnding): JobResult {
  const { steps } = level.planned.plan;
  const reason = endReason(level);
  const errors = [...own];
  const warnings: string[] = [];
  let exitCode: ExitCode = own.length > 0 ? 30 : 0;
  steps.forEach((step, place) => {
    const ending = endings[place];
    if (ending === undefined) return;
    for (const warning of ending.summary.warnings ?? []) warnings.push(`${step.id}: ${warning}`);
    if (ending.status !== "error") return;
    const said = ending.summary.errors.map((error) => nameStep(error, `step ${step.id}`));
    if (step.on_error === "continue") warnings.push(...said);
    else {
      errors.push(...said);
      if (ending.exitCode > exitCode) exitCode = ending.exitCode;
    }
  });
  // A job whose steps had all ended when it was to end has ended by itself.
  const isCut =
    reason !== undefined && endings.some(({ status, exitCode: code }) => status === "skipped" || code >= 40);
  if (isCut) {
    exitCode = reason.exitCode;
    errors.unshift(formatFault(reason));
  }
  if (exitCode === 0 && warnings.length > 0) exitCode = 10;
  const status = exitCode >= 20 ? "error" : exitCode === 10 ? "warning" : "success";
  dropUnfinished(level, steps, endings);
  return {
    status,
    exitCode,
    errors,
    warnings,
    metrics: countSteps(endings),
    outcome: {
      artifacts: byStep(steps, endings, "artifacts"),
      metrics: byStep(steps, endings, "metrics"),
      globals: added,
    },
    isReused:
      endings.every((ending) => ending.isReused || ending.status === "skipped") && endings.some((one) => one.isReused),
    finished: new Map(
      steps.flatMap(({ id }, place) => {
        const ending = endings[place];
        return ending?.outcome === undefined ? [] : [[id, ending] as const];
      }),
    ),
  };
}

/** A source's bookmark moves only when all that comes after the source has been done: else the next run reads the same again. */
function dropUnfinished(level: JobLevel, steps: readonly PlanStep[], endings: readonly StepEnding[]): void {
  const places = new Map(steps.map(({ id }, place) => [id, place]));
  const needs = steps.map((step) => new Set(step.needs.flatMap((id) => places.get(id) ?? [])));
  const undone = endings.flatMap((ending, place) => (isUndone(ending) ? [place] : []));
  for (const place of reachable(undone, needs)) {
    const step = steps[place];
    if (step !== undefined) level.job.bookmarks.drop(level.prefix + step.id);
  }
}

function isUndone({ status, byCondition }: StepEnding): boolean {
  return status === "error" || (status === "skipped" && byCondition !== true);
}

function countSteps(endings: readonly StepEnding[]): Record<string, unknown> {
  const count = (test: (ending: StepEnding) => boolean): number => endings.filter(test).length;
  const reused = count(({ isReused }) => isReused);
  return {
    steps: endings.length,
    steps_succeeded: count(({ status }) => status === "success" || status === "warning"),
    steps_failed: count(({ status }) => status === "error"),
    steps_skipped: count(({ status }) => status === "skipped"),
    ...(reused === 0 ? {} : { steps_reused: reused }),
  };
}

function byStep(
  steps: readonly PlanStep[],
  endings: readonly StepEnding[],
  part: "artifacts" | "metrics",
): Record<string, unknown> {
  const entries = steps.flatMap(({ id }, place) => {
    const values = endings[place]?.outcome?.[part];
    return values === undefined || Object.keys(values).length === 0 ? [] : [[id, values] as const];
  });
  return Object.fromEntries(entries);
}
