import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DatapyError } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import { FaultList } from "../faults.js";
import { MANIFEST_FILE, MANIFEST_VERSION } from "../registry/read-manifest.js";
import { readModPackage } from "../registry/read-mod-package.js";
import { manifestOf } from "./describe-mod.js";
import { loadMod } from "./load-mod.js";

/**
 * Loads every mod of the package in `packageRoot`, makes all load checks, and writes `datapy.manifest.json` beside its package.json:
 * `{ manifest: 1, mods: [{ name, metadata, params, artifacts }] }`, the same bytes for the same mods. Returns the file's absolute path.
 *
 * Throws the error of the check that failed; where mods failed, a `FaultList` of all of them, and nothing is written.
 */
export async function writeManifest(packageRoot: string): Promise<string> {
  const root = path.resolve(packageRoot);
  const { mods, problem } = readModPackage({ packageName: path.basename(root), root, origin: "path", expected: true });
  if (problem !== undefined) throw problem.error;
  const faults: DatapyError[] = [];
  const entries: object[] = [];
  for (const mod of mods) {
    try {
      entries.push({ ...manifestOf(await loadMod(mod, { thorough: true })), name: mod.name });
    } catch (error) {
      if (error instanceof FaultList) faults.push(...error.faults);
      else if (isDatapyError(error)) faults.push(error);
      else throw error;
    }
  }
  if (faults.length > 0) throw new FaultList(faults);
  const file = path.join(root, MANIFEST_FILE);
  await replaceFile(file, `${JSON.stringify({ manifest: MANIFEST_VERSION, mods: entries }, undefined, 2)}\n`);
  return file;
}

/** A reader sees the old file or the new one, never half of one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
