import { readFileSync } from "node:fs";
import path from "node:path";
import type { ModDefinition } from "@datapy/mod-kit";
import { loadMod } from "@datapy/sdk/contract";
import { readModPackage } from "@datapy/sdk/registry";
import type { RegisteredMod } from "@datapy/sdk/registry";

/** A package of mods, as its package.json says. */
export interface ModPackage {
  readonly root: string;
  readonly packageJson: Readonly<Record<string, unknown>>;
  readonly mods: readonly RegisteredMod[];
}

/** A mod with its code. */
export interface LoadedMod {
  readonly registered: RegisteredMod;
  readonly definition: ModDefinition;
}

/** Reads a package; throws the error of the load check that it fails. */
export function openModPackage(packageRoot: string): ModPackage {
  const root = path.resolve(packageRoot);
  const { mods, problem } = readModPackage({ packageName: path.basename(root), root, origin: "path", expected: true });
  if (problem !== undefined) throw problem.error;
  const packageJson = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Record<string, unknown>;
  return { root, packageJson, mods };
}

/** Imports a mod with every load check that there is. */
export async function loadPackagedMod(registered: RegisteredMod): Promise<LoadedMod> {
  return { registered, definition: await loadMod(registered, { thorough: true }) };
}
