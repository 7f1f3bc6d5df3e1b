import { canonicalModKey } from "../../config/mod-key.js";
import { TracedObject } from "../../config/traced-value.js";
import type { TracedValue } from "../../config/traced-value.js";
import type { RunFile } from "../../config/config-sources.js";
import { fault } from "../../errors.js";
import { listOf } from "../../config/expander.js";
import { asksForStatus, parseCondition } from "../conditions/parse-condition.js";
import type { PlanEdge } from "./plan-types.js";
import { dependentsOf, reachable } from "./step-graph.js";
import { referredSteps, stepsInCondition } from "./step-references.js";
import type { NamedStep } from "./step-references.js";

/** A job file of either form. */
export type JobSource = RunFile & { readonly form: "simple" | "graph" };

/** A step as it is written, before anything of it is resolved. */
export interface WrittenStep {
  readonly id: string;
  /** The step of the graph form; the mod's parameters of the simple form. */
  readonly node: TracedObject;
  readonly mod: string | undefined;
  readonly job: TracedValue | undefined;
  readonly params: TracedObject | undefined;
}

/** The steps of a job file, in the order of the file. */
export function writtenSteps(file: JobSource): WrittenStep[] {
  if (file.form === "simple") {
    return [...(file.mods?.entries ?? [])].map(([id, node]) => ({
      id,
      node: node.kind === "object" ? node : new TracedObject(node, new Map()),
      mod: id,
      job: undefined,
      params: node.kind === "object" ? node : undefined,
    }));
  }
  return file.steps.map((node) => {
    const params = node.entries.get("params");
    return {
      id: textAt(node, "id") ?? "",
      node,
      mod: textAt(node, "mod"),
      job: node.entries.get("job"),
      params: params?.kind === "object" ? params : undefined,
    };
  });
}

/** What each step waits for, and why. */
export interface Dependencies {
  /** By place in the file. */
  readonly needs: readonly Set<number>[];
  /** Those among them whose outcome a step refers to. */
  readonly reads: readonly Set<number>[];
  readonly edges: readonly (Omit<PlanEdge, "from" | "to"> & { readonly from: number; readonly to: number })[];
}

/** Finds what each step waits for: `needs`, references, conditions, the order of the simple form, and clean-up. */
export function findDependencies(file: JobSource, steps: readonly WrittenStep[]): Dependencies {
  const index = new Map<string, number>();
  steps.forEach(({ id }, place) => index.set(stepKey(id), place));
  const needs = steps.map(() => new Set<number>());
  const reads = steps.map(() => new Set<number>());
  const edges: { from: number; to: number; because: PlanEdge["because"] }[] = [];
  const connect = (from: number, to: number, because: PlanEdge["because"]): void => {
    if (needs[to]?.has(from) === true || from === to) return;
    needs[to]?.add(from);
    edges.push({ from, to, because });
  };
  const place = ({ step, location }: NamedStep): number => {
    const found = index.get(stepKey(step));
    if (found === undefined)
      throw fault("DATAPY_STEP_UNKNOWN", { id: step, steps: listOf(steps.map(({ id }) => id)) }, { location });
    return found;
  };

  steps.forEach((step, to) => {
    if (file.form === "graph") for (const need of neededSteps(step.node)) connect(place(need), to, "needs");
    for (const name of referredSteps(step.node)) {
      const from = place(name);
      reads[to]?.add(from);
      connect(from, to, "reference");
    }
    if (file.form === "graph")
      for (const name of stepsInCondition(step.node.entries.get("when"))) connect(place(name), to, "reference");
    if (file.form === "simple" && to > 0) connect(to - 1, to, "order");
  });
  connectCleanUp(steps, needs, connect);
  return { needs, reads, edges };
}

/** Clean-up that names nothing which it waits for comes after everything else. */
function connectCleanUp(
  steps: readonly WrittenStep[],
  needs: readonly ReadonlySet<number>[],
  connect: (from: number, to: number, because: "always") => void,
): void {
  const cleanUps = steps.flatMap(({ node }, place) => (isAlways(node) && needs[place]?.size === 0 ? [place] : []));
  if (cleanUps.length === 0) return;
  const dependents = dependentsOf(needs);
  const after = reachable(cleanUps, dependents);
  const work = steps.map((_, place) => place).filter((place) => !after.has(place));
  const last = work.filter((place) => dependents[place]?.every((one) => after.has(one)) !== false);
  for (const to of cleanUps) for (const from of last) connect(from, to, "always");
}

function isAlways(node: TracedObject): boolean {
  const always = node.entries.get("always");
  return always?.kind === "scalar" && always.value === true;
}

/** Whether a step decides itself what a failed step means for it: clean-up, and conditions that ask for a status. */
export function decidesOnFailure(step: { readonly always: boolean; readonly when?: boolean | string }): boolean {
  if (step.always) return true;
  return typeof step.when === "string" && asksForStatus(parseCondition(step.when));
}

/** What a step is found by: `-` and `_` are alike. */
export function stepKey(id: string): string {
  return id.replaceAll("-", "_");
}

/** The step that a word on a command line means: by its id, else the only one that runs a mod of that name. */
export function meansStep(
  word: string,
  step: { readonly id: string; readonly mod?: { readonly name: string } },
): boolean {
  return stepKey(step.id) === stepKey(word) || canonicalModKey(step.id) === canonicalModKey(word);
}

function neededSteps(node: TracedObject): NamedStep[] {
  const needs = node.entries.get("needs");
  const items = needs?.kind === "array" ? needs.items : needs === undefined ? [] : [needs];
  return items.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" ? [{ step: item.value, location: item.location }] : [],
  );
}

function textAt(node: TracedObject, key: string): string | undefined {
  const value = node.entries.get(key);
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
}
