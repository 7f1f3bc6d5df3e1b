import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const repositoryRoot = path.resolve(__dirname, "../../..");

/** The parts of a package.json that the tests look at. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly main?: string;
  readonly types?: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: unknown;
  readonly oclif?: Readonly<Record<string, unknown>>;
  readonly datapy?: { readonly mods: readonly { readonly name: string; readonly entry: string }[] };
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package of this repository that gets published. */
export interface WorkspacePackage {
  readonly name: string;
  /** `framework` or `plugins`. */
  readonly group: string;
  readonly folder: string;
  readonly manifest: PackageManifest;
}

/** The published packages of this repository, sorted by folder. */
export function workspacePackages(): WorkspacePackage[] {
  return ["framework", "plugins"].flatMap((group) =>
    readdirSync(path.join(repositoryRoot, group))
      .sort()
      .map((name) => ({ name, group, folder: path.join(repositoryRoot, group, name) }))
      .filter(({ folder }) => existsSync(path.join(folder, "package.json")))
      .map((one) => ({
        ...one,
        manifest: JSON.parse(readFileSync(path.join(one.folder, "package.json"), "utf8")) as PackageManifest,
      }))
      .filter(({ manifest }) => manifest.private !== true),
  );
}
