import path from "node:path";
import type { ModDescription } from "@datapy/sdk/contract";
import { askChild } from "../child-answer.js";

/** What can be asked of a mod's code without running it. */
export type ModCodeTask = "describe" | "manifest";

/** Describes a mod that has no manifest from its code, which is loaded in a process of its own. `reference` is any that finds it. */
export async function describeFromCode(reference: string): Promise<ModDescription> {
  return (await withModCode("describe", reference)) as ModDescription;
}

/** Checks the mods of the package in `root` and writes its `datapy.manifest.json`; gives the file. */
export async function writeManifestFromCode(root: string): Promise<string> {
  return (await withModCode("manifest", root)) as string;
}

function withModCode(task: ModCodeTask, subject: string): Promise<unknown> {
  return askChild(path.join(__dirname, "mod-code-process.js"), [task, subject], { cwd: process.cwd(), subject });
}
