import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Name of the file that makes a folder a project. */
export const PROJECT_FILE = "project_defaults.yaml";

/** Where a project file was looked for, and which one is used. */
export interface ProjectSearch {
  readonly file: string | undefined;
  /** Every place, in order, up to the one that was found. */
  readonly searched: readonly string[];
}

/**
 * Looks for the project file: in the working directory, its parent and its parent's parent, then in the same three places from the
 * folder of each of `files` (what `-p` or the job names, then the script). The first found wins.
 */
export function findProject(cwd: string, files: readonly string[]): ProjectSearch {
  const starts = [cwd, ...files.map((file) => dirname(resolve(cwd, file)))];
  const places = starts.flatMap((start) => [start, resolve(start, ".."), resolve(start, "../..")]);
  const searched: string[] = [];
  for (const folder of new Set(places)) {
    const candidate = join(folder, PROJECT_FILE);
    searched.push(candidate);
    if (existsSync(candidate)) return { file: candidate, searched };
  }
  return { file: undefined, searched };
}
