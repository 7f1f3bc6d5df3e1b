import { basename } from "node:path";
import { closestName } from "../config/closest-name.js";
import { formOf } from "../config/config-sources.js";
import { modOfModeline } from "../config/modeline.js";
import { PROJECT_FILE } from "../config/find-project.js";
import type { TracedObject } from "../config/traced-value.js";

/** What a YAML file is to DataPy; `other` is none of its files. */
export type FileKind = "project" | "job" | "params" | "test" | "other";

/** Other tools have files of that name, too. */
function isTestFile(path: string, root: TracedObject | undefined): boolean {
  if (!/\.test\.ya?ml$/i.test(basename(path))) return false;
  return root === undefined || ["job", "mod", "tests"].some((key) => root.entries.has(key));
}

const JOB_KEYS = ["mods", "steps", "globals"];

/** What a file is, by its name and what stands in it. `root` is undefined for a file that is no YAML, where its text must do. */
export function classifyFile(path: string, text: string, root: TracedObject | undefined): FileKind {
  if (basename(path) === PROJECT_FILE) return "project";
  if (isTestFile(path, root)) return "test";
  if (modOfModeline(text) !== undefined) return "params";
  if (root === undefined) return /^["']?(?:mods|steps|globals)["']?\s*:/m.test(text) ? "job" : "other";
  if (formOf(root) !== "flat") return "job";
  const keys = [...root.entries.keys()];
  if (keys.some((key) => JOB_KEYS.includes(key))) return "job";
  // A misspelt key must not hide a job from being checked, provided that it holds what a job's key would.
  const near = [...root.entries].some(
    ([key, value]) => value.kind !== "scalar" && closestName(key, ["mods", "globals", "steps"]) !== undefined,
  );
  if (near) return "job";
  return /(?:^|[._-])params?\.ya?ml$/i.test(basename(path)) ? "params" : "other";
}
