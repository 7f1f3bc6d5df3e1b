// What a user gets: every package holds what it compiles to, what it names in its package.json, its README and its licence; no sources,
// no tests, no source maps that point at sources which are not there.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { mustRun } from "./support/run-command.js";
import type { WorkspacePackage } from "./support/workspace-packages.js";
import { workspacePackages } from "./support/workspace-packages.js";

const packages = workspacePackages();
let home: string;

beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), "datapy-pack-"));
});

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

function walk(folder: string, below = ""): string[] {
  return readdirSync(path.join(folder, below), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(folder, path.posix.join(below, entry.name)) : [path.posix.join(below, entry.name)],
  );
}

async function packed({ folder }: WorkspacePackage): Promise<string[]> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, USERPROFILE: home, npm_config_update_notifier: "false" };
  const { stdout } = await mustRun("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: folder, env });
  // A list up to npm 11, an object by name since.
  const answer = JSON.parse(stdout) as Record<string, { files: { path: string }[] }>;
  return (Object.values(answer)[0]?.files ?? []).map((one) => one.path).sort();
}

/** Every file that a package.json names: entry points, types, commands. */
function named({ manifest }: WorkspacePackage): string[] {
  const texts = (value: unknown): string[] =>
    typeof value === "string"
      ? [value]
      : typeof value === "object" && value !== null
        ? Object.values(value).flatMap(texts)
        : [];
  const entries = manifest.datapy?.mods.map((one) => one.entry) ?? [];
  return [...new Set([manifest.main, manifest.types, ...texts(manifest.bin), ...texts(manifest.exports), ...entries])]
    .filter((one) => one !== undefined)
    .map((one) => path.posix.normalize(one));
}

/** Compiled files that the sources stand for. */
function compiled({ folder }: WorkspacePackage): string[] {
  return walk(path.join(folder, "src"))
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
    .flatMap((file) => [`dist/${file.replace(/\.tsx?$/, ".js")}`, `dist/${file.replace(/\.tsx?$/, ".d.ts")}`]);
}

/** Files besides: data that compiled code reads at run time, by kind. */
const BESIDES = [
  /^CHANGELOG\.md$/,
  /^dist\/.+-bundle\.js$/,
  /^schemas\/.+\.json$/,
  /^dist\/.+\.wasm$/,
  /^dist\/public\/.+/,
  /^dist\/.+\.(md|yaml|json|html|sql)$/,
];

test("there are packages", () => {
  expect(packages.map((one) => one.manifest.name)).toEqual(
    expect.arrayContaining(["@datapy/cli", "@datapy/sdk", "@datapy/mod-kit", "@datapy/mod-csv-reader"]),
  );
});

describe.each(packages.map((one) => [one.manifest.name, one] as const))("%s", (_name, one) => {
  let files: string[];
  beforeAll(async () => {
    files = await packed(one);
  });

  test("holds what it should and nothing else", () => {
    const must = [
      "LICENSE",
      "README.md",
      "package.json",
      ...(one.manifest.oclif?.["commands"] === undefined ? [] : ["oclif.manifest.json"]),
      ...(one.manifest.datapy === undefined ? [] : ["datapy.manifest.json"]),
      ...named(one),
      ...compiled(one),
    ];
    expect([...new Set(must)].filter((file) => !files.includes(file))).toEqual([]);
    expect(files.filter((file) => !must.includes(file) && !BESIDES.some((kind) => kind.test(file)))).toEqual([]);
  });

  test("has the licence of the repository, and a README that is one", () => {
    for (const file of ["LICENSE", "README.md"]) expect(existsSync(path.join(one.folder, file))).toBe(true);
  });
});
