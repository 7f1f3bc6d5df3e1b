import { discoverMods } from "@datapy/sdk/registry";
import type { RegisteredMod } from "@datapy/sdk/registry";

/** Mods whose parameters a schema can hold. */
export function knownMods(): RegisteredMod[] {
  return discoverMods({ cwd: process.cwd(), env: process.env }).mods.filter((mod) => mod.manifest !== undefined);
}
