/**
 * A process that loads the code of mods for a command that is not to run it itself: `node mod-code-process.js describe|manifest PATH`.
 * What the code prints goes to stderr, and it may hang or end its process.
 */
import { describeLoaded, loadMod, writeManifest } from "@datapy/sdk/contract";
import { findMod } from "@datapy/sdk/registry";
import { answerParent } from "../child-answer.js";
import type { ModCodeTask } from "./with-mod-code.js";

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
void answerParent(perform(task as ModCodeTask, subject));
