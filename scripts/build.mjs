// Builds every package: TypeScript, then what a package builds besides (its `build:assets` script), then the manifests of commands and
// mods. Does nothing, in a tenth of a second, when neither a source nor an output has changed since the last build.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main, packages, readJson, root, run } from "./workspace.mjs";

const stampFile = path.join(root, "node_modules", ".cache", "datapy-build.json");
/** Not sources, at any depth of a package. */
const NOT_SOURCES = new Set([
  "node_modules",
  "dist",
  "test",
  "samples",
  "oclif.manifest.json",
  "datapy.manifest.json",
  "README.md",
  "CHANGELOG.md",
]);

function files(folder, skip = new Set()) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skip.has(entry.name)) return [];
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? files(file, skip) : [file];
  });
}

/** A fingerprint of the sources by content, so that a fresh checkout of the same commit is not a change. */
function sourceHash(all) {
  const hash = createHash("sha256").update(`${process.version} ${process.platform} ${process.arch}\0`);
  const sources = all.flatMap((one) => files(one.folder, NOT_SOURCES));
  const shared = ["package-lock.json", "tsconfig.json", "tsconfig.base.json", "scripts/build.mjs"].map((name) =>
    path.join(root, name),
  );
  for (const file of [...sources, ...shared].sort()) {
    hash.update(`${path.relative(root, file)}\0`).update(createHash("sha256").update(readFileSync(file)).digest());
  }
  return hash.digest("hex");
}

/** A fingerprint of the outputs by size and time, so that one that was removed or edited is made anew. */
function outputHash(all) {
  const hash = createHash("sha256");
  const manifests = all.flatMap((one) =>
    ["oclif.manifest.json", "datapy.manifest.json"].map((name) => path.join(one.folder, name)),
  );
  for (const file of [
    ...all.flatMap((one) => files(path.join(one.folder, "dist"))),
    ...manifests.filter((one) => existsSync(one)),
  ].sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${path.relative(root, file)}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest("hex");
}

/** Removes compiled files whose source is gone: they would still be imported, and published. */
function removeOrphans({ folder }) {
  for (const file of files(path.join(folder, "dist"))) {
    const match = /^(.*?)(?:\.d)?\.([cm]?)(?:js|ts)(?:\.map)?$/.exec(path.relative(path.join(folder, "dist"), file));
    if (match === null) continue;
    const source = path.join(folder, "src", match[1]);
    if (![`${source}.${match[2]}ts`, `${source}.tsx`].some((one) => existsSync(one))) rmSync(file);
  }
}

/** oclif reads its commands from this file instead of importing every one of them at every start. */
async function writeCommandManifest({ folder, manifest }) {
  if (manifest.oclif?.commands === undefined) return;
  const require = createRequire(path.join(folder, "package.json"));
  const core = await import(pathToFileURL(require.resolve("@oclif/core")).href);
  const { Plugin, settings } = core.default ?? core;
  // Of the compiled commands, not of their sources, which oclif would look for where NODE_ENV is not production.
  settings.enableAutoTranspile = false;
  const plugin = new Plugin({ root: folder, type: "core", ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load(true);
  writeFileSync(path.join(folder, "oclif.manifest.json"), `${JSON.stringify(plugin.manifest, null, 2)}\n`);
}

/** Metadata and schemas of the mods of a package, so that listing and linting import no mod. */
async function writeModManifest({ folder, manifest }) {
  if (manifest.datapy?.mods === undefined) return;
  const sdk = createRequire(path.join(root, "framework/cli/package.json"))("@datapy/sdk");
  await sdk.writeManifest(folder);
}

export async function build({ say = () => {}, force = false } = {}) {
  const all = packages();
  const sources = sourceHash(all);
  const stamp = existsSync(stampFile) ? readJson(stampFile) : {};
  if (!force && stamp.sources === sources && stamp.outputs === outputHash(all)) return false;
  say("Building …");
  const projects = all.filter(
    (one) => existsSync(path.join(one.folder, "tsconfig.json")) && files(path.join(one.folder, "src")).length > 0,
  );
  run("node", [path.join(root, "node_modules/typescript/bin/tsc"), "-b", ...projects.map((one) => one.folder)]);
  for (const one of all) removeOrphans(one);
  for (const one of all)
    if (one.manifest.scripts?.["build:assets"] !== undefined)
      run("npm", ["run", "--silent", "build:assets"], { cwd: one.folder });
  for (const one of all) await writeCommandManifest(one);
  for (const one of projects) await writeModManifest(one);
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ sources, outputs: outputHash(all) }));
  return true;
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(() =>
    build({ say: (text) => process.stderr.write(`${text}\n`), force: process.argv.includes("--force") }),
  );
}
