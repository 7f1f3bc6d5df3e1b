/**
 * A process that loads the code of mods for a command that is not to run it itself: `node mod-code-process.js describe|manifest PATH`.
 * What the code prints goes to stderr, and it may hang or end its process.
 */
import { describeLoaded, loadMod, writeManifest } from "@datapy/sdk/contract";
import { findMod } from "@datapy/sdk/registry";
import { toFaults } from "../errors/to-faults.js";
import type { ModCodeOutcome, ModCodeTask } from "./with-mod-code.js";

async function perform(task: ModCodeTask, subject: string): Promise<unknown> {
  switch (task) {
    case "describe": {
      const mod = findMod(subject);
      return describeLoaded(mod, await loadMod(mod));
    }
    case "manifest":
      return writeManifest(subject);
  }
}

const [task = "", subject = ""] = process.argv.slice(2);
void perform(task as ModCodeTask, subject)
  .then((result): ModCodeOutcome => ({ ok: true, result }))
  .catch((error: unknown): ModCodeOutcome => {
    const faults = toFaults(error).map(({ code, message, hint, exitCode, location }) => ({
      code,
      message,
      exitCode,
      ...(hint === undefined ? {} : { hint }),
      ...(location === undefined ? {} : { location }),
    }));
    return { ok: false, faults };
  })
  // eslint-disable-next-line no-restricted-properties -- the answer is sent, and what a mod left open is not to keep the process
  .then((outcome) => process.send?.(outcome, () => process.exit(0)));
