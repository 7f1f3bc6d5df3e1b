import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fault } from "@datapy/sdk/errors";
import { systemReason } from "@datapy/sdk/system-reason";

/** A package that the user installed or linked, as the data directory's package.json lists it. */
export interface InstalledPackage {
  readonly name: string;
  readonly type: "user" | "link";
  /** Version, range or tag that was asked for. */
  readonly tag?: string;
  /** Where it came from, if not from the registry. */
  readonly url?: string;
  /** Folder of a linked package. */
  readonly root?: string;
}

/** What a data directory's package.json holds at first; npm would else look for one in the folders above. */
const FIRST_LIST = { name: "@datapy/cli", private: true, dependencies: {}, oclif: { schema: 1, plugins: [] } };

const FIRST_NPMRC = `# Packages of mods are installed without running their scripts. To allow scripts, set this to false.
ignore-scripts=true
`;

/** File that lists what is installed. */
export function listFile(dataDirectory: string): string {
  return path.join(dataDirectory, "package.json");
}

/**
 * Packages that are installed or linked, in order of name. Throws `DATAPY_PLUGINS_LIST_CORRUPT` where the list cannot be read: oclif
 * would take it for empty and write over it.
 */
export function installedPackages(dataDirectory: string): readonly InstalledPackage[] {
  const file = listFile(dataDirectory);
  if (!existsSync(file)) return [];
  try {
    const { oclif } = JSON.parse(readFileSync(file, "utf8")) as { oclif?: { plugins?: unknown } };
    const plugins = oclif?.plugins ?? [];
    if (!Array.isArray(plugins)) throw new Error("oclif.plugins is no array");
    return plugins.map(asInstalled).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw fault("DATAPY_PLUGINS_LIST_CORRUPT", { file, detail: (error as Error).message }, { cause: error });
  }
}

function asInstalled(entry: unknown): InstalledPackage {
  if (typeof entry === "string") return { name: entry, type: "user", tag: "latest" };
  const { name, type } = (entry ?? {}) as { name?: unknown; type?: unknown };
  if (typeof name !== "string" || (type !== "user" && type !== "link"))
    throw new Error("an entry of oclif.plugins has no name or type");
  return entry as InstalledPackage;
}

/** Makes the data directory ready for npm: with a list, and with install scripts off unless its `.npmrc` says otherwise. */
export function prepareDataDirectory(dataDirectory: string): void {
  try {
    mkdirSync(dataDirectory, { recursive: true });
    const list = listFile(dataDirectory);
    if (!existsSync(list)) writeFileSync(list, `${JSON.stringify(FIRST_LIST, undefined, 2)}\n`);
    const npmrc = path.join(dataDirectory, ".npmrc");
    const settings = existsSync(npmrc) ? readFileSync(npmrc, "utf8") : "";
    if (/^\s*ignore-scripts\s*=/m.test(settings)) return;
    writeFileSync(npmrc, settings === "" ? FIRST_NPMRC : `${settings.replace(/\n*$/, "\n")}${FIRST_NPMRC}`);
  } catch (error) {
    throw fault(
      "DATAPY_PLUGINS_DIRECTORY",
      { directory: dataDirectory, detail: systemReason(error) },
      { cause: error },
    );
  }
}
