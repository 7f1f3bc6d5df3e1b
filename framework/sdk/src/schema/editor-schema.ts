import { SEMANTIC_KEYWORD } from "@datapy/mod-kit";
import { FRAMEWORK_GLOBALS } from "../config/framework-globals.js";
import type { JsonSchema } from "../config/schema-properties.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { JobSchema } from "./job-schema.js";
import { PipelineTestSchema } from "./pipeline-test-schema.js";
import { ProjectSchema } from "./project-schema.js";

/** What an editor's schema is made for: a kind of file, and the mods whose parameters it knows. */
type Mods = readonly RegisteredMod[];

type MutableSchema = Record<string, unknown>;

const DRAFT = "http://json-schema.org/draft-07/schema#";
/** `${…}` may stand wherever a value may, also where a number belongs. */
const REFERENCE: JsonSchema = { type: "string", pattern: "\\$\\{[^}]+\\}" };

/** Schema of job files in which each mod's parameters stand under its name. */
export function jobEditorSchema(mods: Mods): JsonSchema {
  const schema = plainCopy(JobSchema) as MutableSchema & { properties: Record<string, JsonSchema> };
  const parameters = parameterDefinitions(mods);
  const step = schema.properties["steps"]?.["items"] as MutableSchema & { properties: Record<string, MutableSchema> };
  const names = mods.map((mod) => mod.name);
  step.properties["mod"] = { ...step.properties["mod"], anyOf: [{ enum: names }, { type: "string" }] };
  step["allOf"] = mods.map((mod) => ({
    if: { properties: { mod: { enum: spellingsOf(mod) } }, required: ["mod"] },
    then: { properties: { params: reference(mod) } },
  }));
  schema.properties["mods"] = modMapping(schema.properties["mods"], mods);
  schema.properties["globals"] = globalsSchema(schema.properties["globals"], mods);
  return publish(schema, parameters, { not: { required: ["mods", "steps"] } });
}

/** Schema of files of pipeline tests, in which the parameters of a tested mod stand under its name. */
export function testEditorSchema(mods: Mods): JsonSchema {
  const schema = plainCopy(PipelineTestSchema) as MutableSchema & { properties: Record<string, JsonSchema> };
  const names = mods.map((mod) => mod.name);
  schema.properties["mod"] = { ...schema.properties["mod"], anyOf: [{ enum: names }, { type: "string" }] };
  const cases = mods.map((mod) => ({
    if: { properties: { mod: { enum: spellingsOf(mod) } }, required: ["mod"] },
    then: { properties: { tests: { items: { properties: { params: reference(mod) } } } } },
  }));
  return publish(schema, parameterDefinitions(mods), {
    oneOf: [{ required: ["job"] }, { required: ["mod"] }],
    allOf: cases,
  });
}

/** Schema of project files. */
export function projectEditorSchema(mods: Mods): JsonSchema {
  const schema = plainCopy(ProjectSchema) as MutableSchema & { properties: Record<string, JsonSchema> };
  const complete = (properties: Record<string, JsonSchema>): void => {
    properties["mod_defaults"] = modMapping(properties["mod_defaults"], mods);
    properties["globals"] = globalsSchema(properties["globals"], mods);
  };
  complete(schema.properties);
  const environments = schema.properties["environments"]?.["anyOf"] as readonly MutableSchema[];
  for (const overlay of patternSchemas(environments[0])) complete(overlay.properties);
  return publish(schema, parameterDefinitions(mods), {});
}

/** Schema of flat parameter files of one mod. `given` are parameters that the project gives, so that a file need not. */
export function parametersEditorSchema(mod: RegisteredMod, given: ReadonlySet<string> = new Set()): JsonSchema {
  const { required, ...own } = parameterSchema(mod);
  const missing = Array.isArray(required) ? required.filter((name: string) => !given.has(name)) : [];
  return {
    $schema: DRAFT,
    ...own,
    ...(missing.length === 0 ? {} : { required: missing }),
    title: `Parameters of ${mod.name}`,
    description: mod.description,
  };
}

function publish(schema: MutableSchema, definitions: JsonSchema, more: JsonSchema): JsonSchema {
  // An editor takes a schema's $id for the place to resolve references against; a file has a place already.
  const { $id: _id, ...rest } = schema;
  return { $schema: DRAFT, ...rest, ...more, definitions };
}

/** `mods:` and `mod_defaults:`: every installed mod under its name in both spellings, and names of mods that are not here. */
function modMapping(written: JsonSchema | undefined, mods: Mods): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const mod of mods) {
    for (const name of spellingsOf(mod).slice(0, 2)) properties[name] = reference(mod);
  }
  const description = written?.["description"];
  return {
    ...(description === undefined ? {} : { description }),
    type: ["object", "null"],
    properties,
    additionalProperties: { type: ["object", "null"] },
  };
}

