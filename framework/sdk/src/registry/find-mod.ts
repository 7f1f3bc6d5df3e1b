import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { DatapyError, missingFileHint } from "@datapy/mod-kit";
import { absolutePath } from "../config/absolute-path.js";
import { closestName } from "../config/closest-name.js";
import { fault } from "../errors.js";
import { discoverMods } from "./discover-mods.js";
import { parseModReference } from "./mod-reference.js";
import type { ModReference } from "./mod-reference.js";
import { KNOWN_CONTRACTS, canonicalName } from "./package-key.js";
import { readModPackage } from "./read-mod-package.js";
import type { DiscoveryOptions, RegisteredMod, Registry } from "./registry-types.js";
import { yamlIsNoMod } from "./yaml-is-no-mod.js";

/** Where and what to find. */
export interface FindOptions extends DiscoveryOptions {
  /** Version that it must have, exactly. Default any; so are `*` and `latest`. */
  readonly version?: string | undefined;
  /** What a discovery found before. Default a new one. */
  readonly registry?: Registry | undefined;
}

/**
 * The mod that a reference names: by name (`csv-reader`, `csv_reader`), package (`@datapy/mod-csv-reader`, `@acme/etl/x`), old dotted
 * name (`datapy.mods.sources.csv_reader`) or path (a file, or the folder of a package).
 *
 * Throws `DATAPY_MOD_UNKNOWN` with what was meant and where was looked, `DATAPY_MOD_AMBIGUOUS` when several are meant,
 * `DATAPY_MOD_NOT_FOUND` for a path, `DATAPY_MOD_VERSION`; and the package's own fault where the mod's package is broken.
 */
export function findMod(reference: string, options: FindOptions = {}): RegisteredMod {
  const parsed = parseModReference(reference);
  const found =
    parsed.kind === "path"
      ? findPath(parsed.path, options)
      : findRegistered(reference, parsed, options.registry ?? discoverMods(options));
  const { version } = options;
  const anyVersion = version === undefined || version === "" || version === "*" || version === "latest";
  if (!anyVersion && parsed.kind !== "path" && version !== found.version) {
    throw fault("DATAPY_MOD_VERSION", {
      mod: found.name,
      wanted: version,
      version: found.version,
      root: found.root,
      package: found.packageName,
    });
  }
  return found;
}

function findRegistered(
  reference: string,
  parsed: Exclude<ModReference, { kind: "path" }>,
  registry: Registry,
): RegisteredMod {
  const { mods } = registry;
  const [only, ...others] = matches(parsed, mods);
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) {
    const choices = [only, ...others].map((mod) => exactReference(mod, mods));
    throw fault("DATAPY_MOD_AMBIGUOUS", {
      mod: reference,
      choices: choices.join(", "),
      first: exactReference(only, mods),
    });
  }
  refuseBroken(parsed, registry);
  throw unknown(reference, parsed, registry);
}

function matches(parsed: Exclude<ModReference, { kind: "path" }>, mods: readonly RegisteredMod[]): RegisteredMod[] {
  if (parsed.kind === "package") {
    const ofPackage = mods.filter((mod) => mod.packageName === parsed.packageName);
    return parsed.mod === undefined ? ofPackage : ofPackage.filter((mod) => mod.name === parsed.mod);
  }
  const named = mods.filter((mod) => mod.name === parsed.name);
  if (named.length === 0) return mods.filter((mod) => canonicalName(mod.packageName) === parsed.name);
  const ofCategory = named.filter((mod) => mod.category === parsed.category);
  return ofCategory.length === 1 ? ofCategory : named;
}

/** A reference that means this mod and no other. */
function exactReference(mod: RegisteredMod, mods: readonly RegisteredMod[]): string {
  const siblings = mods.filter((one) => one.packageName === mod.packageName);
  return siblings.length === 1 ? mod.packageName : `${mod.packageName}/${mod.name}`;
}

