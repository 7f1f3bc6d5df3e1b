import type { JsonSchema } from "../config/schema-properties.js";
import { semanticsOfSchema } from "./schema-semantics.js";
import { FORMAT_WORDS } from "./formats.js";
import { isSchema, resolveReference, unionOf } from "./schema-walk.js";

/**
 * What a schema wants, in words that complete "must be …": `a number ≥ 0`, `one of fail, quarantine`, `a duration such as 30s`,
 * `a list, each item text`. `root` is where its references lead.
 */
export function schemaWords(schema: JsonSchema, root: JsonSchema = schema, depth = 0): string {
  const meaning = semanticsOfSchema(schema);
  switch (meaning?.kind) {
    case "duration":
      return "a duration such as 30s or 1h 30m, or a number of seconds";
    case "byte_size":
      return "a size such as 64MiB or 2GB, or a number of bytes";
    case "path":
      return meaning.target === "directory"
        ? "the path of a folder"
        : meaning.target === "any"
          ? "a path"
          : "the path of a file";
    case "artifact":
      return meaning.artifact === "table" ? "a table artifact (its path or URI)" : "an artifact (its path or URI)";
    case "secret":
    case undefined:
  }
  const target = resolveReference(schema, root);
  if (target !== schema) return depth > 4 ? "the same again" : schemaWords(target, root, depth + 1);
  if ("const" in schema) return literalWords(schema["const"]);
  if (Array.isArray(schema["enum"])) return choiceWords(schema["enum"]);
  const union = unionOf(schema);
  if (union !== undefined) return unionWords(union, root, depth);
  const types = Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]];
  return types.map((type) => typeWords(type, schema, root, depth)).join(" or ");
}

/** The same, for a table of parameters: short, without "a". */
export function typeName(schema: JsonSchema, root: JsonSchema = schema, depth = 0): string {
  const meaning = semanticsOfSchema(schema);
  if (meaning !== undefined) return meaning.kind === "byte_size" ? "byte size" : meaning.kind;
  const target = resolveReference(schema, root);
  if (target !== schema) return depth > 4 ? "…" : typeName(target, root, depth + 1);
  if ("const" in schema) return literalWords(schema["const"]);
  if (Array.isArray(schema["enum"])) return schema["enum"].map(literalWords).join(" | ");
  const union = unionOf(schema);
  if (union !== undefined) return [...new Set(union.map((branch) => typeName(branch, root, depth + 1)))].join(" | ");
  const types = Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]];
  return types.map((type) => shortType(type, schema, root, depth)).join(" | ");
}

function shortType(type: unknown, schema: JsonSchema, root: JsonSchema, depth: number): string {
  const inner = (one: unknown): string | undefined =>
    isSchema(one) && depth < 4 ? typeName(one, root, depth + 1) : undefined;
  switch (type) {
    case "string":
      return "text";
    case "integer":
      return "whole number";
    case "array": {
      const items = inner(schema["items"]);
      return items === undefined || items === "any" ? "list" : `list of ${items}`;
    }
    case "object": {
      const values = inner(recordValues(schema));
      return values === undefined || values === "any" ? "mapping" : `mapping to ${values}`;
    }
    case "boolean":
    case "number":
    case "null":
      return type;
    default:
      return "any";
  }
}

function typeWords(type: unknown, schema: JsonSchema, root: JsonSchema, depth: number): string {
  switch (type) {
    case "string":
      return textWords(schema);
    case "number":
      return `a number${limits(schema)}`;
    case "integer":
      return `a whole number${limits(schema)}`;
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return listWords(schema, root, depth);
    case "object":
      return mappingWords(schema, root, depth);
    default:
      return schema["not"] === undefined ? "any value" : "another value";
  }
}

