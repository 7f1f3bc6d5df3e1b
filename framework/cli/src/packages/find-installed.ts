import path from "node:path";
import { closestName } from "@datapy/sdk/closest-name";
import { fault } from "@datapy/sdk/errors";
import { modsOfPackage } from "./installed-mods.js";
import { installedPackages } from "./installed-packages.js";
import type { InstalledPackage } from "./installed-packages.js";

/**
 * The installed package that `given` means: its name (with or without a version), the short name of its mod, or the folder of a linked
 * one. Throws `DATAPY_PLUGIN_NOT_INSTALLED`.
 */
export function findInstalled(given: string, dataDirectory: string, cwd: string): InstalledPackage {
  const packages = installedPackages(dataDirectory);
  const name = given.replace(/(?<=.)@[^/]*$/, "");
  const short = name.replaceAll("_", "-").replace(/^mod-/, "");
  const found =
    packages.find((one) => one.name === name) ??
    packages.find(
      (one) => one.type === "link" && one.root !== undefined && path.resolve(one.root) === path.resolve(cwd, given),
    ) ??
    packages.find((one) => one.name.split("/").at(-1) === `mod-${short}`) ??
    packages.find((one) => modsOfPackage(one.name, dataDirectory).mods.some((mod) => mod.name === short));
  if (found !== undefined) return found;
  const meant = closestName(
    name,
    packages.map((one) => one.name),
  );
  throw fault(
    "DATAPY_PLUGIN_NOT_INSTALLED",
    { package: given },
    meant === undefined ? {} : { hint: `Did you mean ${meant}? \`datapy plugins\` lists what is installed.` },
  );
}
