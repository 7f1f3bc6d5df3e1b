import { Args } from "../../oclif.js";
import { findInstalled } from "../../packages/find-installed.js";
import { removeUnusedTarballs } from "../../packages/install-package.js";
import { NPM_FLAGS, PluginsCommand } from "../../packages/plugins-command.js";
import { runOclifPlugins } from "../../packages/run-oclif-plugins.js";
import { withRollback } from "../../packages/with-rollback.js";

export default class PluginsUninstall extends PluginsCommand {
  static override summary = "Remove installed or linked packages of mods.";
  static override description =
    "Removes packages from the data directory. The folder of a linked package is left alone.";
  static override aliases = ["plugins:unlink", "plugins:remove"];
  static override examples = [
    { description: "By the package's name:", command: "<%= config.bin %> <%= command.id %> @datapy/mod-csv-reader" },
    { description: "By the mod's name:", command: "<%= config.bin %> <%= command.id %> csv-reader" },
  ];
  static override enableJsonFlag = true;
  static override strict = false;
  static override args = {
    plugin: Args.string({
      default: ".",
      description: "Package, name of its mod, or folder of a linked package. Several may be given.",
    }),
  };
  static override flags = { verbose: NPM_FLAGS.verbose };

  async run(): Promise<{ readonly uninstalled: readonly string[] }> {
    const { argv, flags } = await this.parse(PluginsUninstall);
    return this.changing(async (dataDirectory) => {
      const names = (argv as string[]).map((given) => findInstalled(given, dataDirectory, process.cwd()).name);
      for (const name of names) {
        await withRollback(dataDirectory, () =>
          runOclifPlugins("plugins:uninstall", [...this.npmFlags(flags, ["verbose"]), name], dataDirectory),
        );
        this.log(`Removed ${name}`);
      }
      removeUnusedTarballs(dataDirectory);
      return { uninstalled: names };
    });
  }
}
