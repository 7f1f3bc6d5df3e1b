import { readdirSync, statSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import type { Dirent } from "node:fs";
import { globExpression, globRoot, isGlob } from "./glob.js";

/** Files that a pattern names. */
export interface FoundFiles {
  /** Absolute, sorted. */
  readonly files: readonly string[];
  /** Whether the user named these very files; of a folder, those that are not DataPy's are passed over. */
  readonly named: boolean;
}

const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "coverage"]);
const YAML_FILE = /\.ya?ml$/i;

/** Files of a path, a folder (recursively; hidden ones, `node_modules`, `dist` and `coverage` are left out) or a glob. */
export function findFiles(pattern: string, cwd: string): FoundFiles {
  const path = resolve(cwd, pattern);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return { files: walk(path, (file) => YAML_FILE.test(file)), named: false };
  if (found !== undefined) return { files: [path], named: true };
  if (!isGlob(pattern)) return { files: [], named: true };
  const root = resolve(cwd, globRoot(pattern));
  const expression = globExpression(pattern.slice(globRoot(pattern).length));
  const matches = (file: string): boolean => expression.test(relative(root, file).split(sep).join("/"));
  return {
    files: statSync(root, { throwIfNoEntry: false })?.isDirectory() === true ? walk(root, matches) : [],
    named: true,
  };
}

function walk(root: string, accepts: (file: string) => boolean): string[] {
  const files: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && !SKIPPED.has(entry.name)) folders.push(path);
      } else if ((entry.isFile() || entry.isSymbolicLink()) && !basename(path).startsWith(".") && accepts(path))
        files.push(path);
    }
  }
  return files.sort();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // A folder that may not be read, or is gone, holds no file to check.
    return [];
  }
}
