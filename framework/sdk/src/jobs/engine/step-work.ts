import type { SourceLocation } from "@datapy/mod-kit";
import type { ReferenceScope } from "../../config/configuration-types.js";
import { fault } from "../../errors.js";
import type { LedgerPart } from "../../ledger/ledger-types.js";
import type { PlanStep } from "../plan/plan-types.js";
import type { Outcome } from "./engine-types.js";
import { foreachEnding } from "./foreach-ending.js";
import { foreachItems } from "./foreach-items.js";
import type { JobLevel } from "./job-level.js";
import { makeSlots } from "./slots.js";
import { runUnit } from "./step-runner.js";
import type { StepUnit } from "./step-runner.js";
import type { StepEnding } from "./step-ending.js";
import { runSubJob } from "./sub-job.js";

/** A step that is to run now. */
export interface StepWork {
  readonly level: JobLevel;
  readonly step: PlanStep;
  readonly part: LedgerPart;
  readonly references: ReferenceScope;
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly added: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly shielded: boolean;
  readonly graceMs: number | undefined;
  /** Why nothing new starts, once that is so. */
  readonly stopped: StepUnit["stopped"];
  /** Whether results of earlier invocations still stand. */
  readonly mayReuse: boolean;
  readonly location: SourceLocation | undefined;
  /** Called before anything of it runs. */
  readonly onBegin: () => void;
}

/** Runs a step: a mod or a job, once or for each item. Rejects with what keeps it from beginning. */
export async function runWork(work: StepWork): Promise<StepEnding> {
  const { level, step } = work;
  const node = level.planned.written.get(step.id)?.node.entries.get("foreach");
  const unit = (path: string, item: StepUnit["item"]): StepUnit => ({ ...work, path, item });
  if (step.foreach === undefined || node === undefined) {
    work.onBegin();
    return runOne(unit(step.id, undefined), work);
  }
  const { session } = level.job;
  const { configuration } = level.planned;
  const items = await foreachItems(step.id, node, {
    session,
    configuration,
    references: work.references,
    signal: work.signal,
  });
  work.onBegin();
  const began = performance.now();
  if (items.length === 0 && level.job.onEmpty === "fail")
    throw fault("DATAPY_FOREACH_EMPTY", { step: step.id }, { location: node.location });

  const slots = makeSlots(step.concurrency);
  let failed = false;
  const endings = await Promise.all(
    items.map(async (value, index): Promise<StepEnding> => {
      const path = `${step.id}[${String(index)}]`;
      let release: () => void;
      try {
        release = await slots.take(work.signal);
      } catch {
        return notRun(level.prefix + path, "the job was to end");
      }
      try {
        if (failed && step.on_error === "fail") return notRun(level.prefix + path, "an item before it failed");
        const ending = await runOne(unit(path, { value }), work);
        if (ending.status === "error") failed = true;
        return ending;
      } finally {
        release();
      }
    }),
  );
  const ending = foreachEnding(step, level.prefix + step.id, endings, Math.round(performance.now() - began) / 1000);
  return items.length === 0 && level.job.onEmpty === "warn" ? withEmptyWarning(ending, step) : ending;
}

async function runOne(unit: StepUnit, work: StepWork): Promise<StepEnding> {
  return unit.step.sub_job === undefined ? runUnit(unit, work.mayReuse) : runSubJob(unit, work);
}

function notRun(path: string, reason: string): StepEnding {
  return {
    status: "skipped",
    exitCode: 0,
    isReused: false,
    summary: { step: path, status: "skipped", execution_time: 0, reason, errors: [] },
  };
}

function withEmptyWarning(ending: StepEnding, step: PlanStep): StepEnding {
  const { code, message } = fault("DATAPY_FOREACH_EMPTY", { step: step.id });
  const warnings = [...(ending.summary.warnings ?? []), `${code}: ${message}`];
  return {
    ...ending,
    status: "warning",
    exitCode: 10,
    summary: { ...ending.summary, status: "warning", exit_code: 10, warnings },
  };
}
