import { ConditionError, isList } from "./parse-condition.js";
import type { Comparison, Condition, StatusQuestion } from "./condition-types.js";

/** What a condition is held against. */
export interface ConditionScope {
  /** The value of a reference. May throw. */
  readonly value: (reference: Extract<Condition, { kind: "reference" }>) => unknown;
  readonly status: (question: StatusQuestion, step: string | undefined) => boolean;
}

/**
 * Whether a condition holds. `and` and `or` look at their right side only where the left one leaves it open.
 *
 * @throws ConditionError where a value is of no use there
 */
export function evaluateCondition(condition: Condition, scope: ConditionScope): boolean {
  return truth(valueOf(condition, scope));
}

function valueOf(condition: Condition, scope: ConditionScope): unknown {
  switch (condition.kind) {
    case "literal":
      return condition.value;
    case "reference":
      return scope.value(condition);
    case "status":
      return scope.status(condition.question, condition.step);
    case "not":
      return !evaluateCondition(condition.operand, scope);
    case "and":
      return evaluateCondition(condition.left, scope) && evaluateCondition(condition.right, scope);
    case "or":
      return evaluateCondition(condition.left, scope) || evaluateCondition(condition.right, scope);
    case "compare":
      return compare(condition.operator, valueOf(condition.left, scope), valueOf(condition.right, scope));
    case "in": {
      const item = valueOf(condition.item, scope);
      const list = isList(condition.list)
        ? condition.list.map((one) => valueOf(one, scope))
        : valueOf(condition.list, scope);
      if (!Array.isArray(list)) throw new ConditionError(`what stands behind \`in\` is ${kindOf(list)}, not a list`);
      return list.some((one) => areEqual(item, one));
    }
  }
}

/** The environment holds text alone, so that `true` and `false` may be texts. Nothing else is taken for a truth value. */
function truth(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  throw new ConditionError(`it gives ${kindOf(value)}, not true or false; compare it with something`);
}

function compare(operator: Comparison, left: unknown, right: unknown): boolean {
  if (operator === "==") return areEqual(left, right);
  if (operator === "!=") return !areEqual(left, right);
  const [one, other] = comparable(left, right);
  switch (operator) {
    case "<":
      return one < other;
    case "<=":
      return one <= other;
    case ">":
      return one > other;
    case ">=":
      return one >= other;
  }
}

function areEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const [one, other] = [asNumber(left), asNumber(right)];
  if (typeof left === typeof right) return typeof left === "object" && JSON.stringify(left) === JSON.stringify(right);
  if (one !== undefined && other !== undefined && typeof left !== "boolean" && typeof right !== "boolean")
    return one === other;
  return (typeof left === "boolean" || typeof right === "boolean") && String(left) === String(right);
}

function comparable(left: unknown, right: unknown): readonly [number, number] | readonly [string, string] {
  const [one, other] = [asNumber(left), asNumber(right)];
  if (one !== undefined && other !== undefined) return [one, other];
  if (typeof left === "string" && typeof right === "string") return [left, right];
  throw new ConditionError(`${kindOf(left)} and ${kindOf(right)} have no order`);
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && /^\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/.test(value)
    ? Number(value)
    : undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "string"
    ? `the text ${JSON.stringify(value)}`
    : `the ${typeof value} ${JSON.stringify(value)}`;
}
