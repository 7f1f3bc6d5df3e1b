import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** A package to write: its package.json over a valid one, and its other files. */
export interface PackageInput {
  readonly name: string;
  /** Keys of package.json; `undefined` removes one. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Texts by path inside the package. Default an entry that throws when it is imported. */
  readonly files?: Readonly<Record<string, string>>;
}

const folders: string[] = [];

/** An empty folder of its own, removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-mods-")));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

/** Writes a package of one mod, named after the package, into `root`. */
export function writePackage(root: string, { name, manifest = {}, files }: PackageInput): string {
  const mod = name.replace(/^@[^/]+\//, "").replace(/^mod-/, "");
  const content = {
    name,
    version: "1.0.0",
    oclif: {},
    datapy: {
      contract: 1,
      mods: [{ name: mod, category: "solo", entry: "./index.js", description: `The mod ${mod}` }],
    },
    ...manifest,
  };
  writeFiles(root, {
    "package.json": JSON.stringify(content),
    ...(files ?? { "index.js": 'throw new Error("listing must not import a mod");' }),
  });
  return root;
}

/** A data directory in which the packages are installed, as oclif leaves it. */
export function writeDataDirectory(
  folder: string,
  packages: readonly PackageInput[],
  more: readonly unknown[] = [],
): string {
  const plugins = packages.map(({ name }) => ({ name, type: "user", tag: "latest" }));
  writeFiles(folder, {
    "package.json": JSON.stringify({ private: true, oclif: { schema: 1, plugins: [...plugins, ...more] } }),
  });
  for (const one of packages) writePackage(path.join(folder, "node_modules", one.name), one);
  return folder;
}

/** Puts a copy of its own of the built mod-kit beside whatever stands in `folder`, as npm does when versions differ. */
export function copyModKit(folder: string): void {
  const source = path.resolve(__dirname, "../../../mod-kit");
  const target = path.join(folder, "node_modules/@datapy/mod-kit");
  for (const part of ["package.json", "dist"])
    cpSync(path.join(source, part), path.join(target, part), { recursive: true });
}
