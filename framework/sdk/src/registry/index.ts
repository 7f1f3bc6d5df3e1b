export { dataDirectory } from "./data-directory.js";
export { discoverMods } from "./discover-mods.js";
export { findMod } from "./find-mod.js";
export type { FindOptions } from "./find-mod.js";
export { readModPackage } from "./read-mod-package.js";
export type { PackagePlace, PackageReading } from "./read-mod-package.js";
export { parseModReference } from "./mod-reference.js";
export type { ModReference } from "./mod-reference.js";
export { KNOWN_CONTRACTS, MOD_CATEGORIES, readPackageKey } from "./package-key.js";
export { MANIFEST_FILE } from "./read-manifest.js";
export type {
  DiscoveryOptions,
  ModManifest,
  ModOrigin,
  RegisteredMod,
  Registry,
  RegistryProblem,
} from "./registry-types.js";
