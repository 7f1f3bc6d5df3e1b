import path from "node:path";
import { discoverMods } from "@datapy/sdk/registry";
import type { RegisteredMod, RegistryProblem } from "@datapy/sdk/registry";

/** What one installed package gives: its mods, and what is wrong with it. */
export interface PackageMods {
  readonly mods: readonly RegisteredMod[];
  readonly problems: readonly RegistryProblem[];
}

/** Mods and problems of `packageName` as they stand now. No code of a mod is imported. */
export function modsOfPackage(packageName: string, dataDirectory: string): PackageMods {
  const found = discoverMods({
    cwd: path.parse(dataDirectory).root,
    env: { ...process.env, DATAPY_DATA_DIR: dataDirectory },
  });
  return {
    mods: found.mods.filter((mod) => mod.packageName === packageName),
    problems: found.problems.filter((problem) => problem.packageName === packageName),
  };
}
