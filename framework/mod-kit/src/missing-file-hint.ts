import { readdirSync } from "node:fs";
import path from "node:path";
import { closestName } from "./closest-name.js";

const SHOWN_NAMES = 5;

/**
 * What to do about a file that is not there, for the hint of its error: the name beside it that was most likely meant, else what its
 * folder holds; where a folder of its path is missing, the same for that folder. `file` is absolute. Never throws.
 */
export function missingFileHint(file: string): string {
  let missing = path.resolve(file);
  let folder = path.dirname(missing);
  let names = namesIn(folder);
  while (names === undefined && folder !== path.dirname(folder)) {
    missing = folder;
    folder = path.dirname(folder);
    names = namesIn(folder);
  }
  if (names === undefined) return "Check the path.";
  const near = closestName(path.basename(missing), names);
  const isFolder = missing !== path.resolve(file);
  const what = isFolder ? `There is no folder ${missing}. ` : "";
  if (near !== undefined) return `${what}Did you mean ${path.join(folder, near)}?`;
  if (names.length === 0) return `${what}The folder ${folder} is empty.`;
  const shown = names.slice(0, SHOWN_NAMES).join(", ");
  return `${what}The folder ${folder} holds ${shown}${names.length > SHOWN_NAMES ? ", …" : ""}.`;
}

/** Hidden files are seldom meant. `undefined` for what is no folder, or may not be looked into. */
function namesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .sort();
  } catch {
    return undefined;
  }
}
