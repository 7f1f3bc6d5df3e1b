import { isDeepStrictEqual } from "node:util";
import type { ExitCode } from "@datapy/mod-kit";
import { fault } from "../../errors.js";
import { nameStep } from "../../result/name-step.js";
import { formatFault } from "../../runner/failure-envelope.js";
import type { PlanStep } from "../plan/plan-types.js";
import type { Outcome } from "./engine-types.js";
import type { StepEnding } from "./step-ending.js";

/**
 * What a step with `foreach` gives: each artifact as the list of its items' (in the order of the items), numbers summed up, and the globals
 * that items added. It failed when an item failed; those that did not fail have been done all the same.
 */
export function foreachEnding(
  step: PlanStep,
  path: string,
  items: readonly StepEnding[],
  executionTime: number,
): StepEnding {
  const failed = items.filter(({ status }) => status === "error" || status === "skipped");
  const errors = eachOnce(failed.flatMap(({ summary }) => summary.errors));
  const { globals, conflict } = gatherGlobals(step, items);
  if (conflict !== undefined) errors.push(conflict);
  const isError = failed.length > 0 || conflict !== undefined;
  const warnings = items.flatMap(({ summary }) => summary.warnings ?? []);
  const status = isError ? "error" : warnings.length > 0 ? "warning" : "success";
  const exitCode = isError ? worst(items, conflict === undefined ? 0 : 30) : warnings.length > 0 ? 10 : 0;
  const outcome: Outcome = { artifacts: gatherArtifacts(items), metrics: sumMetrics(items), globals };
  const { mod } = step;
  return {
    status,
    exitCode,
    ...(isError ? {} : { outcome }),
    isReused: items.length > 0 && items.every(({ isReused }) => isReused),
    summary: {
      step: path,
      ...(mod === undefined ? {} : { mod: mod.name, version: mod.version }),
      ...(step.sub_job === undefined ? {} : { job: step.sub_job.job.file }),
      status,
      exit_code: exitCode,
      execution_time: executionTime,
      items: {
        total: items.length,
        failed: failed.length,
        reused: items.filter(({ isReused }) => isReused).length,
      },
      ...(isError || Object.keys(outcome.metrics).length === 0 ? {} : { metrics: outcome.metrics }),
      ...(isError || Object.keys(outcome.artifacts).length === 0 ? {} : { artifacts: outcome.artifacts }),
      ...(warnings.length === 0 ? {} : { warnings }),
      errors,
    },
  };
}

/** What is wrong with the step is wrong with all of its items: it is said once, with how many say so. */
function eachOnce(errors: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const error of errors) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts].map(([error, count]) => (count === 1 ? error : nameStep(error, `${String(count)} items`)));
}

function worst(items: readonly StepEnding[], least: ExitCode): ExitCode {
  return items.reduce<ExitCode>((code, one) => (one.exitCode > code ? one.exitCode : code), least);
}

function gatherArtifacts(items: readonly StepEnding[]): Record<string, readonly unknown[]> {
  const gathered: Record<string, unknown[]> = {};
  for (const { outcome } of items)
    for (const [key, uri] of Object.entries(outcome?.artifacts ?? {})) (gathered[key] ??= []).push(uri);
  return gathered;
}

function sumMetrics(items: readonly StepEnding[]): Record<string, unknown> {
  const sums: Record<string, number> = {};
  for (const { outcome } of items) {
    for (const [key, value] of Object.entries(outcome?.metrics ?? {})) {
      if (typeof value !== "number" || key === "rows_per_second") continue;
      sums[key] = key === "memory_used_mb" ? Math.max(sums[key] ?? 0, value) : (sums[key] ?? 0) + value;
    }
  }
  return { items: items.length, ...sums };
}

/** Items that run one after the other decide in their order; of those that run side by side two cannot set one global differently. */
function gatherGlobals(
  step: PlanStep,
  items: readonly StepEnding[],
): { readonly globals: Record<string, unknown>; readonly conflict: string | undefined } {
  const globals: Record<string, unknown> = {};
  for (const { outcome, summary } of items) {
    for (const [key, value] of Object.entries(outcome?.globals ?? {})) {
      if (step.concurrency > 1 && Object.hasOwn(globals, key) && !isDeepStrictEqual(globals[key], value)) {
        const details = { first: `an item of ${step.id}`, second: summary.step, key };
        return { globals, conflict: formatFault(fault("DATAPY_GLOBAL_CONFLICT", details)) };
      }
      globals[key] = value;
    }
  }
  return { globals, conflict: undefined };
}
