import { itemsOf, propertiesOf } from "./schema-properties.js";
import type { JsonSchema } from "./schema-properties.js";
import { TracedArray, mergeTraced, traceJson } from "./traced-value.js";
import type { TracedObject, TracedValue } from "./traced-value.js";

/**
 * Lays a value over the defaults of its schema, at every depth: of properties that are absent, and inside objects and list items
 * that are there.
 */
export function applyDefaults(value: TracedObject, schema: JsonSchema): TracedObject {
  const entries = new Map(value.entries);
  for (const [name, property] of propertiesOf(schema)) {
    const given = entries.get(name);
    const fallback = defaultOf(property);
    const merged = given !== undefined && fallback !== undefined ? mergeTraced(fallback, given) : (given ?? fallback);
    if (merged !== undefined) entries.set(name, inside(merged, property));
  }
  return value.withEntries(entries);
}

// One schema serves many runs and many files.
const traced = new WeakMap<JsonSchema, TracedValue>();

function defaultOf(property: JsonSchema): TracedValue | undefined {
  if (!("default" in property)) return undefined;
  let value = traced.get(property);
  if (value === undefined) {
    value = traceJson(property["default"], "default");
    traced.set(property, value);
  }
  return value;
}

function inside(value: TracedValue, schema: JsonSchema): TracedValue {
  if (value.kind === "object") return applyDefaults(value, schema);
  const items = itemsOf(schema);
  if (value.kind !== "array" || items === undefined) return value;
  return new TracedArray(
    value,
    value.items.map((item) => inside(item, items)),
  );
}
