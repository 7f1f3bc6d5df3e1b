import { itemsOf, propertyOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import { pointerSteps } from "../config/yaml-document.js";
import { semanticsOfSchema } from "./schema-semantics.js";
import { isSchema, resolveReference, unionOf } from "./schema-walk.js";

/** Names that hold secrets also where an author has not said so. */
const SECRET_NAME = /passw|secret|token|credential|api_?key|private_?key|access_?key/i;

/** Whether the value at a JSON pointer may be a secret, by any branch of the schema or by its name. */
export function isSecretAt(schema: JsonSchema, pointer: string): boolean {
  let candidates = withBranches([schema], schema);
  for (const step of pointerSteps(pointer)) {
    if (SECRET_NAME.test(step)) return true;
    candidates = withBranches(
      candidates.flatMap((one) => {
        const inner = propertyOf(one, step) ?? (/^\d+$/.test(step) ? itemAt(one, Number(step)) : undefined);
        return inner === undefined ? [] : [inner];
      }),
      schema,
    );
    if (candidates.some((one) => semanticsOfSchema(one)?.kind === "secret")) return true;
  }
  return false;
}

function itemAt(schema: JsonSchema, index: number): JsonSchema | undefined {
  const items = schema["items"];
  const one: unknown = Array.isArray(items) ? items[index] : itemsOf(schema);
  return isSchema(one) ? one : undefined;
}

function withBranches(schemas: readonly JsonSchema[], root: JsonSchema, found = new Set<JsonSchema>()): JsonSchema[] {
  for (const schema of schemas) {
    const target = resolveReference(schema, root);
    for (const one of [schema, target]) {
      if (found.has(one)) continue;
      found.add(one);
      const parts = one["allOf"];
      withBranches([...(unionOf(one) ?? []), ...(Array.isArray(parts) ? parts.filter(isSchema) : [])], root, found);
    }
  }
  return [...found];
}
