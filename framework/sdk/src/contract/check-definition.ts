import { MetadataSchema } from "@datapy/mod-kit";
import type { DatapyError, ModDefinition } from "@datapy/mod-kit";
import { applyDefaults } from "../config/apply-defaults.js";
import { propertiesOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import { NotJsonError, emptyObject, untrace } from "../config/traced-value.js";
import { fault } from "../errors.js";
import { canonicalName } from "../registry/package-key.js";
import { compileSchema } from "./compile-schema.js";
import { parameterFaults } from "./parameter-faults.js";
import { isSchema } from "./schema-walk.js";
import { valueWords } from "./value-words.js";

/** What a definition is held against. */
export interface DefinitionCheck {
  /** The mod, for the messages. */
  readonly what: string;
  /** What package.json says of it; `undefined` where there is no package. */
  readonly key?: { readonly name: string; readonly category: string } | undefined;
  /** Holds the schema against the meta-schema of JSON Schema too. Default `false`. */
  readonly thorough?: boolean;
}

/** The load checks of a mod's definition, from its metadata to its defaults: all that is wrong, each under the code of its check. */
export function checkDefinition(definition: ModDefinition, check: DefinitionCheck): DatapyError[] {
  // Authors of JavaScript have no compiler that would have told them.
  const { metadata, params, artifacts, run, guess } = definition as { readonly [Key in keyof ModDefinition]: unknown };
  const mod = check.what;
  const faults = metadataDetails(metadata).map((detail) => fault("DATAPY_METADATA_INVALID", { mod, detail }));
  if (isSchema(metadata)) faults.push(...nameFaults(metadata, check));
  if (typeof run !== "function") faults.push(fault("DATAPY_RUN_MISSING", { mod, given: valueWords(run) }));
  if (guess !== undefined && !isGuess(guess))
    faults.push(fault("DATAPY_GUESS_INVALID", { mod, given: valueWords(guess) }));
  faults.push(...artifactDetails(artifacts).map((detail) => fault("DATAPY_ARTIFACTS_INVALID", { mod, detail })));
  const schemaDetail = faultOfSchema(params, check.thorough ?? false);
  if (schemaDetail !== undefined) faults.push(fault("DATAPY_SCHEMA_INVALID", { mod, detail: schemaDetail }));
  else faults.push(...defaultFaults(params as JsonSchema, mod));
  return faults;
}

/** Held against MetadataSchema by hand: compiling it would cost every run more than all other checks together. */
function metadataDetails(metadata: unknown): string[] {
  if (!isSchema(metadata)) return [`\`metadata\` is ${valueWords(metadata)}`];
  const { properties, required = [] } = MetadataSchema as {
    readonly properties: Record<string, JsonSchema>;
    readonly required?: string[];
  };
  const details = required.filter((key) => metadata[key] === undefined).map((key) => `\`metadata.${key}\` is missing`);
  for (const [key, value] of Object.entries(metadata)) {
    const schema = properties[key];
    if (value === undefined) continue;
    if (schema === undefined)
      details.push(`\`metadata.${key}\` is not known; there are ${Object.keys(properties).join(", ")}`);
    else if (!fitsMetadata(value, schema))
      details.push(`\`metadata.${key}\` must be ${metadataWords(key)}, not ${valueWords(value)}`);
  }
  return details;
}

function fitsMetadata(value: unknown, schema: JsonSchema): boolean {
  const { type, anyOf, pattern } = schema;
  if (Array.isArray(anyOf)) return anyOf.some((branch: { readonly const?: unknown }) => branch.const === value);
  if (type === "array") return Array.isArray(value) && value.every((item) => typeof item === "string");
  return (
    typeof value === "string" &&
    value.trim() !== "" &&
    (typeof pattern !== "string" || new RegExp(pattern, "u").test(value))
  );
}

function metadataWords(key: string): string {
  switch (key) {
    case "name":
      return "small letters and digits with - or _ between them";
    case "version":
      return "a version such as 1.2.3";
    case "tags":
      return "a list of texts";
    case "category":
      return "one of source, transformer, sink, solo";
    default:
      return "text that is not empty";
  }
}

function nameFaults(metadata: JsonSchema, { what, key }: DefinitionCheck): DatapyError[] {
  if (key === undefined) return [];
  const faults: DatapyError[] = [];
  const { name, category } = metadata;
  if (typeof name === "string" && canonicalName(name) !== key.name) {
    faults.push(fault("DATAPY_NAME_MISMATCH", { mod: what, key: "name", metadata: name, package: key.name }));
  }
  if (typeof category === "string" && category !== key.category) {
    faults.push(
      fault("DATAPY_NAME_MISMATCH", { mod: what, key: "category", metadata: category, package: key.category }),
    );
  }
  return faults;
}

function artifactDetails(artifacts: unknown): string[] {
  if (artifacts === undefined) return [];
  if (!isSchema(artifacts)) return [`\`artifacts\` is ${valueWords(artifacts)}, not an object`];
  return Object.entries(artifacts).flatMap(([key, declared]) => {
    if (!isSchema(declared)) return [`\`artifacts.${key}\` is ${valueWords(declared)}, not an object`];
    const { kind, description, optional } = declared;
    return [
      ...(kind === "table" || kind === "file"
        ? []
        : [`\`artifacts.${key}.kind\` must be table or file, not ${valueWords(kind)}`]),
      ...(typeof description === "string" && description.trim() !== ""
        ? []
        : [`\`artifacts.${key}.description\` is missing`]),
      ...(optional === undefined || typeof optional === "boolean"
        ? []
        : [`\`artifacts.${key}.optional\` must be true or false`]),
    ];
  });
}

function isGuess(guess: unknown): boolean {
  if (!isSchema(guess)) return false;
  const { parameter, files, run } = guess;
  const endings = files === undefined || (Array.isArray(files) && files.every((one) => typeof one === "string"));
  return typeof parameter === "string" && endings && typeof run === "function";
}

function faultOfSchema(params: unknown, thorough: boolean): string | undefined {
  if (!isSchema(params)) return `\`params\` is ${valueWords(params)}, not a schema; an empty one is Type.Object({})`;
  if (params["type"] !== "object") return "`params` must be a Type.Object";
  try {
    compileSchema(params, { thorough });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The defaults as a run fills them in, those inside of a default too. */
function defaultsOf(schema: JsonSchema): Record<string, unknown> {
  try {
    return untrace(applyDefaults(emptyObject("default"), schema)) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error;
    const own = [...propertiesOf(schema)].filter(([, property]) => "default" in property);
    return Object.fromEntries(own.map(([name, property]) => [name, property["default"]]));
  }
}

/** Holds the defaults against the schema as if they were given; that a parameter without one is missing is as it should be. */
function defaultFaults(schema: JsonSchema, mod: string): DatapyError[] {
  return parameterFaults({ schema, values: defaultsOf(schema) })
    .filter(({ pointer, error }) => !(error.code === "DATAPY_PARAMETER_MISSING" && isTopLevel(pointer)))
    .map(({ error }) => fault("DATAPY_DEFAULT_INVALID", { mod, detail: error.message }));
}

function isTopLevel(pointer: string): boolean {
  return pointer.lastIndexOf("/") === 0;
}
