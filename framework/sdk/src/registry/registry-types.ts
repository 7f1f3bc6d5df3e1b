/** A mod that the registry found, known from package metadata alone: no code of the mod has been imported. */
export interface RegisteredMod {
  /** Name, with `-`. */
  readonly name: string;
  readonly category: string;
  readonly description: string;
  /** npm package, its version and its folder. */
  readonly packageName: string;
  readonly version: string;
  readonly root: string;
  /** Entry file, absolute, inside `root`. */
  readonly entry: string;
  readonly contract: number;
  /** JSON Schema of the parameters and other metadata, from `datapy.manifest.json`; undefined where the package has none. */
  readonly manifest: ModManifest | undefined;
  /** How it was found: shipped with the host, installed with `plugins:install`, linked, or a dependency of the project. */
  readonly origin: "bundled" | "installed" | "linked" | "project" | "path";
}

/** What `datapy.manifest.json` holds for one mod. */
export interface ModManifest {
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly artifacts: Readonly<Record<string, unknown>>;
}

/** A package that should have given mods and did not: its name, folder and what is wrong. */
export interface RegistryProblem {
  readonly packageName: string;
  readonly root: string;
  readonly code: string;
  readonly message: string;
}
