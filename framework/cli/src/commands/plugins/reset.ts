import { rmSync } from "node:fs";
import path from "node:path";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { installedPackages } from "../../packages/installed-packages.js";
import type { InstalledPackage } from "../../packages/installed-packages.js";
import { withPluginsLock } from "../../packages/plugins-lock.js";
import { runOclifPlugins } from "../../packages/run-oclif-plugins.js";

export default class PluginsReset extends BaseCommand {
  static override summary = "Remove all installed and linked packages of mods.";
  static override description =
    "Removes every package from the data directory. With --hard also what npm keeps there, and a list of packages that is damaged.";
  static override examples = [
    { description: "Remove everything:", command: "<%= config.bin %> <%= command.id %>" },
    {
      description: "Start afresh, with the same packages:",
      command: "<%= config.bin %> <%= command.id %> --hard --reinstall",
    },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    hard: Flags.boolean({ description: "Also remove node_modules, the lock file and the list itself." }),
    reinstall: Flags.boolean({ description: "Install and link the same packages again." }),
  };

  async run(): Promise<{ readonly removed: readonly string[] }> {
    const { flags } = await this.parse(PluginsReset);
    const { dataDir } = this.config;
    return withPluginsLock(dataDir, async () => {
      const removed = flags.hard && !flags.reinstall ? readableList(dataDir) : installedPackages(dataDir);
      await runOclifPlugins(
        "plugins:reset",
        [...(flags.hard ? ["--hard"] : []), ...(flags.reinstall ? ["--reinstall"] : [])],
        dataDir,
      );
      if (!flags.reinstall) rmSync(path.join(dataDir, "tarballs"), { recursive: true, force: true });
      this.log(
        removed.length === 0
          ? "No packages were installed."
          : `${flags.reinstall ? "Installed again" : "Removed"}: ${removed.map((one) => one.name).join(", ")}`,
      );
      return { removed: removed.map((one) => one.name) };
    });
  }
}

/** A damaged list names nothing, and is about to go. */
function readableList(dataDirectory: string): readonly InstalledPackage[] {
  try {
    return installedPackages(dataDirectory);
  } catch {
    return [];
  }
}