function textWords(schema: JsonSchema): string {
  const { format, pattern, minLength = 0, maxLength } = schema;
  const formatWords = typeof format === "string" ? FORMAT_WORDS[format] : undefined;
  if (formatWords !== undefined) return formatWords;
  const counted = (count: unknown): string => (count === 1 ? "one character" : `${String(count)} characters`);
  const parts: string[] = [];
  if (minLength === maxLength) return counted(minLength);
  if (minLength === 1) parts.push("that is not empty");
  else if (typeof minLength === "number" && minLength > 1) parts.push(`of at least ${counted(minLength)}`);
  if (maxLength !== undefined) parts.push(`of at most ${counted(maxLength)}`);
  if (typeof pattern === "string") parts.push(`that matches /${pattern}/`);
  return ["text", parts.join(" and ")].filter((part) => part !== "").join(" ");
}

function limits(schema: JsonSchema): string {
  const signs = { minimum: "≥", exclusiveMinimum: ">", maximum: "≤", exclusiveMaximum: "<" };
  const parts = Object.entries(signs)
    .filter(([key]) => typeof schema[key] === "number")
    .map(([key, sign]) => `${sign} ${String(schema[key])}`);
  const range = parts.length === 0 ? "" : ` ${parts.join(" and ")}`;
  const multiple = schema["multipleOf"];
  return typeof multiple === "number" ? `${range}, a multiple of ${String(multiple)}` : range;
}

function listWords(schema: JsonSchema, root: JsonSchema, depth: number): string {
  const { items, minItems, maxItems, uniqueItems } = schema;
  const counted = (count: unknown): string => (count === 1 ? "one item" : `${String(count)} items`);
  const parts: string[] = [];
  if (minItems !== undefined && minItems === maxItems) parts.push(`of ${counted(minItems)}`);
  else {
    if (typeof minItems === "number" && minItems > 0) parts.push(`of at least ${counted(minItems)}`);
    if (maxItems !== undefined) parts.push(`of at most ${counted(maxItems)}`);
  }
  if (uniqueItems === true) parts.push("without repetitions");
  const head = ["a list", parts.join(" and ")].filter((part) => part !== "").join(" ");
  if (Array.isArray(items) && depth < 3) {
    return `${head} (${items
      .filter(isSchema)
      .map((item) => schemaWords(item, root, depth + 1))
      .join("; ")})`;
  }
  return isSchema(items) && Object.keys(items).length > 0 && depth < 3
    ? `${head}, each item ${schemaWords(items, root, depth + 1)}`
    : head;
}

function mappingWords(schema: JsonSchema, root: JsonSchema, depth: number): string {
  const values = recordValues(schema);
  if (values !== undefined && Object.keys(values).length > 0 && depth < 3) {
    return `a mapping, each value ${schemaWords(values, root, depth + 1)}`;
  }
  const names = isSchema(schema["properties"]) ? Object.keys(schema["properties"]) : [];
  return names.length === 0
    ? "a mapping"
    : `a mapping with ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
}

/** Schema of the values of a `Type.Record`. */
function recordValues(schema: JsonSchema): JsonSchema | undefined {
  const { patternProperties, additionalProperties, properties } = schema;
  if (isSchema(properties) && Object.keys(properties).length > 0) return undefined;
  if (isSchema(patternProperties)) {
    const [only, ...others] = Object.values(patternProperties);
    return others.length === 0 && isSchema(only) ? only : undefined;
  }
  return isSchema(additionalProperties) ? additionalProperties : undefined;
}

function unionWords(branches: readonly JsonSchema[], root: JsonSchema, depth: number): string {
  const literals = branches.filter((branch) => "const" in branch);
  const others = branches.filter((branch) => !("const" in branch));
  const words = others.map((branch) => schemaWords(branch, root, depth + 1));
  if (literals.length > 0) words.unshift(choiceWords(literals.map((branch) => branch["const"])));
  return [...new Set(words)].join(", or ");
}

function choiceWords(values: readonly unknown[]): string {
  return values.length === 1 ? literalWords(values[0]) : `one of ${values.map(literalWords).join(", ")}`;
}

/** As a user would write it in YAML: quotes only where they are needed to see what is meant. */
function literalWords(value: unknown): string {
  return typeof value === "string" && /^[A-Za-z_][\w.+-]*$/.test(value) ? value : JSON.stringify(value);
}