/** Globals: those of the host, and every parameter's name, since a global of that name reaches the mod. */
function globalsSchema(written: JsonSchema | undefined, mods: Mods): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const mod of mods) {
    for (const name of Object.keys(propertiesOf(mod)))
      properties[name] ??= { description: `Parameter of ${mod.name} and of any other mod that has it` };
  }
  for (const [name, description] of Object.entries(FRAMEWORK_GLOBALS)) properties[name] = { description };
  const description = written?.["description"];
  return { ...(description === undefined ? {} : { description }), type: ["object", "null"], properties };
}

function reference(mod: RegisteredMod): JsonSchema {
  return { $ref: `#/definitions/${mod.name}` };
}

/**
 * Parameters of each mod, none of them required: project, globals or the mod before may give what a file does not. What is missing
 * in the end, lint and the run say.
 */
function parameterDefinitions(mods: Mods): JsonSchema {
  return Object.fromEntries(
    mods.map((mod) => {
      const { required: _required, ...schema } = parameterSchema(mod);
      // A mod that takes nothing from a file is written as a key alone.
      return [mod.name, { ...schema, type: ["object", "null"] }];
    }),
  );
}

/**
 * Parameters of a mod as an editor shows them: with `base_path`, with references allowed for every value, without names that the host
 * refuses, and what has a default not required.
 */
function parameterSchema(mod: RegisteredMod): MutableSchema {
  const schema = withoutGiven(plainCopy(mod.manifest?.params ?? { type: "object" })) as MutableSchema;
  const properties: Record<string, JsonSchema> = {
    base_path: { type: "string", description: FRAMEWORK_GLOBALS["base_path"] },
  };
  for (const [name, property] of Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>))
    properties[name] = allowReference(property);
  const { $id: _id, $schema: _schema, ...rest } = schema;
  return { title: mod.name, description: mod.description, ...rest, properties, additionalProperties: false };
}

/** A schema, and those in it, that requires nothing which has a default: the host fills that in, at every depth. */
function withoutGiven(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutGiven);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withoutGiven(value)]));
  const { required, properties } = copy;
  if (!Array.isArray(required) || typeof properties !== "object" || properties === null) return copy;
  const left = required.filter((name: string) => {
    const property = (properties as Record<string, unknown>)[name];
    return typeof property !== "object" || property === null || !("default" in property);
  });
  const { required: _required, ...rest } = copy;
  return left.length === 0 ? rest : { ...rest, required: left };
}

/** Description and default stay outside the union, where editors look for them. */
function allowReference(property: JsonSchema): JsonSchema {
  const { description, default: fallback, title, deprecated, examples, ...rest } = property;
  const outside = Object.fromEntries(
    Object.entries({ title, description, default: fallback, deprecated, examples }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const takesText =
    rest["type"] === "string" &&
    rest["pattern"] === undefined &&
    rest["enum"] === undefined &&
    rest["format"] === undefined;
  if (takesText || Object.keys(rest).length === 0) return { ...outside, ...rest };
  return { ...outside, anyOf: [...branchesOf(rest), REFERENCE] };
}

/** The branches of a union that is nothing else; texts to choose from as one of them, which editors offer as a list. */
function branchesOf(schema: JsonSchema): JsonSchema[] {
  const branches = schema["anyOf"];
  if (!Array.isArray(branches) || Object.keys(schema).length > 1) return [schema];
  const isChoice = (one: JsonSchema): boolean =>
    typeof one["const"] === "string" && Object.keys(one).every((key) => key === "const" || key === "type");
  const choices = (branches as JsonSchema[]).filter(isChoice);
  const others = (branches as JsonSchema[]).filter((one) => !isChoice(one));
  return choices.length === 0 ? others : [{ type: "string", enum: choices.map((one) => one["const"]) }, ...others];
}

function propertiesOf(mod: RegisteredMod): Readonly<Record<string, JsonSchema>> {
  const properties = mod.manifest?.params["properties"];
  return typeof properties === "object" && properties !== null
    ? (properties as Readonly<Record<string, JsonSchema>>)
    : {};
}

/** Names under which a file may have a mod. The first two are those that are offered. */
function spellingsOf(mod: RegisteredMod): string[] {
  return [
    ...new Set([
      mod.name,
      mod.name.replaceAll("-", "_"),
      mod.packageName,
      `datapy.mods.${mod.category}s.${mod.name.replaceAll("-", "_")}`,
    ]),
  ];
}

function patternSchemas(
  record: MutableSchema | undefined,
): (MutableSchema & { properties: Record<string, JsonSchema> })[] {
  const patterns = Object.values((record?.["patternProperties"] ?? {}) as Readonly<Record<string, MutableSchema>>);
  return patterns
    .flatMap((one) => (Array.isArray(one["anyOf"]) ? (one["anyOf"] as MutableSchema[]) : [one]))
    .filter(
      (one): one is MutableSchema & { properties: Record<string, JsonSchema> } => typeof one["properties"] === "object",
    );
}

/** Without what only the host reads. */
function plainCopy(schema: unknown): unknown {
  const text = JSON.stringify(schema, (key, value: unknown) => (key.startsWith(SEMANTIC_KEYWORD) ? undefined : value));
  return JSON.parse(text) as unknown;
}