/** "There is no such mod" would be half the truth where its package is there and broken: says what is wrong with it instead. */
function refuseBroken(parsed: Exclude<ModReference, { kind: "path" }>, { problems }: Registry): void {
  const meant = problems.find(({ packageName, code, mods }) => {
    // Mods in conflict can be run; a damaged list of packages belongs to none of them.
    if (code === "DATAPY_MOD_CONFLICT" || packageName === "") return false;
    if (parsed.kind === "package") return packageName === parsed.packageName;
    const short = canonicalName(packageName.replace(/^@[^/]+\//, "").replace(/^mod-/, ""));
    return mods.includes(parsed.name) || short === parsed.name || canonicalName(packageName) === parsed.name;
  });
  if (meant === undefined) return;
  throw new DatapyError({ code: meant.code, message: meant.message, hint: meant.hint, exitCode: 20 });
}

function unknown(reference: string, parsed: Exclude<ModReference, { kind: "path" }>, registry: Registry): DatapyError {
  const { mods, problems, searched } = registry;
  const wanted = parsed.kind === "package" ? (parsed.mod ?? shortName(parsed.packageName)) : parsed.name;
  const byName = closestName(
    wanted,
    mods.map((mod) => mod.name),
  );
  // The right name in the wrong package is no misspelling, so it is not among the near ones.
  const sameName = mods.find((mod) => mod.name === wanted);
  const near = sameName === undefined ? byName : exactReference(sameName, mods);
  const install = parsed.kind === "package" ? parsed.packageName : `@datapy/mod-${wanted}`;
  // Mods in conflict can be run.
  const broken = [
    ...new Set(
      problems.flatMap((one) =>
        one.code === "DATAPY_MOD_CONFLICT" || one.packageName === "" ? [] : [one.packageName],
      ),
    ),
  ];
  const hints = [
    ...(near === undefined ? [] : [`Did you mean ${near}?`]),
    `\`datapy mods\` lists what there is; a published mod is installed with \`datapy plugins:install ${isPackageName(install) ? install : "@scope/mod-name"}\`.`,
    ...(broken.length === 0 ? [] : [`Left out, since broken: ${broken.join(", ")}; \`datapy mods\` tells why.`]),
  ];
  const [, unversioned] = /^(.+)@[^@/]*$/.exec(reference) ?? [];
  if (unversioned !== undefined && near === undefined)
    hints.unshift(`A mod is named without its version: ${unversioned}. What runs is the version that is installed.`);
  const yaml = yamlIsNoMod(reference);
  if (yaml !== undefined) hints.splice(0, hints.length, yaml);
  const places = searched.length === 0 ? "nowhere to look" : `looked at ${searched.join(", ")}`;
  return fault("DATAPY_MOD_UNKNOWN", { mod: reference, places }, { hint: hints.join(" ") });
}

function shortName(packageName: string): string {
  return canonicalName(packageName.replace(/^@[^/]+\//, "").replace(/^mod-/, ""));
}

function isPackageName(name: string): boolean {
  return /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name);
}

const RELATIVE = "A relative path is taken from the working directory, in a job file else from the job file's folder.";

function findPath(given: string, options: FindOptions): RegisteredMod {
  const file = absolutePath(given, path.resolve(options.cwd ?? process.cwd()));
  let isDirectory: boolean;
  try {
    isDirectory = statSync(file).isDirectory();
  } catch (cause) {
    throw fault("DATAPY_MOD_NOT_FOUND", { path: file }, { cause, hint: `${missingFileHint(file)} ${RELATIVE}` });
  }
  return isDirectory ? findFolder(file) : fileMod(file);
}

function findFolder(root: string): RegisteredMod {
  if (!existsSync(path.join(root, "package.json"))) {
    const hint =
      "A folder is a mod when it is a package: it has a package.json with a `datapy` key. Or name a file in it.";
    throw fault("DATAPY_MOD_NOT_FOUND", { path: root }, { hint });
  }
  const { mods, problem } = readModPackage({ packageName: path.basename(root), root, origin: "path", expected: true });
  if (problem !== undefined) throw problem.error;
  const [only, ...others] = mods;
  if (only === undefined || others.length > 0) {
    const choices = mods.map((mod) => mod.entry).join(", ");
    throw fault("DATAPY_MOD_AMBIGUOUS", { mod: root, choices, first: only?.entry ?? root });
  }
  return only;
}

/** A file that is no package yet: what package.json would say of it is known when it has been loaded. */
function fileMod(entry: string): RegisteredMod {
  return {
    name: canonicalName(path.basename(entry).replace(/\.[cm]?[jt]s$/, "")),
    category: "solo",
    description: "",
    packageName: "",
    version: "",
    root: path.dirname(entry),
    entry,
    contract: Math.max(...KNOWN_CONTRACTS),
    manifest: undefined,
    origin: "path",
  };
}
