import path from "node:path";
import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput } from "@datapy/mod-kit";
import type { ModDescription } from "@datapy/sdk/contract";
import { fault } from "@datapy/sdk/errors";
import { FaultList } from "@datapy/sdk/faults";
import { runNodeScript } from "../child-process.js";

/** What can be asked of a mod's code without running it. */
export type ModCodeTask = "describe" | "manifest";

/** What a process that loaded code answers. */
export type ModCodeOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly faults: readonly DatapyErrorInput[] };

/** Describes a mod that has no manifest from its code, which is loaded in a process of its own. `reference` is any that finds it. */
export async function describeFromCode(reference: string): Promise<ModDescription> {
  return (await withModCode("describe", reference)) as ModDescription;
}

/** Checks the mods of the package in `root` and writes its `datapy.manifest.json`; gives the file. */
export async function writeManifestFromCode(root: string): Promise<string> {
  return (await withModCode("manifest", root)) as string;
}

async function withModCode(task: ModCodeTask, subject: string): Promise<unknown> {
  const script = path.join(__dirname, "mod-code-process.js");
  const { message, code } = await runNodeScript(script, [task, subject], { cwd: process.cwd(), stdout: "stderr" });
  const outcome = message as ModCodeOutcome | undefined;
  if (outcome?.ok === true) return outcome.result;
  const [first, ...others] = (outcome?.faults ?? []).map((one) => new DatapyError(one));
  if (first === undefined)
    throw fault("DATAPY_MOD_CRASHED", { mod: subject, detail: `exit code ${String(code)} while it was loaded` });
  throw others.length === 0 ? first : new FaultList([first, ...others]);
}
