import type { SourceLocation } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import type { TracedValue } from "../../config/traced-value.js";
import { fault } from "../../errors.js";
import { ConditionError, parseCondition, partsOf } from "../conditions/parse-condition.js";

/** A step that a text names, and where. */
export interface NamedStep {
  readonly step: string;
  readonly location: SourceLocation | undefined;
}

/** Steps that a tree of values refers to by `${mods.STEP.…}`. */
export function referredSteps(node: TracedValue | undefined, found: NamedStep[] = []): NamedStep[] {
  if (node === undefined) return found;
  if (node.kind === "object") for (const inner of node.entries.values()) referredSteps(inner, found);
  else if (node.kind === "array") for (const item of node.items) referredSteps(item, found);
  else {
    for (const part of node.template ?? []) {
      if (part.kind === "reference" && part.reference.kind === "mods")
        found.push({ step: part.reference.step, location: node.locateInside(part.index, part.raw) });
    }
  }
  return found;
}

/**
 * Steps whose status a condition asks for.
 *
 * @throws DatapyError `DATAPY_CONDITION_INVALID`
 */
export function stepsInCondition(node: TracedValue | undefined): NamedStep[] {
  if (node?.kind !== "scalar" || typeof node.value !== "string") return [];
  const { location } = node;
  try {
    return [...partsOf(parseCondition(node.value))].flatMap((part) =>
      part.kind === "status" && part.step !== undefined ? [{ step: part.step, location }] : [],
    );
  } catch (error) {
    throw conditionFault(node.value, error, location);
  }
}

/** What is wrong with a condition, as an error with a code. */
export function conditionFault(text: string, error: unknown, location: SourceLocation | undefined): unknown {
  if (isDatapyError(error) || !(error instanceof ConditionError)) return error;
  return fault("DATAPY_CONDITION_INVALID", { condition: text, detail: error.message }, { location, cause: error });
}
