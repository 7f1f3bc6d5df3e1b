import { discoverMods } from "../registry/discover-mods.js";
import { findMod } from "../registry/find-mod.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { describeLoaded, describeMod as describeRegistered } from "../contract/describe-mod.js";
import type { ModDescription } from "../contract/describe-mod.js";
import { loadMod } from "../contract/load-mod.js";
import type { RunEvent } from "./run-events.js";
import { currentSession, setGlobals } from "./script-session.js";

/**
 * Sets globals of this session, over those of project and job: `base_path`, `log_level`, `log_path`, `log_format`, `work_path`, and any
 * value that mods have as a parameter. May be called again; keys that are given replace earlier ones. `log_path` and `work_path` count
 * only before the first run or log line.
 */
export function setGlobalConfig(globals: Readonly<Record<string, unknown>>): void {
  setGlobals(globals);
}

/** Mods that can be run from here, sorted by name. Imports none of them. */
export async function listMods(): Promise<readonly RegisteredMod[]> {
  const { cwd, env, configuration } = await currentSession();
  return discoverMods({ cwd, env, projectFile: configuration?.project?.file }).mods;
}

/** What a mod is and takes: metadata, parameters, artifacts. Imports its code only where it has no manifest. Throws `DATAPY_MOD_UNKNOWN`. */
export async function describeMod(reference: string): Promise<ModDescription> {
  const session = await currentSession();
  const mod = findMod(reference, { cwd: session.cwd, env: session.env, registry: session.registry });
  return mod.manifest === undefined ? describeLoaded(mod, await loadMod(mod)) : describeRegistered(mod);
}

/**
 * What happens in this session from now on, until it ends: runs that start, their progress, runs that end.
 *
 * @example for await (const event of runEvents()) if (event.kind === "run-ended") console.error(event.envelope.status);
 */
export async function* runEvents(): AsyncGenerator<RunEvent> {
  const session = await currentSession();
  yield* session.events();
}

/** Aborted when this session is canceled or its time is up: for a script's own long work. */
export async function sessionSignal(): Promise<AbortSignal> {
  return (await currentSession()).signal;
}
