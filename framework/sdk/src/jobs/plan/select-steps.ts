import { canonicalModKey } from "../../config/mod-key.js";
import { closestName } from "../../config/closest-name.js";
import { untrace } from "../../config/traced-value.js";
import { fault } from "../../errors.js";
import { globExpression, isGlob } from "../../lint/glob.js";
import type { Dependencies, JobSource, WrittenStep } from "./plan-steps.js";
import { stepKey } from "./plan-steps.js";
import type { PlanEdge } from "./plan-types.js";
import { dependentsOf, reachable } from "./step-graph.js";

/** Which steps of a job are to run. Several are joined; nothing at all means every step. */
export interface Selection {
  /** One step, by its id or by its mod. */
  readonly step?: string | undefined;
  /** `load`, `+load` (with all before it), `load+` (with all after it), `+load+`, `tag:nightly`, `load_*`, each with `+` or without. */
  readonly select?: readonly string[] | undefined;
  /** A step, and all after it. */
  readonly from?: string | undefined;
}

/** Steps that were selected. */
export interface SelectedSteps {
  /** Places in the file. */
  readonly places: ReadonlySet<number>;
  /** Selected steps that each waits for, those included that it waits for through steps that are not selected. */
  readonly needs: ReadonlyMap<number, ReadonlySet<number>>;
  readonly edges: readonly PlanEdge[];
  readonly isPart: boolean;
}

/**
 * Selects steps.
 *
 * @throws DatapyError `DATAPY_SELECTION_EMPTY`, `DATAPY_STEP_NOT_FOUND`, `DATAPY_STEP_AMBIGUOUS`
 */
export function selectSteps(request: {
  readonly file: JobSource;
  readonly written: readonly WrittenStep[];
  readonly dependencies: Dependencies;
  readonly order: readonly number[];
  readonly selection: Selection | undefined;
}): SelectedSteps {
  const { file, written, dependencies, order, selection = {} } = request;
  const asked = selection.step !== undefined || selection.from !== undefined || (selection.select ?? []).length > 0;
  const idOf = (place: number): string => written[place]?.id ?? "";
  const edgesOf = (edges: Dependencies["edges"]): PlanEdge[] =>
    edges.map(({ from, to, because }) => ({ from: idOf(from), to: idOf(to), because }));
  if (!asked) {
    return {
      places: new Set(order),
      needs: new Map(dependencies.needs.map((needs, place) => [place, needs])),
      edges: edgesOf(dependencies.edges),
      isPart: false,
    };
  }

  const dependents = dependentsOf(dependencies.needs);
  const chosen = new Set<number>();
  if (selection.step !== undefined) chosen.add(theStep(selection.step, written, file));
  if (selection.from !== undefined)
    for (const place of reachable([theStep(selection.from, written, file)], dependents)) chosen.add(place);
  for (const text of (selection.select ?? []).flatMap((one) => one.split(/[\s,]+/)).filter((one) => one !== "")) {
    const before = text.startsWith("+");
    const after = text.endsWith("+") && text.length > 1;
    const found = matching(text.slice(before ? 1 : 0, after ? -1 : undefined), written);
    for (const place of found) chosen.add(place);
    if (before) for (const place of reachable(found, dependencies.needs)) chosen.add(place);
    if (after) for (const place of reachable(found, dependents)) chosen.add(place);
  }
  if (chosen.size === 0) {
    const given = [selection.step, selection.from, ...(selection.select ?? [])].filter((one) => one !== undefined);
    throw fault("DATAPY_SELECTION_EMPTY", { selection: given.join(" "), steps: listOfSteps(written) });
  }

  const needs = new Map<number, ReadonlySet<number>>();
  const edges: PlanEdge[] = [];
  for (const place of chosen) {
    const own = nearestSelected(place, dependencies.needs, chosen);
    needs.set(place, own);
    for (const from of own) {
      const direct = dependencies.edges.find((edge) => edge.from === from && edge.to === place);
      edges.push({ from: idOf(from), to: idOf(place), because: direct?.because ?? "order" });
    }
  }
  return { places: chosen, needs, edges, isPart: chosen.size < written.length };
}

/** Selected steps that a step comes after, whatever lies between. */
function nearestSelected(
  place: number,
  needs: readonly ReadonlySet<number>[],
  chosen: ReadonlySet<number>,
): ReadonlySet<number> {
  const found = new Set<number>();
  const seen = new Set<number>();
  const waiting = [...(needs[place] ?? [])];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    if (chosen.has(one)) found.add(one);
    else waiting.push(...(needs[one] ?? []));
  }
  return found;
}

function matching(pattern: string, written: readonly WrittenStep[]): number[] {
  const places = (test: (step: WrittenStep) => boolean): number[] =>
    written.flatMap((step, place) => (test(step) ? [place] : []));
  if (pattern.startsWith("tag:")) {
    const tag = expressionOf(pattern.slice(4));
    return places((step) => tagsOf(step).some((one) => tag.test(one)));
  }
  if (isGlob(pattern)) {
    const expression = globExpression(stepKey(pattern));
    return places((step) => expression.test(stepKey(step.id)));
  }
  const byId = places((step) => stepKey(step.id) === stepKey(pattern));
  return byId.length > 0 ? byId : places((step) => runsMod(step, pattern));
}

function expressionOf(pattern: string): RegExp {
  return globExpression(isGlob(pattern) ? pattern : pattern.replace(/[{}[\]]/g, ""));
}

function theStep(word: string, written: readonly WrittenStep[], file: JobSource): number {
  const byId = written.findIndex((step) => stepKey(step.id) === stepKey(word));
  if (byId !== -1) return byId;
  const [first, ...others] = written.flatMap((step, place) => (runsMod(step, word) ? [place] : []));
  if (first === undefined) {
    const near = closestName(
      word,
      written.map((step) => step.id),
    );
    const hint = near === undefined ? undefined : `Did you mean ${near}?`;
    throw fault(
      "DATAPY_STEP_NOT_FOUND",
      { file: file.document.name, name: word, steps: listOfSteps(written) },
      { hint },
    );
  }
  if (others.length > 0) {
    const steps = [first, ...others].map((place) => written[place]?.id ?? "").join(", ");
    throw fault("DATAPY_STEP_AMBIGUOUS", { file: file.document.name, mod: word, steps });
  }
  return first;
}

function runsMod(step: WrittenStep, word: string): boolean {
  return step.mod !== undefined && canonicalModKey(step.mod) === canonicalModKey(word);
}

function tagsOf({ node }: WrittenStep): string[] {
  const tags = node.entries.get("tags");
  const value = tags === undefined ? undefined : untrace(tags);
  return Array.isArray(value) ? value.map(String) : [];
}

function listOfSteps(written: readonly WrittenStep[]): string {
  const ids = written.map((step) => step.id);
  return `${ids.slice(0, 12).join(", ")}${ids.length > 12 ? ", …" : ""}`;
}
