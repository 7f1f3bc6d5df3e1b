import type { SourceLocation } from "@datapy/mod-kit";
import { closestName } from "../config/closest-name.js";
import { kindOf } from "../config/config-sources.js";
import { hasTemplate } from "../config/references.js";
import { matches, semanticsOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import type { TracedObject, TracedScalar, TracedValue } from "../config/traced-value.js";
import { fault } from "../errors.js";
import type { FindingList } from "./finding.js";

/**
 * Checks the shape of a project or job file against its schema: unknown keys, missing ones, values of another kind. It walks the
 * traced values, so that each finding stands at the key or value itself, and costs no compilation; it knows the keywords that
 * those schemas use. A value that is a reference may become anything, so it is left to the run.
 */
export function checkShape(value: TracedValue, schema: JsonSchema, findings: FindingList, name = ""): void {
  const branches = schemasIn(schema["anyOf"]);
  if (branches.length > 0) return checkUnion(value, schema, branches, findings, name);
  if (value.kind === "scalar" && isReference(value)) return;
  const expected = typeof schema["type"] === "string" ? schema["type"] : undefined;
  if (expected !== undefined && !isOfType(value, expected)) return refuse(value, describe(schema), findings, name);
  if ("const" in schema && (value.kind !== "scalar" || value.value !== schema["const"])) {
    return refuse(value, describe(schema), findings, name);
  }
  if (value.kind === "object") checkObject(value, schema, findings, name);
  else if (value.kind === "array") checkList(value.items, schema, findings, name);
  else if (!fitsLimits(value, schema)) refuse(value, describe(schema), findings, name);
}

function checkObject(value: TracedObject, schema: JsonSchema, findings: FindingList, name: string): void {
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  const patterns = isSchema(schema["patternProperties"]) ? Object.entries(schema["patternProperties"]) : [];
  for (const [key, inner] of value.entries) {
    const path = name === "" ? key : `${name}.${key}`;
    const declared: unknown = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const matching = patterns.find(([pattern]) => matches(pattern, key))?.[1];
    const described = declared ?? matching ?? schema["additionalProperties"];
    if (described === false) {
      findings.error(unknownKey(key, name, Object.keys(properties), inner.keyLocation ?? inner.location));
    } else if (isSchema(described)) checkShape(inner, described, findings, path);
  }
  for (const key of Array.isArray(schema["required"]) ? (schema["required"] as string[]) : []) {
    if (value.entries.has(key)) continue;
    const details = { key, what: name === "" ? "the file" : name };
    findings.error(fault("DATAPY_KEY_MISSING", details, { location: value.keyLocation ?? value.location }));
  }
}

/** The fault of a key that nothing reads. */
export function unknownKey(
  key: string,
  owner: string,
  known: readonly string[],
  location: SourceLocation | undefined,
): ReturnType<typeof fault> {
  const near = closestName(key, known);
  const hint = near === undefined ? `Known are ${known.join(", ")}.` : `Did you mean ${near}?`;
  return fault("DATAPY_KEY_UNKNOWN", { key, what: owner === "" ? "the file" : owner }, { location, hint });
}

function checkList(items: readonly TracedValue[], schema: JsonSchema, findings: FindingList, name: string): void {
  const described = schema["items"];
  if (!isSchema(described)) return;
  for (const [index, item] of items.entries())
    checkShape(item, described, findings, `${name}[${nameOfItem(item) ?? index}]`);
}

/** A step is called by its id where it has one. */
function nameOfItem(item: TracedValue): string | undefined {
  const id = item.kind === "object" ? item.entries.get("id") : undefined;
  return id?.kind === "scalar" && typeof id.value === "string" ? id.value : undefined;
}

/** Of a union the branch of the value's own kind says what is wrong inside; where none is of its kind, the union is named. */
function checkUnion(
  value: TracedValue,
  schema: JsonSchema,
  branches: readonly JsonSchema[],
  findings: FindingList,
  name: string,
): void {
  if (value.kind === "scalar" && isReference(value)) return;
  const fitting = branches.filter((branch) => fits(value, branch));
  if (fitting.length === 0) return refuse(value, describe(schema), findings, name);
  if (value.kind === "scalar") return;
  const likeliest = fitting.reduce((best, branch) =>
    sharedKeys(value, branch) > sharedKeys(value, best) ? branch : best,
  );
  checkShape(value, likeliest, findings, name);
}

function sharedKeys(value: TracedValue, { properties }: JsonSchema): number {
  if (value.kind !== "object" || !isSchema(properties)) return 0;
  return [...value.entries.keys()].filter((key) => Object.hasOwn(properties, key)).length;
}

function fits(value: TracedValue, schema: JsonSchema): boolean {
  const branches = schemasIn(schema["anyOf"]);
  if (branches.length > 0) return branches.some((branch) => fits(value, branch));
  const { type } = schema;
  if (typeof type === "string" && !isOfType(value, type)) return false;
  if ("const" in schema) return value.kind === "scalar" && value.value === schema["const"];
  return value.kind !== "scalar" || fitsLimits(value, schema);
}

function fitsLimits({ value }: TracedScalar, schema: JsonSchema): boolean {
  const { minimum, pattern, minLength } = schema;
  if (typeof value === "number") return typeof minimum !== "number" || value >= minimum;
  if (typeof value !== "string") return true;
  if (hasTemplate(value)) return true;
  return (
    (typeof minLength !== "number" || value.length >= minLength) &&
    (typeof pattern !== "string" || matches(pattern, value))
  );
}

function isOfType(value: TracedValue, type: string): boolean {
  if (value.kind === "array") return type === "array";
  if (value.kind === "object") return type === "object";
  if (value.value === null) return type === "null";
  if (type === "integer") return Number.isInteger(value.value);
  return typeof value.value === type;
}

function isReference(value: TracedScalar): boolean {
  return value.template?.length === 1 && value.template[0]?.kind === "reference";
}

function refuse(value: TracedValue, expected: string, findings: FindingList, name: string): void {
  const given =
    value.kind === "scalar" && typeof value.value === "string" ? JSON.stringify(value.value) : kindOf(value);
  const what = name === "" ? "the file" : name;
  findings.error(fault("DATAPY_CONFIG_SHAPE", { what, expected, given }, { location: value.location }));
}

/** A schema in words. */
export function describe(schema: JsonSchema): string {
  const meaning = semanticsOf(schema)?.kind;
  if (meaning === "duration") return "a time such as 30s, 5m or 1h 30m, or a number of seconds";
  if (meaning === "byte_size") return "a size such as 512MB or 2GiB, or a number of bytes";
  const branches = schemasIn(schema["anyOf"]);
  if (branches.length > 0) return joinWords([...new Set(branches.map(describe))]);
  if ("const" in schema) return JSON.stringify(schema["const"]);
  switch (schema["type"]) {
    case "object":
      return "a mapping";
    case "array":
      return "a list";
    case "integer":
      return withMinimum("a whole number", schema);
    case "number":
      return withMinimum("a number", schema);
    case "boolean":
      return "true or false";
    case "null":
      return "nothing";
    case "string":
      return typeof schema["pattern"] === "string"
        ? `a text like ${schema["pattern"]}`
        : schema["minLength"] === 1
          ? "a text that is not empty"
          : "a text";
    default:
      return "any value";
  }
}

function withMinimum(words: string, { minimum }: JsonSchema): string {
  return typeof minimum === "number" ? `${words}, ${minimum} or more` : words;
}

function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}

function schemasIn(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
