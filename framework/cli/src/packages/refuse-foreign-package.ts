import { fault } from "@datapy/sdk/errors";
import { readPackageKey } from "@datapy/sdk/registry";
import type { PackageDescription } from "./npm.js";

/**
 * Refuses, before anything is installed, a package that is no package of mods or that would run inside the host. The registry's own
 * check of its keys; what takes the files is checked once they are there.
 */
export function refuseForeignPackage(description: PackageDescription): void {
  const { name, version, datapy, oclif } = description;
  if (datapy === undefined)
    throw fault("DATAPY_PLUGIN_NOT_A_MOD", { package: name, detail: 'its package.json has no "datapy" key' });
  const key = readPackageKey({ name, version, datapy, ...(oclif === undefined ? {} : { oclif }) });
  if (key.fault !== undefined)
    throw fault("DATAPY_PLUGIN_NOT_A_MOD", { package: name, detail: `${key.fault.code}: ${key.fault.detail}` });
}
