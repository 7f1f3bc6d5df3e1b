import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { fault } from "@datapy/sdk/errors";
import { modsOfPackage } from "./installed-mods.js";
import { installedPackages, listFile } from "./installed-packages.js";
import { viewPackage } from "./npm.js";
import type { PackageDescription } from "./npm.js";
import { packageSource } from "./package-source.js";
import type { PackageSource } from "./package-source.js";
import { refuseForeignPackage } from "./refuse-foreign-package.js";
import { runOclifPlugins } from "./run-oclif-plugins.js";
import { readTarballDescription } from "./tarball.js";
import { withRollback } from "./with-rollback.js";
import { withoutCredentials } from "./without-credentials.js";

/** Where and how packages are installed. */
export interface InstallContext {
  readonly dataDirectory: string;
  readonly cwd: string;
  /** `DATAPY_NPM_REGISTRY`; npm's own settings decide where it is not set. */
  readonly registry: string | undefined;
  /** Flags for oclif's command: `--force`, `--silent`, `--verbose`. */
  readonly flags: readonly string[];
}

/** What an installation brought. */
export interface InstalledMods {
  readonly package: string;
  readonly version: string;
  /** Names of its mods. */
  readonly mods: readonly string[];
}

/**
 * Installs one package and makes sure that its mods can be used; where they cannot, or anything else goes wrong, all is as before.
 * Call it with the lock held. What is known beforehand to be no package of mods is refused before anything is downloaded.
 */
export async function installPackage(given: string, context: InstallContext): Promise<InstalledMods> {
  const source = packageSource(given, context.cwd);
  const description = await describe(source, context);
  if (description !== undefined) refuseForeignPackage(description);
  return withRollback(context.dataDirectory, async () => {
    const target =
      description !== undefined && source.kind === "tarball"
        ? keepTarball(source.file, description, context)
        : specifierOf(source);
    await runOclifPlugins("plugins:install", [...context.flags, target], context.cwd);
    const name = description?.name ?? nameOfUrl(target, context.dataDirectory);
    const installed = usableMods(name, context.dataDirectory);
    removeUnusedTarballs(context.dataDirectory);
    return installed;
  });
}

/** The mods of an installed package; throws `DATAPY_PLUGIN_UNUSABLE` with all that is wrong where it has any fault, or none. */
export function usableMods(name: string, dataDirectory: string): InstalledMods {
  const { mods, problems } = modsOfPackage(name, dataDirectory);
  // Two packages with a mod of one name are no fault of either: both can still be run by their packages' names.
  const faults = problems.filter((one) => one.code !== "DATAPY_MOD_CONFLICT");
  if (faults.length > 0) {
    throw fault("DATAPY_PLUGIN_UNUSABLE", {
      package: name,
      detail: faults.map((one) => `${one.code}: ${one.message}`).join("; "),
    });
  }
  const [first] = mods;
  if (first === undefined) throw fault("DATAPY_PLUGIN_UNUSABLE", { package: name, detail: "no mod was found in it" });
  return { package: name, version: first.version, mods: mods.map((mod) => mod.name) };
}

async function describe(
  source: PackageSource,
  { dataDirectory, registry }: InstallContext,
): Promise<PackageDescription | undefined> {
  switch (source.kind) {
    case "registry":
      return viewPackage(specifierOf(source), dataDirectory, registry);
    case "tarball":
      return readTarballDescription(source.file);
    case "url":
      return undefined;
  }
}

function specifierOf(source: PackageSource): string {
  switch (source.kind) {
    case "registry":
      return `${source.name}@${source.tag}`;
    case "tarball":
      return pathToFileURL(source.file).href;
    case "url":
      return source.url;
  }
}

/** Where tarballs are kept. */
function tarballFolder(dataDirectory: string): string {
  return path.join(dataDirectory, "tarballs");
}

/**
 * Copies a tarball into the data directory, under a name of its own, and gives its URL. Without the copy npm could no longer install
 * anything once the user's file is gone, and oclif would take a second file of the same name for the first.
 */
function keepTarball(file: string, { name, version }: PackageDescription, { dataDirectory }: InstallContext): string {
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
  const folder = tarballFolder(dataDirectory);
  mkdirSync(folder, { recursive: true });
  const copy = path.join(folder, `${name.replace(/^@/, "").replaceAll("/", "-")}-${version}-${digest}.tgz`);
  copyFileSync(file, copy);
  return pathToFileURL(copy).href;
}

/** Removes the tarballs of packages that were updated or uninstalled. */
export function removeUnusedTarballs(dataDirectory: string): void {
  const list = readFileSync(listFile(dataDirectory), "utf8");
  const folder = tarballFolder(dataDirectory);
  try {
    for (const name of readdirSync(folder)) if (!list.includes(name)) rmSync(path.join(folder, name), { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function nameOfUrl(url: string, dataDirectory: string): string {
  const entry = installedPackages(dataDirectory).find((one) => one.url === url);
  if (entry === undefined)
    throw fault("DATAPY_PLUGIN_UNUSABLE", {
      package: withoutCredentials(url),
      detail: "it was installed under no name",
    });
  return entry.name;
}
