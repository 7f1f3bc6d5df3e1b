import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { missingFileHint } from "@datapy/mod-kit";
import { isPattern, matcherOf } from "./glob-pattern.js";
import { storageFault } from "./object-storage-errors.js";
import type { SourceFile } from "./upload-types.js";

/** A file that was named, alone or by a folder or pattern. */
export interface FoundFile extends SourceFile {
  /** Below the folder that was named, or that the pattern begins in; with `/`. */
  readonly relative: string;
}

/**
 * Files that a path names: a file; a folder, with all that lies below it; a pattern (`*`, `?`, `[…]`, `{…}`, `**`), unless a file of that
 * very name is there, or it is to be taken `literal`ly. In the order of their names. Links are followed, but not in a circle.
 * @throws DatapyError `S3_FILE` when there is no such file or folder, or one cannot be read
 */
export async function findLocalFiles(input: string, literal = false): Promise<FoundFile[]> {
  const there = await stat(input).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR")
      return undefined;
    throw storageFault("S3_FILE", { file: input, reason: (error as Error).message }, { cause: error });
  });
  if (there?.isFile() === true)
    return [{ path: input, relative: path.basename(input), size: there.size, modified: there.mtimeMs }];
  if (there?.isDirectory() === true) return walk(input, "", new Set());
  if (there !== undefined) throw storageFault("S3_FILE", { file: input, reason: "it is neither a file nor a folder" });
  if (literal || !isPattern(input))
    throw storageFault(
      "S3_FILE",
      { file: input, reason: "there is no such file or folder" },
      { hint: missingFileHint(path.resolve(input)) },
    );
  const { folder, pattern } = splitPattern(input);
  const top = await stat(folder).catch(() => undefined);
  if (top?.isDirectory() !== true) return [];
  const matches = matcherOf(pattern);
  return walk(folder, "", new Set(), { file: matches, folder: prune(pattern) });
}

/** Says which folders can hold something that a pattern matches. */
function prune(pattern: string): (relative: string) => boolean {
  const steps = pattern.split("/");
  // A brace may hold a slash; then every folder is looked into.
  if (/\{[^{}]*\/[^{}]*\}/.test(pattern)) return () => true;
  const deep = steps.findIndex((step) => step.includes("**"));
  const tests = steps.slice(0, deep === -1 ? steps.length - 1 : deep).map(matcherOf);
  return (relative) => {
    const given = relative.split("/");
    if (given.length > tests.length) return deep !== -1;
    return given.every((step, index) => tests[index]?.(step) === true);
  };
}

/** A pattern in the folder that it begins in. */
function splitPattern(input: string): { readonly folder: string; readonly pattern: string } {
  const { root } = path.parse(input);
  const steps = input.slice(root.length).split(path.sep === "\\" ? /[\\/]/ : "/");
  const first = Math.max(
    0,
    steps.findIndex((step) => isPattern(step)),
  );
  return { folder: path.join(root, ...steps.slice(0, first)) || ".", pattern: steps.slice(first).join("/") };
}

/** What of a folder is wanted. */
interface Wanted {
  readonly file: (relative: string) => boolean;
  readonly folder: (relative: string) => boolean;
}

const ALL: Wanted = { file: () => true, folder: () => true };

async function walk(
  top: string,
  below: string,
  above: ReadonlySet<string>,
  wanted: Wanted = ALL,
): Promise<FoundFile[]> {
  const folder = path.join(top, below);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw storageFault("S3_FILE", { file: folder, reason: (error as Error).message }, { cause: error });
  }
  const found: FoundFile[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const relative = below === "" ? entry.name : `${below}/${entry.name}`;
    const isWanted = wanted.file(relative);
    const isOpened = !entry.isFile() && !entry.name.startsWith(".datapy-download-") && wanted.folder(relative);
    if (!isWanted && !isOpened) continue;
    const file = path.join(folder, entry.name);
    let about;
    try {
      about = await stat(file);
    } catch (error) {
      if (!isWanted) continue;
      throw storageFault("S3_FILE", { file, reason: (error as Error).message }, { cause: error });
    }
    if (about.isFile() && isWanted) found.push({ path: file, relative, size: about.size, modified: about.mtimeMs });
    else if (about.isDirectory() && isOpened) {
      const identity = `${String(about.dev)}:${String(about.ino)}`;
      if (!above.has(identity)) found.push(...(await walk(top, relative, new Set([...above, identity]), wanted)));
    }
  }
  return found;
}
