// Brings a checkout to the state in which something can be run: Node new enough, dependencies as the lock file has them, packages
// built. Each step is skipped when it has nothing to do.
import { existsSync } from "node:fs";
import path from "node:path";
import { build } from "./build.mjs";
import { ScriptError, readJson, root, run } from "./workspace.mjs";

/** A message when this Node is too old for the repository, else undefined. */
export function nodeTooOld(version = process.versions.node) {
  const floor = readJson(path.join(root, "package.json")).engines.node.replace(/^>=/, "");
  const [wanted, given] = [floor, version].map((text) => text.split(".").map(Number));
  for (let index = 0; index < 3; index += 1) {
    if (given[index] > wanted[index]) return undefined;
    if (given[index] < wanted[index])
      return `DataPy needs Node ${floor} or newer; this is Node ${version} (${process.execPath}).`;
  }
  return undefined;
}

/**
 * Whether node_modules holds what the lock file asks for. npm writes down what it installed in node_modules/.package-lock.json, at the
 * very end of an installation; comparing the two sees an installation by hand, a half-finished one and a changed lock file alike.
 */
export function installed(folder = root) {
  const written = path.join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(written)) return false;
  const present = readJson(written).packages;
  const wanted = readJson(path.join(folder, "package-lock.json")).packages;
  return Object.entries(wanted).every(([place, entry]) => {
    if (!place.includes("node_modules/")) return true;
    if (entry.optional || entry.devOptional)
      return present[place] === undefined || present[place].version === entry.version;
    return present[place]?.version === entry.version && existsSync(path.join(folder, place));
  });
}

/** Checks Node, installs and builds. `say` is told what takes long. */
export async function prepare(say = (text) => process.stderr.write(`${text}\n`)) {
  const complaint = nodeTooOld();
  if (complaint !== undefined) throw new ScriptError(complaint);
  if (!installed()) {
    say("Installing dependencies (npm ci) …");
    // No install script is needed by anything here, and newer npm versions do not run them anyway.
    run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  }
  await build({ say });
}
