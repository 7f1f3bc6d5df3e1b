/**
 * A process that runs one command of oclif's own plugin commands: `node oclif-plugins-process.js plugins:install ARG…`. They run npm,
 * print on whatever stream they like and may hang on a network; here all of that is apart from the process that the user started, and
 * can be ended with everything that it began.
 */
import path from "node:path";
import { Config } from "@oclif/core";
import { settings } from "@oclif/core/settings";

/** How the command ended, sent to the parent. */
export type OclifPluginsOutcome =
  { readonly ok: true } | { readonly ok: false; readonly message: string; readonly invalid: boolean };

/** What oclif says of a package without an `oclif` key, for which it has no code. */
const INVALID = "plugin is invalid";

async function runCommand(id: string, argv: string[]): Promise<OclifPluginsOutcome> {
  settings.enableAutoTranspile = false;
  try {
    const { commands } = await import("@oclif/plugin-plugins");
    const command = (commands as Readonly<Record<string, { run(argv: string[], config: Config): Promise<unknown> }>>)[
      id
    ];
    if (command === undefined) throw new Error(`no command ${id}`);
    const config = await Config.load({ root: path.join(__dirname, "..", ".."), userPlugins: false, devPlugins: false });
    await command.run(argv, config);
    return { ok: true };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, message, invalid: message === INVALID };
  }
}

/** The parent has died without a word: what it asked for is not to go on unseen. */
function endGroup(): void {
  process.kill(process.platform === "win32" ? process.pid : -process.pid, "SIGTERM");
}

const [id = "", ...argv] = process.argv.slice(2);
process.once("disconnect", endGroup);
void runCommand(id, argv).then((outcome) => {
  process.removeListener("disconnect", endGroup);
  // Not what oclif may have set: the outcome decides.
  process.exitCode = outcome.ok ? 0 : 1;
  process.send?.(outcome, () => process.disconnect());
});
