import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { manifestOf } from "@datapy/sdk/contract";
import { MANIFEST_FILE } from "@datapy/sdk/registry";
import type { LoadedMod, ModPackage } from "../mod-package.js";
import { none, same } from "../expect.js";

const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare"];

/** The package is one that `datapy plugins:install` takes: an oclif plugin without commands and hooks, with its manifest, no install script. */
export function checkPackage({ root, packageJson }: ModPackage): void {
  same(
    packageJson["oclif"],
    {},
    'package.json must have "oclif": {}, which makes it a plugin without commands and hooks',
  );
  const scripts = Object.keys(packageJson["scripts"] ?? {});
  none(
    scripts.filter((name) => INSTALL_SCRIPTS.includes(name)),
    "install scripts are not run where a mod is installed",
  );
  const files = packageJson["files"];
  if (Array.isArray(files))
    assert.ok(files.includes(MANIFEST_FILE), `"files" of package.json must name ${MANIFEST_FILE}`);
  assert.ok(existsSync(path.join(root, "README.md")), "a package has a README.md");
}

/** Metadata that a reader of a list of mods needs, equal in code, key and package. */
export function checkMetadata({ packageJson }: ModPackage, { registered, definition }: LoadedMod): void {
  const { metadata } = definition;
  assert.equal(metadata.name.replaceAll("_", "-"), registered.name, "the name in code and in package.json");
  assert.equal(metadata.description, registered.description, "the description in code and in package.json");
  assert.equal(metadata.category ?? "solo", registered.category, "the category in code and in package.json");
  assert.equal(metadata.version, packageJson["version"], "the version in code and in package.json");
  assert.ok(metadata.description.length >= 10, "a description says what the mod does");
}

/** `datapy.manifest.json` says what the code says. */
export function checkManifest({ root, mods }: ModPackage, loaded: readonly LoadedMod[]): void {
  const file = path.join(root, MANIFEST_FILE);
  const remedy = "`datapy mods manifest` in the package's folder writes it";
  assert.ok(existsSync(file), `${MANIFEST_FILE} is missing; ${remedy}`);
  const { mods: written } = JSON.parse(readFileSync(file, "utf8")) as { mods: { name: string }[] };
  const wanted = loaded.map(({ definition, registered }) => ({ ...manifestOf(definition), name: registered.name }));
  assert.equal(wanted.length, mods.length);
  same(written, JSON.parse(JSON.stringify(wanted)), `${MANIFEST_FILE} is out of date; ${remedy}`);
}
