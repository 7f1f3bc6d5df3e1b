import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { systemReason } from "../system-reason.js";
import { readPackageKey } from "./package-key.js";
import type { PackageKeyMod } from "./package-key.js";
import { readManifest } from "./read-manifest.js";
import type { ModManifest, ModOrigin, RegisteredMod } from "./registry-types.js";

/** Where a package is said to be. */
export interface PackagePlace {
  /** As package.json or the data directory names it. */
  readonly packageName: string;
  readonly root: string;
  readonly origin: ModOrigin;
  /** Whether somebody asked for mods from it, so that it is a problem when it is not there or has none. */
  readonly expected: boolean;
}

/** Mods of a package, or why it gives none. Neither: it is no package of mods, and nobody said that it was. */
export interface PackageReading {
  readonly mods: readonly RegisteredMod[];
  readonly problem?: {
    /** As the package itself says, where it can be read. */
    readonly packageName: string;
    readonly error: DatapyError;
    readonly mods: readonly string[];
  };
}

const NOTHING: PackageReading = { mods: [] };

/**
 * Reads the package.json of a package and makes the first three load checks: package key valid, contract number known, entries
 * inside the package. Imports nothing.
 */
export function readModPackage(place: PackagePlace): PackageReading {
  const { root, origin, expected } = place;
  let { packageName } = place;
  const file = path.join(root, "package.json");
  const refuse = (error: DatapyError, mods: readonly string[] = []): PackageReading => ({
    mods: [],
    problem: { packageName, error, mods },
  });

  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const missing = isMissing(cause);
    if (missing && !expected) return NOTHING;
    return refuse(
      missing
        ? fault("DATAPY_PACKAGE_MISSING", { package: packageName, file }, { cause })
        : fault("DATAPY_PACKAGE_UNREADABLE", { package: packageName, file, detail: systemReason(cause) }, { cause }),
    );
  }
  // Most dependencies of a project have nothing to do with DataPy; they are not worth parsing.
  if (!expected && !text.includes('"datapy"')) return NOTHING;
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch (cause) {
    return refuse(
      fault("DATAPY_PACKAGE_UNREADABLE", { package: packageName, file, detail: messageOf(cause) }, { cause }),
    );
  }
  if (!isObject(manifest)) {
    return refuse(
      fault("DATAPY_PACKAGE_UNREADABLE", { package: packageName, file, detail: "it is not a JSON object" }),
    );
  }
  if (typeof manifest["name"] === "string" && manifest["name"] !== "") packageName = manifest["name"];
  if (manifest["datapy"] === undefined) {
    return expected ? refuse(fault("DATAPY_PACKAGE_NO_MODS", { package: packageName })) : NOTHING;
  }
  const key = readPackageKey(manifest);
  if (key.fault !== undefined) {
    return refuse(fault(key.fault.code, { package: packageName, detail: key.fault.detail }), key.fault.mods);
  }
  const { version } = manifest as { readonly version: string };
  const mods: RegisteredMod[] = [];
  for (const mod of key.mods) {
    const entry = path.resolve(root, mod.entry);
    const error = faultOfEntry(entry, mod, { root, packageName });
    if (error !== undefined)
      return refuse(
        error,
        key.mods.map(({ name }) => name),
      );
    mods.push(new PackagedMod(mod, { packageName, version, root, entry, contract: key.contract, origin }));
  }
  return { mods };
}

/** The entry's name is inside the package (the key was read); this looks at the file: links are followed. */
function faultOfEntry(
  entry: string,
  { name: mod, entry: written }: PackageKeyMod,
  { root, packageName }: Pick<PackagePlace, "root" | "packageName">,
): DatapyError | undefined {
  let real: string;
  try {
    real = realpathSync.native(entry);
  } catch (cause) {
    return fault("DATAPY_ENTRY_MISSING", { package: packageName, mod, entry: written, file: entry }, { cause });
  }
  const inside = path.relative(realpathSync.native(root), real);
  if (inside !== "" && inside !== ".." && !inside.startsWith(`..${path.sep}`) && !path.isAbsolute(inside))
    return undefined;
  return fault("DATAPY_ENTRY_OUTSIDE", {
    package: packageName,
    detail: `the entry ${written} of ${mod}, a link to ${real},`,
  });
}

/** A class for the one value that is read late: a listing of a hundred mods shall not read a hundred manifests. */
class PackagedMod implements RegisteredMod {
  readonly name: string;
  readonly category: string;
  readonly description: string;
  readonly packageName: string;
  readonly version: string;
  readonly root: string;
  readonly entry: string;
  readonly contract: number;
  readonly origin: ModOrigin;
  #manifest: { readonly value: ModManifest | undefined } | undefined;

  constructor(
    mod: PackageKeyMod,
    from: Pick<RegisteredMod, "packageName" | "version" | "root" | "entry" | "contract" | "origin">,
  ) {
    this.name = mod.name;
    this.category = mod.category;
    this.description = mod.description;
    this.packageName = from.packageName;
    this.version = from.version;
    this.root = from.root;
    this.entry = from.entry;
    this.contract = from.contract;
    this.origin = from.origin;
  }

  get manifest(): ModManifest | undefined {
    this.#manifest ??= { value: readManifest(this.root, this.name) };
    return this.#manifest.value;
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
