import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadMod } from "../../contract/load-mod.js";
import { findMod } from "../../registry/find-mod.js";
import type { RegisteredMod, Registry } from "../../registry/registry-types.js";
import type { JsonSchema } from "../../config/schema-properties.js";
import type { PlanMod } from "./plan-types.js";

/** What a plan must know of a mod. */
export interface PlannedMod {
  readonly mod: PlanMod;
  readonly schema: JsonSchema;
  readonly artifacts: Readonly<Record<string, { readonly kind?: unknown; readonly optional?: unknown }>>;
}

/** Finds the mods of a job's steps, each once. */
export interface ModCatalog {
  /** Throws what `findMod` and `loadMod` throw. A mod that has no manifest is imported. */
  find(reference: string): Promise<PlannedMod>;
}

/** Opens a catalog over what a discovery found. */
export function modCatalog(where: {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly registry: Registry;
}): ModCatalog {
  const known = new Map<string, Promise<PlannedMod>>();
  return {
    find(reference) {
      let mod = known.get(reference);
      if (mod === undefined) {
        mod = describe(reference, findMod(reference, where));
        known.set(reference, mod);
      }
      return mod;
    },
  };
}

async function describe(reference: string, registered: RegisteredMod): Promise<PlannedMod> {
  const { manifest, packageName } = registered;
  // A file that was given by path changes without its version changing.
  const sourceHash = packageName === "" ? { source_hash: hashOfFile(registered.entry) } : {};
  const about = { reference, ...(packageName === "" ? {} : { package: packageName }), ...sourceHash };
  if (manifest !== undefined) {
    return {
      mod: { name: registered.name, version: registered.version, category: registered.category, ...about },
      schema: manifest.params,
      artifacts: manifest.artifacts as PlannedMod["artifacts"],
    };
  }
  const { metadata, params, artifacts } = await loadMod(registered);
  return {
    mod: {
      name: metadata.name,
      version: metadata.version,
      category: metadata.category ?? registered.category,
      ...about,
    },
    schema: params,
    artifacts,
  };
}

function hashOfFile(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
