import { NOT_RESOLVED, boolCoreTag, floatCoreTag, intCoreTag, nullCoreTag } from "js-yaml";
import type { ScalarTagDefinition } from "js-yaml";

/** What a scalar of YAML means. */
export interface ReadScalar {
  readonly value: string | number | boolean | null;
  /** `number`: JavaScript cannot hold it exactly; `tag`: the tag is not allowed, or the text does not fit it. */
  readonly problem?: "number" | "tag";
}

const PREFIX = "tag:yaml.org,2002:";
const TYPED: ReadonlyMap<string, ScalarTagDefinition> = new Map<string, ScalarTagDefinition>([
  ["null", nullCoreTag],
  ["bool", boolCoreTag],
  ["int", intCoreTag],
  ["float", floatCoreTag],
]);
const WHOLE_NUMBER = /^[-+]?\d+(?:\.\d*)?$/;
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;

/** Reads a scalar by the core types of YAML 1.2. `plain`: written without quotes; `tag`: as written, such as `!!str`. */
export function readScalar(source: string, plain: boolean, tag: string | undefined): ReadScalar {
  if (tag === undefined) return plain ? readPlainScalar(source) : { value: source };
  if (tag === "!") return { value: source };
  const name = tag.startsWith("!!")
    ? tag.slice(2)
    : tag.startsWith(`!<${PREFIX}`)
      ? tag.slice(2 + PREFIX.length, -1)
      : "";
  if (name === "str") return { value: source };
  const type = TYPED.get(name);
  const value: unknown = type?.resolve(source, true, PREFIX + name) ?? (name === "null" ? null : NOT_RESOLVED);
  if (type === undefined || value === NOT_RESOLVED) return { value: source, problem: "tag" };
  return checked(value as ReadScalar["value"], source);
}

/** Reads a scalar that was written without quotes: null, truth value, number, else text. */
export function readPlainScalar(source: string): ReadScalar {
  for (const type of TYPED.values()) {
    if (type.implicitFirstChars !== null && !type.implicitFirstChars.includes(source.charAt(0))) continue;
    const value: unknown = type.resolve(source, false, type.tagName);
    if (value !== NOT_RESOLVED) return checked(value as ReadScalar["value"], source);
  }
  // js-yaml leaves a number that is too large for a double as text; here it is one that cannot be kept.
  return NUMBER.test(source) ? { value: source, problem: "number" } : { value: source };
}

function checked(value: ReadScalar["value"], source: string): ReadScalar {
  if (typeof value !== "number") return { value };
  if (!Number.isFinite(value)) return { value: source, problem: "number" };
  const whole = Number.isInteger(value) && (WHOLE_NUMBER.test(source) || /^0[xo]/.test(source));
  return whole && !Number.isSafeInteger(value) ? { value: source, problem: "number" } : { value };
}
