import { readFileSync } from "node:fs";
import path from "node:path";
import { canonicalName } from "./package-key.js";
import type { ModManifest } from "./registry-types.js";

/** Name of the generated file beside package.json. */
export const MANIFEST_FILE = "datapy.manifest.json";

/** Layout of the file; a reader takes no other. */
export const MANIFEST_VERSION = 1;

/**
 * What a package's `datapy.manifest.json` says of one mod; `undefined` when there is no such file, or none that can be read: the mod
 * runs all the same, and `describeMod` says what is missing.
 */
export function readManifest(root: string, name: string): ModManifest | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path.join(root, MANIFEST_FILE), "utf8"));
  } catch {
    return undefined;
  }
  if (!isObject(content) || content["manifest"] !== MANIFEST_VERSION || !Array.isArray(content["mods"]))
    return undefined;
  const found: unknown = content["mods"].find(
    (mod: unknown) => isObject(mod) && typeof mod["name"] === "string" && canonicalName(mod["name"]) === name,
  );
  if (!isObject(found)) return undefined;
  const { metadata, params, artifacts = {} } = found;
  if (!isObject(metadata) || !isObject(params) || !isObject(artifacts)) return undefined;
  const guess = guessOf(found["guess"]);
  return { name, metadata, params, artifacts, ...(guess === undefined ? {} : { guess }) };
}

function guessOf(value: unknown): ModManifest["guess"] {
  if (!isObject(value) || typeof value["parameter"] !== "string" || !Array.isArray(value["files"])) return undefined;
  return { parameter: value["parameter"], files: value["files"].filter((one) => typeof one === "string") };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
