import { propertiesOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import { isSchema, resolveReference, unionOf } from "./schema-walk.js";

/**
 * Whether a value that is valid for a union was most likely meant for this branch: its type, its constants, the keys that it must and
 * may have. Much cheaper than compiling each branch; of two branches that differ in ranges alone it takes the first.
 */
export function fitsBranch(value: unknown, schema: JsonSchema, root: JsonSchema, depth = 0): boolean {
  if (depth > 20) return true;
  const target = resolveReference(schema, root);
  if (target !== schema) return fitsBranch(value, target, root, depth + 1);
  if ("const" in schema) return JSON.stringify(schema["const"]) === JSON.stringify(value);
  if (Array.isArray(schema["enum"])) return schema["enum"].includes(value);
  const union = unionOf(schema);
  if (union !== undefined) return union.some((branch) => fitsBranch(value, branch, root, depth + 1));
  const parts = schema["allOf"];
  if (Array.isArray(parts) && !parts.filter(isSchema).every((part) => fitsBranch(value, part, root, depth + 1)))
    return false;
  if (!fitsType(value, schema["type"])) return false;
  if (typeof value === "string")
    return typeof schema["pattern"] !== "string" || new RegExp(schema["pattern"], "u").test(value);
  if (Array.isArray(value)) {
    const items = schema["items"];
    return !isSchema(items) || value.every((item) => fitsBranch(item, items, root, depth + 1));
  }
  return (
    typeof value !== "object" ||
    value === null ||
    fitsObject(value as Readonly<Record<string, unknown>>, schema, root, depth)
  );
}

function fitsObject(
  value: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
  root: JsonSchema,
  depth: number,
): boolean {
  const properties = propertiesOf(schema);
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  if (!required.every((name) => Object.hasOwn(value, String(name)))) return false;
  return Object.entries(value).every(([key, inner]) => {
    const property = properties.get(key);
    if (property !== undefined) return fitsBranch(inner, property, root, depth + 1);
    return schema["additionalProperties"] !== false || isSchema(schema["patternProperties"]);
  });
}

function fitsType(value: unknown, type: unknown): boolean {
  if (type === undefined) return true;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  if (value === null) return types.includes("null");
  if (Array.isArray(value)) return types.includes("array");
  if (typeof value === "number")
    return types.includes("number") || (types.includes("integer") && Number.isInteger(value));
  return types.includes(typeof value);
}
