import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fault } from "../errors.js";
import { systemReason } from "../system-reason.js";
import { dataDirectory } from "./data-directory.js";
import type { PackagePlace } from "./read-mod-package.js";
import type { DiscoveryOptions, RegistryProblem } from "./registry-types.js";

/** Packages that may hold mods, nearest to the user first, and what went wrong in looking for them. */
export interface PackagePlaces {
  readonly places: readonly PackagePlace[];
  readonly problems: readonly RegistryProblem[];
  readonly searched: readonly string[];
}

/**
 * Every place where packages of mods are looked for: the packages that the project depends on (or is a workspace of), what
 * `plugins:link` and `plugins:install` put into the data directory, and what the host ships with.
 */
export function packagePlaces(options: DiscoveryOptions = {}): PackagePlaces {
  const searched: string[] = [];
  const problems: RegistryProblem[] = [];
  const cwd = path.resolve(options.cwd ?? process.cwd());
  const starts =
    options.projectFile === undefined ? [cwd] : [cwd, path.dirname(path.resolve(cwd, options.projectFile))];
  const folders = new Set(starts.flatMap(ancestors));
  const places = [
    ...[...folders].flatMap((folder) => projectPlaces(folder, searched)),
    ...installedPlaces(dataDirectory(options.env), searched, problems),
    ...bundledPlaces(options.hostRoot, searched),
  ];
  return { places, problems, searched };
}

function ancestors(folder: string): string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

/** Of one package.json of the project: itself, its dependencies of every kind, its workspaces. A broken one is npm's to complain about. */
function projectPlaces(folder: string, searched: string[]): PackagePlace[] {
  const file = path.join(folder, "package.json");
  const manifest = readObject(file);
  if (manifest === undefined) return [];
  searched.push(file);
  const found = (packageName: string, root: string): PackagePlace => ({
    packageName,
    root,
    origin: "project",
    expected: false,
  });
  const dependencies = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"].flatMap(
    (key) => {
      const names = manifest[key];
      return isObject(names) ? Object.keys(names) : [];
    },
  );
  return [
    found(typeof manifest["name"] === "string" ? manifest["name"] : path.basename(folder), folder),
    ...workspaces(folder, manifest).map((root) => found(path.basename(root), root)),
    ...dependencies.flatMap((name) => {
      const root = installedRoot(folder, name);
      return root === undefined ? [] : [found(name, root)];
    }),
  ];
}

/** Folders that `workspaces` names. Patterns are plain paths or end in `/*`, as nearly all do; others are passed over. */
function workspaces(folder: string, manifest: Readonly<Record<string, unknown>>): string[] {
  const key = manifest["workspaces"];
  const patterns: unknown = isObject(key) ? key["packages"] : key;
  if (!Array.isArray(patterns)) return [];
  return patterns.flatMap((pattern: unknown) => {
    if (typeof pattern !== "string" || pattern.startsWith("!")) return [];
    const [, plain, star] = /^([^*?[\]{}]+?)(\/\*)?\/?$/.exec(pattern) ?? [];
    if (plain === undefined) return [];
    const base = path.join(folder, plain);
    if (star === undefined) return [base];
    try {
      const entries = readdirSync(base, { withFileTypes: true });
      return entries
        .filter((entry) => !entry.isFile() && !entry.name.startsWith("."))
        .map((entry) => path.join(base, entry.name));
    } catch {
      return [];
    }
  });
}

/** Where Node would find a package from `folder`. */
function installedRoot(folder: string, name: string): string | undefined {
  return ancestors(folder)
    .map((one) => path.join(one, "node_modules", name))
    .find((root) => existsSync(path.join(root, "package.json")));
}

/** What oclif's own plugin has noted in the data directory. Each of these was asked for, so each must be there. */
function installedPlaces(directory: string, searched: string[], problems: RegistryProblem[]): PackagePlace[] {
  const file = path.join(directory, "package.json");
  searched.push(file);
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    problems.push(corrupt(file, directory, systemReason(error)));
    return [];
  }
  const oclif = isObject(manifest) ? (manifest["oclif"] ?? {}) : undefined;
  const plugins = isObject(oclif) ? (oclif["plugins"] ?? []) : undefined;
  if (!Array.isArray(plugins)) {
    problems.push(corrupt(file, directory, "`oclif.plugins` is not a list"));
    return [];
  }
  const places = plugins.flatMap((plugin: unknown): PackagePlace[] => {
    const entry: unknown = typeof plugin === "string" ? { name: plugin, type: "user" } : plugin;
    const packageName = isObject(entry) ? entry["name"] : undefined;
    if (!isObject(entry) || typeof packageName !== "string" || packageName === "") {
      problems.push(corrupt(file, directory, `an entry of \`oclif.plugins\` has no name: ${JSON.stringify(plugin)}`));
      return [];
    }
    if (entry["type"] === "link" && typeof entry["root"] === "string") {
      return [{ packageName, root: path.resolve(directory, entry["root"]), origin: "linked", expected: true }];
    }
    return [
      { packageName, root: path.join(directory, "node_modules", packageName), origin: "installed", expected: true },
    ];
  });
  // A package that is being worked on stands before the installed one of its name.
  return [...places.filter((one) => one.origin === "linked"), ...places.filter((one) => one.origin === "installed")];
}

/** Packages of mods among the dependencies of the host's own package. */
function bundledPlaces(hostRoot: string | undefined, searched: string[]): PackagePlace[] {
  const root = hostRoot ?? findHost();
  const manifest = root === undefined ? undefined : readObject(path.join(root, "package.json"));
  if (root === undefined || manifest === undefined || !isObject(manifest["dependencies"])) return [];
  searched.push(path.join(root, "package.json"));
  return Object.keys(manifest["dependencies"]).flatMap((packageName): PackagePlace[] => {
    if (!/(^|\/)mod-/.test(packageName) || packageName === "@datapy/mod-kit") return [];
    const found = installedRoot(root, packageName);
    return found === undefined ? [] : [{ packageName, root: found, origin: "bundled", expected: false }];
  });
}

/** The `@datapy/cli` that this sdk came with: beside it, or around it when npm has nested the sdk in it. */
function findHost(): string | undefined {
  const sdk = path.resolve(__dirname, "..", "..");
  return [path.join(sdk, "..", "cli"), path.resolve(sdk, "..", "..", "..")].find(
    (folder) => readObject(path.join(folder, "package.json"))?.["name"] === "@datapy/cli",
  );
}

function corrupt(file: string, root: string, detail: string): RegistryProblem {
  const { code, message, hint = "" } = fault("DATAPY_PLUGINS_LIST_CORRUPT", { file, detail });
  return { packageName: "", root, code, message, hint, mods: [] };
}

function readObject(file: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
