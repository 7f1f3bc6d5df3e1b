import { accessSync, constants, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { missingFileHint } from "@datapy/mod-kit";
import { csvError } from "../csv-error.js";

/** A file to read, as it stood when the run began. */
export interface InputFile {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly inode: number;
}

/** The files that `input_path` names, patterns in alphabetical order. Each once.
 * @throws DatapyError `CSV_FILE` when one is missing, no file, or not readable, or when a pattern matches nothing. */
export function findFiles(inputs: readonly string[]): InputFile[] {
  const paths = inputs.flatMap((input) => {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input)) {
      throw csvError(
        "CSV_FILE",
        `${input} is not a path of the file system`,
        "fetch it first, for instance with the mod s3-reader or api-client",
      );
    }
    if (!/[*?[{]/.test(input) || exists(input)) return [input];
    const found = expandBraces(input).flatMap((pattern) => matchPattern(pattern));
    if (found.length === 0)
      throw csvError(
        "CSV_FILE",
        `no file matches ${input}`,
        "check the pattern and base_path",
        undefined,
        "input_path",
      );
    return [...new Set(found)].sort();
  });
  return [...new Set(paths)].map(examine);
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** Size and time of a file that can be read. */
export function examine(file: string): InputFile {
  let stat;
  try {
    stat = statSync(file);
    accessSync(file, constants.R_OK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw csvError("CSV_FILE", `File not found: ${file}`, missingFileHint(file), cause, "input_path");
    throw csvError("CSV_FILE", `${file} cannot be read: ${(cause as Error).message}`, "check its permissions", cause);
  }
  if (stat.isDirectory())
    throw csvError("CSV_FILE", `${file} is a directory`, `name its files, for instance ${path.join(file, "*.csv")}`);
  if (!stat.isFile())
    throw csvError("CSV_FILE", `${file} is not a regular file`, "copy it to a file first: it is read more than once");
  return { path: file, size: stat.size, modified: stat.mtimeMs, inode: stat.ino };
}

/** `a{b,c}` is `ab` and `ac`. */
function expandBraces(pattern: string): string[] {
  const match = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern);
  if (match === null) return [pattern];
  return (match[2] ?? "").split(",").flatMap((part) => expandBraces(`${match[1]}${part}${match[3]}`));
}

function matchPattern(pattern: string): string[] {
  const { root } = path.parse(pattern);
  const parts = pattern
    .slice(root.length)
    .split(/[\\/]/)
    .filter((part) => part !== "");
  return walk(root === "" ? "." : root, parts);
}

function walk(folder: string, parts: readonly string[]): string[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [];
  if (part === "**") {
    const below = entries(folder).filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
    return [...walk(folder, rest), ...below.flatMap((entry) => walk(path.join(folder, entry.name), parts))];
  }
  if (!/[*?[]/.test(part)) {
    const next = path.join(folder, part);
    if (rest.length > 0) return walk(next, rest);
    return statSync(next, { throwIfNoEntry: false })?.isFile() === true ? [next] : [];
  }
  const matcher = segmentPattern(part);
  const found = entries(folder).filter(
    (entry) => matcher.test(entry.name) && (part.startsWith(".") || !entry.name.startsWith(".")),
  );
  return found.flatMap((entry) => {
    const next = path.join(folder, entry.name);
    if (rest.length > 0) return walk(next, rest);
    return statSync(next, { throwIfNoEntry: false })?.isFile() === true ? [next] : [];
  });
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // A folder that is not there, or that may not be looked into, matches nothing.
    return [];
  }
}

function segmentPattern(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (token) => {
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 1) return token.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return token.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${source}$`);
}
