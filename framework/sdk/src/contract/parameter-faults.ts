import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import type { ErrorObject } from "ajv";
import { closestName } from "../config/closest-name.js";
import { propertiesOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import { pointerSteps, pointerTo } from "../config/yaml-document.js";
import { fault } from "../errors.js";
import { collapseUnions } from "./collapse-unions.js";
import { compileSchema } from "./compile-schema.js";
import type { CompiledSchema } from "./compile-schema.js";
import { isSchema } from "./schema-walk.js";
import { schemaWords } from "./schema-words.js";
import { isSecretAt } from "./secret-parameters.js";
import { kindWords, valueWords } from "./value-words.js";

/** What is held against what. */
export interface ParameterCheck {
  /** JSON Schema of the parameters; from a manifest as well as from a loaded mod. */
  readonly schema: JsonSchema;
  /** Parameters with defaults filled in. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Where the value at a JSON pointer, or its nearest parent, was written. Default nowhere. */
  readonly locate?: ((pointer: string) => SourceLocation | undefined) | undefined;
  /** Name of the mod, for the messages. */
  readonly mod?: string | undefined;
  /** Texts that may not stand in a message, wherever they came from. */
  readonly secrets?: readonly string[] | undefined;
}

/** One fault and the JSON pointer of the value that has it (of the parameter that is missing, too). */
export interface ParameterFault {
  readonly pointer: string;
  readonly error: DatapyError;
}

/**
 * Every fault of a set of parameters at once, in the order of the files that they were written in: `DATAPY_PARAMETER_UNKNOWN`,
 * `DATAPY_PARAMETER_MISSING`, `DATAPY_PARAMETER_INVALID`. A parameter that the schema does not declare is a fault even where the
 * schema would let it pass, save `base_path`, which the host takes. Nothing is coerced. Values of secrets are never in a message.
 *
 * Throws `DATAPY_SCHEMA_INVALID` when the schema is none.
 */
export function parameterFaults(check: ParameterCheck): ParameterFault[] {
  const { schema, values } = check;
  const errors = compiled(check)(values);
  const faults = [
    ...unknownParameters(check),
    ...byPlace(collapseUnions(errors, schema)).flatMap((group) => groupFaults(group, check)),
  ];
  const files = [...new Set(faults.map(({ error }) => error.location?.file))];
  const place = ({ error: { location } }: ParameterFault): readonly number[] => [
    files.indexOf(location?.file),
    location?.line ?? 0,
    location?.column ?? 0,
  ];
  return faults.sort((one, other) => compareInOrder(place(one), place(other)));
}

/** A manifest may hold what is no schema; a mod that was loaded has been checked. */
function compiled({ schema, mod = "the mod" }: ParameterCheck): CompiledSchema {
  try {
    return compileSchema(schema);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw fault("DATAPY_SCHEMA_INVALID", { mod, detail }, { cause });
  }
}

function unknownParameters(check: ParameterCheck): ParameterFault[] {
  const { schema, values } = check;
  const declared = propertiesOf(schema);
  const patterns = isSchema(schema["patternProperties"]) ? Object.keys(schema["patternProperties"]) : [];
  return Object.keys(values)
    .filter(
      (name) => !declared.has(name) && name !== "base_path" && !patterns.some((one) => new RegExp(one, "u").test(name)),
    )
    .map((name) => unknownFault(check, "", name, [...declared.keys()]));
}

/** Errors of one place that were held against one schema are one fault: text that is empty is also text that matches no pattern. */
function byPlace(errors: readonly ErrorObject[]): ErrorObject[][] {
  const groups = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    // The branch that an `if` chose has errors of its own.
    if (error.keyword === "if") continue;
    const key = `${error.instancePath}\0${placeKey(error)}`;
    groups.set(key, [...(groups.get(key) ?? []), error]);
  }
  return [...groups.values()];
}

function placeKey({ keyword, params }: ErrorObject): string {
  const { missingProperty, additionalProperty } = params as Readonly<Record<string, unknown>>;
  const named = missingProperty ?? additionalProperty;
  return typeof named === "string" ? `${keyword}\0${named}` : "";
}

function groupFaults(group: readonly ErrorObject[], check: ParameterCheck): ParameterFault[] {
  const [error] = group;
  if (error === undefined) return [];
  const parent = isSchema(error.parentSchema) ? error.parentSchema : {};
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case "required":
    case "dependentRequired":
    case "dependencies":
      return [missingFault(check, error.instancePath, String(params["missingProperty"]), parent)];
    case "additionalProperties":
    case "unevaluatedProperties":
      // Those of the top are found by name already.
      if (error.instancePath === "") return [];
      return [
        unknownFault(check, error.instancePath, String(params["additionalProperty"]), [...propertiesOf(parent).keys()]),
      ];
    default:
      return [invalidFault(check, group)];
  }
}

