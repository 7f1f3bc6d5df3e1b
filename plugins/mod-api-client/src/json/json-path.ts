import { apiError } from "../api-errors.js";
import { isJsonArray, isJsonObject } from "./json-value.js";
import type { JsonValue } from "./json-value.js";

/** A step of a path: a field, an element by number, or every element. */
export type PathStep = string | number | typeof EVERY;

/** `[*]`: every element. */
export const EVERY: unique symbol = Symbol("every element");

const STEP = /\.?([^.[\]"']+)|\[(\d+)\]|\[(\*)\]|\.?\["((?:[^"\\]|\\.)*)"\]|\.?\['((?:[^'\\]|\\.)*)'\]/y;

/**
 * Reads a path: `data.items`, `$.data.items`, `results[0].rows`, `groups[*].members`, `$["a.b"]`. `$` alone is the whole answer.
 *
 * @throws DatapyError `API_BAD_PARAMETERS`
 */
export function parseJsonPath(text: string, parameter: string): readonly PathStep[] {
  const steps: PathStep[] = [];
  let position = text.startsWith("$") && /^\$(?:$|[.[])/.test(text) ? 1 : 0;
  while (position < text.length) {
    STEP.lastIndex = position;
    const match = STEP.exec(text);
    if (match === null)
      throw apiError(
        "API_BAD_PARAMETERS",
        `${parameter}: ${JSON.stringify(text)} cannot be read as a path from character ${String(position + 1)} on`,
        { hint: 'Write a path such as data.items, results[0].rows, groups[*].members or $["a.b"].' },
      );
    const [, name, index, every, double, single] = match;
    if (index !== undefined) steps.push(Number(index));
    else if (every !== undefined) steps.push(EVERY);
    else steps.push(name ?? (double ?? single ?? "").replace(/\\(.)/g, "$1"));
    position = STEP.lastIndex;
  }
  return steps;
}

/** The value at a path; undefined where there is none. `[*]` is the first element here. */
export function valueAt(value: JsonValue | undefined, path: readonly PathStep[]): JsonValue | undefined {
  let at = value;
  for (const step of path) {
    if (typeof step === "string") at = isJsonObject(at) ? at.get(step) : undefined;
    else at = isJsonArray(at) ? at[step === EVERY ? 0 : step] : undefined;
  }
  return at;
}
