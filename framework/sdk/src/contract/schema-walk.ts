import type { JsonSchema } from "../config/schema-properties.js";

/** Whether `value` is a schema that has keywords (`true` and `false` are schemas too, and say nothing). */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Branches of a union; `undefined` where the schema is none. */
export function unionOf(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const union = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(union) ? union.filter(isSchema) : undefined;
}

/**
 * The schema that `$ref` leads to inside `root`: `#`, `#/…`, or the `$id` of a schema in it, as `Type.Recursive` and `Type.Module` write them.
 * The schema itself where it has no reference, or one that leads nowhere.
 */
export function resolveReference(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  if (reference === "#") return root;
  if (reference.startsWith("#/")) {
    let node: unknown = root;
    for (const step of reference.slice(2).split("/")) {
      if (typeof node !== "object" || node === null) return schema;
      node = (node as Record<string, unknown>)[decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    return isSchema(node) && node !== schema ? node : schema;
  }
  return withId(root, reference) ?? schema;
}

function withId(node: unknown, id: string): JsonSchema | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  if (!Array.isArray(node) && (node as JsonSchema)["$id"] === id) return node as JsonSchema;
  for (const inner of Object.values(node)) {
    const found = withId(inner, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every schema inside `schema`, itself and what it refers to included. */
export function schemasWithin(schema: unknown, root: JsonSchema, found = new Set<unknown>()): Set<unknown> {
  if (typeof schema !== "object" || schema === null || found.has(schema)) return found;
  found.add(schema);
  for (const inner of Object.values(schema)) schemasWithin(inner, root, found);
  if (isSchema(schema) && typeof schema["$ref"] === "string")
    schemasWithin(resolveReference(schema, root), root, found);
  return found;
}