function unknownFault(check: ParameterCheck, parent: string, name: string, known: readonly string[]): ParameterFault {
  const pointer = pointerTo(parent, name);
  const near = closestName(name, known);
  const where = parent === "" ? (check.mod ?? "the mod") : parameterName(parent);
  const hint =
    near !== undefined
      ? `Did you mean ${near}?`
      : known.length === 0
        ? `${where} takes ${parent === "" ? "no parameters" : "no keys"}.`
        : `${where} takes ${listed(known)}.`;
  const what = parent === "" ? "parameter" : "key";
  return {
    pointer,
    error: fault("DATAPY_PARAMETER_UNKNOWN", { where, what, name }, { location: check.locate?.(pointer), hint }),
  };
}

function missingFault(check: ParameterCheck, parent: string, name: string, schema: JsonSchema): ParameterFault {
  const pointer = pointerTo(parent, name);
  const property = propertiesOf(schema).get(name);
  const expected = property === undefined ? "a value" : schemaWords(property, check.schema);
  const where = parent === "" ? (check.mod ?? "the mod") : parameterName(parent);
  const hint =
    descriptionHint(property) ?? (check.mod === undefined ? undefined : `See \`datapy mods info ${check.mod}\`.`);
  return {
    pointer,
    error: fault(
      "DATAPY_PARAMETER_MISSING",
      { where, name, expected },
      { location: check.locate?.(pointer), ...(hint === undefined ? {} : { hint }) },
    ),
  };
}

function invalidFault(check: ParameterCheck, group: readonly ErrorObject[]): ParameterFault {
  const [error] = group as [ErrorObject];
  const pointer = error.instancePath;
  const schemas = [...new Set(group.map((one) => one.parentSchema).filter(isSchema))];
  const expected = [...new Set(schemas.map((one) => schemaWords(one, check.schema)))].join(", and also ");
  const value: unknown = error.data;
  const given = holdsSecret(check, pointer, value) ? `${kindWords(value)} (a secret, not shown)` : valueWords(value);
  const hint = nearChoice(value, schemas) ?? kindHint(group, value) ?? detailHint(error) ?? descriptionHint(schemas[0]);
  return {
    pointer,
    error: fault(
      "DATAPY_PARAMETER_INVALID",
      { name: parameterName(pointer), expected, given, mod: check.mod ?? "the mod" },
      { location: check.locate?.(pointer), ...(hint === undefined ? {} : { hint }) },
    ),
  };
}

function holdsSecret({ schema, secrets = [] }: ParameterCheck, pointer: string, value: unknown): boolean {
  if (isSecretAt(schema, pointer)) return true;
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return text !== "" && secrets.some((secret) => secret !== "" && text.includes(secret));
}

/** `columns[2].name` for `/columns/2/name`. */
function parameterName(pointer: string): string {
  const name = pointerSteps(pointer).reduce(
    (path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : path === "" ? step : `${path}.${step}`),
    "",
  );
  return name === "" ? "the set of parameters" : name;
}

function nearChoice(value: unknown, schemas: readonly JsonSchema[]): string | undefined {
  if (typeof value !== "string") return undefined;
  const near = closestName(value, schemas.flatMap(choicesOf));
  return near === undefined ? undefined : `Did you mean ${near}?`;
}

function choicesOf(schema: JsonSchema): string[] {
  const choices = Array.isArray(schema["enum"]) ? schema["enum"] : [schema["const"]];
  const union = schema["anyOf"] ?? schema["oneOf"];
  const own = choices.filter((choice) => typeof choice === "string");
  return Array.isArray(union) ? [...own, ...union.filter(isSchema).flatMap(choicesOf)] : own;
}

/** Most wrong types are a matter of quotes. */
function kindHint(group: readonly ErrorObject[], value: unknown): string | undefined {
  const wanted = new Set(
    group.filter((one) => one.keyword === "type").flatMap((one) => (one.params as { type: string | string[] }).type),
  );
  if (
    typeof value === "string" &&
    (wanted.has("number") || wanted.has("integer")) &&
    /^[+-]?\d+(\.\d+)?$/.test(value)
  ) {
    return "Remove the quotes.";
  }
  if (typeof value === "string" && wanted.has("boolean") && /^(true|false)$/i.test(value)) return "Remove the quotes.";
  if (wanted.has("string") && (typeof value === "number" || typeof value === "boolean")) return "Put it in quotes.";
  if (wanted.has("array") && !Array.isArray(value) && value !== null && typeof value !== "object")
    return "Write a list, such as [a, b].";
  return undefined;
}

function detailHint({ keyword, params }: ErrorObject): string | undefined {
  const { i, j, propertyName } = params as Readonly<Record<string, unknown>>;
  if (keyword === "uniqueItems") {
    const [first, second] = [Number(i), Number(j)].sort((one, other) => one - other);
    return `Items ${String(first)} and ${String(second)} are alike (counted from 0).`;
  }
  if (keyword === "propertyNames") return `The key ${JSON.stringify(propertyName)} is not allowed.`;
  return undefined;
}

function descriptionHint(schema: JsonSchema | undefined): string | undefined {
  const description = schema?.["description"];
  if (typeof description !== "string" || description.trim() === "") return undefined;
  const text = description.trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function listed(names: readonly string[]): string {
  return names.length > 20 ? `${names.slice(0, 20).join(", ")}, …` : names.join(", ");
}

function compareInOrder(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((number, at) => number !== other[at]);
  return index < 0 ? 0 : (one[index] ?? 0) - (other[index] ?? 0);
}
