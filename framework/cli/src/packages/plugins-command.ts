import { BaseCommand } from "../base-command.js";
import { Flags } from "../oclif.js";
import { installedPackages, prepareDataDirectory } from "./installed-packages.js";
import { withPluginsLock } from "./plugins-lock.js";

/** How much npm says. */
export const NPM_FLAGS = {
  silent: Flags.boolean({ char: "s", description: "Say nothing of what npm says.", exclusive: ["verbose"] }),
  verbose: Flags.boolean({ description: "Say all of what npm says.", exclusive: ["silent"] }),
};

/** A command that changes what is installed. */
export abstract class PluginsCommand extends BaseCommand {
  /**
   * Does `work` while no other process changes the data directory, which is ready for npm and has a readable list.
   */
  protected async changing<Result>(work: (dataDirectory: string) => Promise<Result>): Promise<Result> {
    const { dataDir } = this.config;
    return withPluginsLock(dataDir, async () => {
      prepareDataDirectory(dataDir);
      installedPackages(dataDir);
      return work(dataDir);
    });
  }

  /** oclif's spelling of {@link NPM_FLAGS} for a command that knows `known` of them. */
  protected npmFlags(
    flags: { readonly silent?: boolean; readonly verbose?: boolean },
    known: readonly ("silent" | "verbose")[],
  ): string[] {
    return known.filter((name) => flags[name] === true).map((name) => `--${name}`);
  }
}
