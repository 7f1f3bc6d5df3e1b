import { parseByteSize, parseDuration } from "../../contract/parse-quantity.js";
import type { TracedObject, TracedValue } from "../../config/traced-value.js";
import { untrace } from "../../config/traced-value.js";
import type { OnError, PlanRetries, PlanSettings } from "./plan-types.js";

/** Wait before the first retry where the job does not say, in milliseconds; it doubles with each. */
const FIRST_WAIT_MS = 1_000;
/** Longest wait between tries where the job does not say, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;

/** Gives the plain value of what stands in the file, references replaced. */
export type Expand = (node: TracedValue) => Promise<unknown>;

/** What a step's own keys say, apart from mod, parameters and what it waits for. */
export interface StepOptions {
  readonly description: string | undefined;
  readonly always: boolean;
  readonly retries: PlanRetries;
  readonly timeout_ms: number | null;
  readonly on_error: OnError;
  readonly concurrency: number;
  readonly cache: { readonly max_age_ms: number | null } | null;
  readonly isolate: boolean;
  readonly memory_limit_bytes: number | null;
  readonly tags: readonly string[];
}

/** Keys of a step that are plain settings. Their shape has been checked by lint; a reference in them may still give something else. */
const OPTION_KEYS = [
  "description",
  "always",
  "retries",
  "timeout",
  "on_error",
  "concurrency",
  "cache",
  "isolate",
  "memory_limit",
  "tags",
] as const;

/** Reads the settings of a step; of the simple form's steps, which have none, all are defaults. */
export async function readStepOptions(node: TracedObject | undefined, expand: Expand): Promise<StepOptions> {
  const values: Partial<Record<(typeof OPTION_KEYS)[number], unknown>> = {};
  for (const key of OPTION_KEYS) {
    const value = node?.entries.get(key);
    if (value !== undefined) values[key] = await plainValue(value, expand);
  }
  return {
    description: typeof values.description === "string" ? values.description : undefined,
    always: values.always === true,
    retries: readRetries(values.retries),
    timeout_ms: milliseconds(values.timeout),
    on_error:
      values.on_error === "fail" || values.on_error === "continue" ? values.on_error : ("skip_dependents" as const),
    concurrency: positive(values.concurrency) ?? 1,
    cache: readCache(values.cache),
    isolate: values.isolate === true || values.memory_limit !== undefined,
    memory_limit_bytes: values.memory_limit === undefined ? null : (parseByteSize(values.memory_limit) ?? null),
    tags: Array.isArray(values.tags) ? values.tags.map(String) : [],
  };
}

/** Reads what holds for the job as a whole. */
export async function readJobSettings(root: TracedObject, expand: Expand): Promise<PlanSettings> {
  const read = async (key: string): Promise<unknown> => {
    const node = root.entries.get(key);
    return node === undefined ? undefined : plainValue(node, expand);
  };
  const overlap = await read("on_overlap");
  return {
    max_parallel: positive(await read("max_parallel")) ?? null,
    timeout_ms: milliseconds(await read("timeout")),
    on_overlap: overlap === "wait" || overlap === "allow" ? overlap : "refuse",
  };
}

/** Only what holds a reference costs an expansion. */
export function plainValue(node: TracedValue, expand: Expand): Promise<unknown> {
  return hasReference(node) ? expand(node) : Promise.resolve(untrace(node));
}

function hasReference(node: TracedValue): boolean {
  if (node.kind === "scalar") return node.template !== undefined;
  return node.kind === "array" ? node.items.some(hasReference) : [...node.entries.values()].some(hasReference);
}

function readRetries(value: unknown): PlanRetries {
  const given = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { max: value };
  const backoff = given["backoff"];
  const on = Array.isArray(given["on"]) ? given["on"].map(String) : [];
  const max = typeof given["max"] === "number" ? given["max"] : 0;
  if (typeof backoff === "object" && backoff !== null) {
    const { initial, factor, max: longest } = backoff as Record<string, unknown>;
    return {
      max,
      initial_ms: milliseconds(initial) ?? FIRST_WAIT_MS,
      factor: typeof factor === "number" ? factor : 2,
      max_ms: milliseconds(longest) ?? LONGEST_WAIT_MS,
      on,
    };
  }
  const fixed = milliseconds(backoff);
  if (fixed !== null) return { max, initial_ms: fixed, factor: 1, max_ms: fixed, on };
  return { max, initial_ms: FIRST_WAIT_MS, factor: 2, max_ms: LONGEST_WAIT_MS, on };
}

function readCache(value: unknown): StepOptions["cache"] {
  if (value === true) return { max_age_ms: null };
  if (typeof value !== "object" || value === null) return null;
  return { max_age_ms: milliseconds((value as Record<string, unknown>)["max_age"]) };
}

function milliseconds(value: unknown): number | null {
  return typeof value === "number" || typeof value === "string" ? (parseDuration(value) ?? null) : null;
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 ? value : undefined;
}
