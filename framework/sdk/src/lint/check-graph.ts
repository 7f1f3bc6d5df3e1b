import { existsSync } from "node:fs";
import path from "node:path";
import type { SourceLocation } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import { closestName } from "../config/closest-name.js";
import type { TracedObject, TracedValue } from "../config/traced-value.js";
import { fault } from "../errors.js";
import { listOf } from "../config/expander.js";
import { stepsInCondition } from "../jobs/plan/step-references.js";
import { subJobMissing } from "../jobs/plan/sub-job-missing.js";
import { checkReferences, indexSteps, stepKey } from "./check-references.js";
import type { LintContext, LintStep } from "./lint-context.js";

/** The steps of the graph form; each with an id, of which no two are alike. */
export function readGraphSteps(nodes: readonly TracedObject[], context: LintContext): LintStep[] {
  const steps: LintStep[] = [];
  const lines = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    const id = textOf(node.entries.get("id"));
    const mod = textOf(node.entries.get("mod"));
    const location = node.entries.get("id")?.location;
    const first = id === undefined ? undefined : lines.get(stepKey(id));
    if (id !== undefined && first !== undefined)
      context.findings.error(fault("DATAPY_STEP_DUPLICATE", { id, first }, { location }));
    else if (id !== undefined) lines.set(stepKey(id), location?.line ?? 0);
    checkTarget(id ?? String(index), node, context);
    checkSubJob(node, context);
    const lookup = mod === undefined ? undefined : context.findMod(mod);
    steps.push({ id: id ?? "", mod, lookup, node, hasForeach: node.entries.has("foreach") });
  }
  return steps;
}

function checkTarget(id: string, node: TracedObject, context: LintContext): void {
  const [hasMod, hasJob] = [node.entries.has("mod"), node.entries.has("job")];
  if (hasMod !== hasJob) return;
  const detail = hasMod ? "has both mod and job" : "has neither mod nor job";
  const location = node.entries.get("job")?.keyLocation ?? node.location;
  context.findings.error(fault("DATAPY_STEP_TARGET", { id, detail }, { location }));
}

/** The file of a sub-job, which the plan of a run would look for. One that depends on a value is left to that. */
function checkSubJob(node: TracedObject, context: LintContext): void {
  const job = node.entries.get("job");
  const written = textOf(job);
  const parent = context.parts.runFile?.document.name;
  if (job === undefined || written === undefined || written.includes("${") || parent === undefined) return;
  const file = path.resolve(context.cwd, path.dirname(parent), written);
  if (existsSync(file)) return;
  context.findings.error(subJobMissing(file, parent, job.location));
}

interface Edge {
  readonly to: LintStep;
  readonly location: SourceLocation | undefined;
}

/** Checks what steps need and refer to: that it is there, and that no step waits for itself. */
export function checkGraph(steps: readonly LintStep[], context: LintContext): void {
  const edges = new Map<LintStep, Edge[]>();
  const index = indexSteps(steps);
  for (const step of steps) {
    const own: Edge[] = [];
    edges.set(step, own);
    checkReferences(step.node, { steps: index, item: step.hasForeach }, context, (to, location) =>
      own.push({ to, location }),
    );
    for (const need of [...textsIn(step.node.entries.get("needs")), ...askedFor(step)]) {
      const to = index.get(stepKey(need.text));
      if (to !== undefined) own.push({ to, location: need.location });
      else {
        const ids = steps.map((one) => one.id);
        const near = closestName(need.text, ids);
        const hint = near === undefined ? undefined : `Did you mean ${near}?`;
        const details = { id: need.text, steps: listOf(ids) };
        context.findings.error(fault("DATAPY_STEP_UNKNOWN", details, { location: need.location, hint }));
      }
    }
  }
  reportCycles(steps, edges, context);
}

/** Steps whose status the condition of a step asks for. A condition that is not understood is told elsewhere. */
function askedFor(step: LintStep): { readonly text: string; readonly location: SourceLocation | undefined }[] {
  try {
    return stepsInCondition(step.node.entries.get("when")).map((one) => ({ text: one.step, location: one.location }));
  } catch (error) {
    if (!isDatapyError(error)) throw error;
    return [];
  }
}

/** Walks depth first, without recursion: a chain may be as long as the file. Each edge that closes a circle is one fault. */
function reportCycles(
  steps: readonly LintStep[],
  edges: ReadonlyMap<LintStep, readonly Edge[]>,
  context: LintContext,
): void {
  const finished = new Set<LintStep>();
  for (const start of steps) {
    if (finished.has(start)) continue;
    const path: { readonly step: LintStep; next: number }[] = [{ step: start, next: 0 }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = edges.get(top.step)?.[top.next++];
      if (edge === undefined) {
        path.pop();
        onPath.delete(top.step);
        finished.add(top.step);
      } else if (onPath.has(edge.to)) {
        const circle = path.slice(path.findIndex(({ step }) => step === edge.to)).map(({ step }) => step.id);
        const cycle = [...circle, edge.to.id].join(" → ");
        context.findings.error(fault("DATAPY_STEP_CYCLE", { cycle }, { location: edge.location }));
      } else if (!finished.has(edge.to)) {
        path.push({ step: edge.to, next: 0 });
        onPath.add(edge.to);
      }
    }
  }
}

function textsIn(
  value: TracedValue | undefined,
): { readonly text: string; readonly location: SourceLocation | undefined }[] {
  const items = value?.kind === "array" ? value.items : value === undefined ? [] : [value];
  return items.flatMap((item) => {
    const text = textOf(item);
    return text === undefined || text.includes("${") ? [] : [{ text, location: item.location }];
  });
}

function textOf(value: TracedValue | undefined): string | undefined {
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
}
