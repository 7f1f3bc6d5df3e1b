/** How a mod was found: shipped with the host, installed with `plugins:install`, linked, of the project's own packages, or by path. */
export type ModOrigin = "bundled" | "installed" | "linked" | "project" | "path";

/** A mod that the registry found, known from package metadata alone: no code of the mod has been imported. */
export interface RegisteredMod {
  /** Name, with `-`. Of a mod that was given by path: its file's name, until it is loaded. */
  readonly name: string;
  /** `source`, `transformer`, `sink` or `solo`. */
  readonly category: string;
  readonly description: string;
  /** npm package, its version and its folder. Name and version are empty for a file that was given by path. */
  readonly packageName: string;
  readonly version: string;
  readonly root: string;
  /** Entry file, absolute, inside `root`. */
  readonly entry: string;
  readonly contract: number;
  /**
   * JSON Schema of the parameters and other metadata, from `datapy.manifest.json`; undefined where the package has none, or one that
   * does not fit. Read from the disk when it is first asked for.
   */
  readonly manifest: ModManifest | undefined;
  readonly origin: ModOrigin;
}

/** What `datapy.manifest.json` holds for one mod. */
export interface ModManifest {
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly artifacts: Readonly<Record<string, unknown>>;
  /** Of a mod that can guess its parameters. `files` is empty where it reads tables. */
  readonly guess?: { readonly parameter: string; readonly files: readonly string[] };
}

/** A package that should have given mods and did not: its name, folder and what is wrong. */
export interface RegistryProblem {
  readonly packageName: string;
  readonly root: string;
  /** A code of the error table. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Names of the mods that are missing or in conflict, as far as they are known. */
  readonly mods: readonly string[];
}

/** All that a discovery found. */
export interface Registry {
  /** Sorted by name, then by package. Where two packages have a mod of one name, both are here and a problem says so. */
  readonly mods: readonly RegisteredMod[];
  /** Sorted by package. */
  readonly problems: readonly RegistryProblem[];
  /** Files and folders that were looked at, in order. */
  readonly searched: readonly string[];
}

/** Where a discovery looks. */
export interface DiscoveryOptions {
  /** Default the working directory of the process. */
  readonly cwd?: string;
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The project's file; packages are looked for above it too. */
  readonly projectFile?: string | undefined;
  /** Folder of the host's package, whose dependencies are the bundled mods. Default: the `@datapy/cli` beside this sdk, if there is one. */
  readonly hostRoot?: string | undefined;
}
