import { SEMANTIC_KEYWORD } from "@datapy/mod-kit";
import type { ParameterSemantics } from "@datapy/mod-kit";

/** A JSON Schema, as far as it is looked into here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

// A schema is looked into once for every value that it describes, and does not change.
const properties = new WeakMap<JsonSchema, ReadonlyMap<string, JsonSchema>>();
const types = new WeakMap<JsonSchema, ReadonlySet<string> | undefined>();
const semantics = new WeakMap<JsonSchema, ParameterSemantics | undefined>();

function cached<Value>(
  cache: WeakMap<JsonSchema, Value>,
  schema: JsonSchema,
  collect: (schema: JsonSchema) => Value,
): Value {
  if (cache.has(schema)) return cache.get(schema) as Value;
  const value = collect(schema);
  cache.set(schema, value);
  return value;
}

/** Schemas of an object's properties by name, those inside `allOf` included. */
export function propertiesOf(schema: JsonSchema): ReadonlyMap<string, JsonSchema> {
  return cached(properties, schema, collectProperties);
}

function collectProperties(schema: JsonSchema): ReadonlyMap<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const visit = (one: JsonSchema): void => {
    if (isSchema(one["properties"])) {
      for (const [name, property] of Object.entries(one["properties"]))
        if (isSchema(property)) found.set(name, property);
    }
    if (Array.isArray(one["allOf"])) for (const part of one["allOf"]) if (isSchema(part)) visit(part);
  };
  visit(schema);
  return found;
}

/** Schema of the items of a list, where all have one. */
export function itemsOf(schema: JsonSchema | undefined): JsonSchema | undefined {
  const items = schema?.["items"];
  return isSchema(items) ? items : undefined;
}

/** Schema of a property; of any other key where `additionalProperties` or `patternProperties` describe it. */
export function propertyOf(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  if (schema === undefined) return undefined;
  const declared = propertiesOf(schema).get(name);
  if (declared !== undefined) return declared;
  if (isSchema(schema["patternProperties"])) {
    for (const [pattern, one] of Object.entries(schema["patternProperties"])) {
      if (isSchema(one) && matches(pattern, name)) return one;
    }
  }
  return isSchema(schema["additionalProperties"]) ? schema["additionalProperties"] : undefined;
}

const expressions = new Map<string, RegExp>();

/** Whether a text matches a pattern of a schema. */
export function matches(pattern: string, text: string): boolean {
  let expression = expressions.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(pattern, "u");
    expressions.set(pattern, expression);
  }
  return expression.test(text);
}

/** JSON types that a value may have by a schema, through its unions; `undefined` where any is allowed. */
export function typesOf(schema: JsonSchema): ReadonlySet<string> | undefined {
  return cached(types, schema, collectTypes);
}

function collectTypes(schema: JsonSchema): ReadonlySet<string> | undefined {
  const types = new Set<string>();
  for (const branch of branchesOf(schema)) {
    const own = branch["type"];
    if (typeof own === "string") types.add(own);
    else if (Array.isArray(own)) for (const one of own) types.add(String(one));
    else if ("const" in branch) types.add(jsonType(branch["const"]));
    else if (Array.isArray(branch["enum"])) for (const one of branch["enum"]) types.add(jsonType(one));
    else return undefined;
  }
  return types;
}

/** What mod-kit's helpers (`Path`, `Secret`, …) say of a value. */
export function semanticsOf(schema: JsonSchema | undefined): ParameterSemantics | undefined {
  return schema === undefined ? undefined : cached(semantics, schema, collectSemantics);
}

function collectSemantics(schema: JsonSchema): ParameterSemantics | undefined {
  for (const branch of [schema, ...branchesOf(schema)]) {
    const meaning = branch[SEMANTIC_KEYWORD];
    if (isSchema(meaning) && typeof meaning["kind"] === "string") return meaning as ParameterSemantics;
  }
  return undefined;
}

function branchesOf(schema: JsonSchema): JsonSchema[] {
  const union = schema["anyOf"] ?? schema["oneOf"];
  if (!Array.isArray(union)) return [schema];
  return union.filter(isSchema).flatMap(branchesOf);
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
