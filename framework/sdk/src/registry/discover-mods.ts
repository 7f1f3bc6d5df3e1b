import { realpathSync } from "node:fs";
import { fault } from "../errors.js";
import { packagePlaces } from "./package-places.js";
import { readModPackage } from "./read-mod-package.js";
import type { PackagePlace } from "./read-mod-package.js";
import type { DiscoveryOptions, RegisteredMod, Registry, RegistryProblem } from "./registry-types.js";

/**
 * Finds every mod from package metadata alone; no code of a mod is imported, and no manifest is read. A package that is broken or
 * gone is a problem in the result and leaves the others as they are. Where one package is found in several places, the project's
 * wins over a linked one, a linked one over an installed one, and all over what the host ships.
 *
 * Reads synchronously, on purpose: a hundred package.json files take a few milliseconds so, and several times that through promises.
 */
export function discoverMods(options: DiscoveryOptions = {}): Registry {
  const { places, problems: placeProblems, searched } = packagePlaces(options);
  const problems: RegistryProblem[] = [...placeProblems];
  const mods: RegisteredMod[] = [];
  const packages = new Set<string>();
  const folders = new Set<string>();
  for (const place of places) {
    const folder = realFolder(place.root);
    if (folders.has(folder)) continue;
    const reading = readModPackage(place);
    if (reading.problem !== undefined) {
      folders.add(folder);
      const { packageName, error, mods: names } = reading.problem;
      problems.push(problemOf({ packageName, root: place.root }, error, names));
    }
    const packageName = reading.mods[0]?.packageName;
    if (packageName === undefined || packages.has(packageName)) continue;
    folders.add(folder);
    packages.add(packageName);
    mods.push(...reading.mods);
  }
  mods.sort((one, other) => compare(one.name, other.name) || compare(one.packageName, other.packageName));
  problems.push(...conflicts(mods));
  problems.sort((one, other) => compare(one.packageName, other.packageName) || compare(one.code, other.code));
  return { mods, problems, searched };
}

/** Mods of one name from several packages. Each can still be run by its package's name. */
function conflicts(mods: readonly RegisteredMod[]): RegistryProblem[] {
  const byName = new Map<string, RegisteredMod[]>();
  for (const mod of mods) byName.set(mod.name, [...(byName.get(mod.name) ?? []), mod]);
  return [...byName.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined || same.length === 1) return [];
    const packages = same.map((mod) => mod.packageName).join(" and ");
    return [problemOf(first, fault("DATAPY_MOD_CONFLICT", { mod: first.name, packages }), [first.name])];
  });
}

function problemOf(
  { packageName, root }: Pick<PackagePlace, "packageName" | "root">,
  { code, message, hint = "" }: { readonly code: string; readonly message: string; readonly hint: string | undefined },
  mods: readonly string[],
): RegistryProblem {
  return { packageName, root, code, message, hint, mods };
}

function realFolder(root: string): string {
  try {
    return realpathSync.native(root);
  } catch {
    return root;
  }
}

/** By code unit, so that the order is the same in every locale. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
