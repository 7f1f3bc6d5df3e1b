import type { ModDefinition } from "@datapy/mod-kit";
import { propertiesOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import { fault } from "../errors.js";
import type { ModManifest, ModOrigin, RegisteredMod } from "../registry/registry-types.js";
import { isSchema } from "./schema-walk.js";
import { typeName } from "./schema-words.js";

/** One parameter, for a table. */
export interface ParameterDescription {
  readonly name: string;
  /** In words: `path`, `text`, `fail | quarantine`, `list of whole number`. */
  readonly type: string;
  /** Whether a user must give it: it is required and has no default. */
  readonly required: boolean;
  /** As a user would write it; `undefined` where there is none. */
  readonly default: unknown;
  /** Empty where the author wrote none. */
  readonly description: string;
  readonly deprecated: boolean;
}

/** One artifact, for a table. */
export interface ArtifactDescription {
  readonly key: string;
  readonly kind: string;
  readonly description: string;
  /** Whether some runs do not produce it. */
  readonly optional: boolean;
}

/** All that is known of a mod without running it. */
export interface ModDescription {
  readonly name: string;
  readonly version: string;
  readonly category: string;
  readonly description: string;
  readonly author: string | undefined;
  readonly tags: readonly string[];
  /** Empty name and version for a file that is no package. */
  readonly package: { readonly name: string; readonly version: string; readonly root: string };
  readonly entry: string;
  readonly origin: ModOrigin;
  readonly contract: number;
  /** Those that must be given first, then in the author's order. */
  readonly parameters: readonly ParameterDescription[];
  readonly artifacts: readonly ArtifactDescription[];
  /** JSON Schema of the parameters. */
  readonly schema: JsonSchema;
}

/**
 * Describes a mod from its package's manifest; imports nothing. Throws `DATAPY_MANIFEST_MISSING` where there is none: then
 * {@link describeLoaded} describes the mod from its code.
 */
export function describeMod(mod: RegisteredMod): ModDescription {
  const { manifest } = mod;
  if (manifest === undefined) {
    throw fault("DATAPY_MANIFEST_MISSING", {
      package: mod.packageName === "" ? mod.entry : mod.packageName,
      mod: mod.name,
    });
  }
  return describe(mod, manifest);
}

/** Describes a mod that has been loaded. */
export function describeLoaded(mod: RegisteredMod, definition: ModDefinition): ModDescription {
  return describe(mod, manifestOf(definition));
}

/** What the manifest says of a definition: what JSON keeps of it. */
export function manifestOf({ metadata, params, artifacts, guess }: ModDefinition): ModManifest {
  const guesses = guess === undefined ? {} : { guess: { parameter: guess.parameter, files: guess.files ?? [] } };
  // The keys that TypeBox works with are symbols, which do not survive.
  const plain = JSON.parse(JSON.stringify({ metadata, params, artifacts, ...guesses })) as Omit<ModManifest, "name">;
  return { name: metadata.name, ...plain };
}

function describe(mod: RegisteredMod, { metadata, params, artifacts }: ModManifest): ModDescription {
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const tags = metadata["tags"];
  return {
    name: mod.packageName === "" ? (text(metadata["name"]) ?? mod.name).replaceAll("_", "-") : mod.name,
    version: text(metadata["version"]) ?? mod.version,
    category: text(metadata["category"]) ?? mod.category,
    description: text(metadata["description"]) ?? mod.description,
    author: text(metadata["author"]),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    package: { name: mod.packageName, version: mod.version, root: mod.root },
    entry: mod.entry,
    origin: mod.origin,
    contract: mod.contract,
    parameters: describeParameters(params),
    artifacts: Object.entries(artifacts).map(([key, declared]) => describeArtifact(key, declared)),
    schema: params,
  };
}

/** The rows of a parameter table. */
export function describeParameters(schema: JsonSchema): ParameterDescription[] {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const rows = [...propertiesOf(schema)].map(([name, property]): ParameterDescription => ({
    name,
    type: typeName(property, schema),
    required: required.includes(name) && !("default" in property),
    default: property["default"],
    description: typeof property["description"] === "string" ? property["description"] : "",
    deprecated: property["deprecated"] === true,
  }));
  return [...rows.filter((row) => row.required), ...rows.filter((row) => !row.required)];
}

function describeArtifact(key: string, declared: unknown): ArtifactDescription {
  const { kind, description, optional } = isSchema(declared) ? declared : {};
  return {
    key,
    kind: typeof kind === "string" ? kind : "",
    description: typeof description === "string" ? description : "",
    optional: optional === true,
  };
}
