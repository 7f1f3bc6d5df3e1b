import { installedPackages } from "../../packages/installed-packages.js";
import { usableMods } from "../../packages/install-package.js";
import { modsOfPackage } from "../../packages/installed-mods.js";
import { NPM_FLAGS, PluginsCommand } from "../../packages/plugins-command.js";
import { runOclifPlugins } from "../../packages/run-oclif-plugins.js";
import { withRollback } from "../../packages/with-rollback.js";

/** A package whose version changed. */
interface UpdatedPackage {
  readonly package: string;
  readonly from: string | undefined;
  readonly to: string;
}

export default class PluginsUpdate extends PluginsCommand {
  static override summary = "Update the installed packages of mods.";
  static override description =
    "Brings every installed package to the newest version that its range or tag allows. Where an update gives no usable mod, all packages stay as they were. Linked packages and tarballs are left alone.";
  static override examples = [{ description: "Update everything:", command: "<%= config.bin %> <%= command.id %>" }];
  static override enableJsonFlag = true;
  static override flags = { verbose: NPM_FLAGS.verbose };

  async run(): Promise<{ readonly updated: readonly UpdatedPackage[] }> {
    const { flags } = await this.parse(PluginsUpdate);
    return this.changing(async (dataDirectory) => {
      const packages = installedPackages(dataDirectory).filter((one) => one.type === "user");
      const before = new Map(
        packages.map((one) => [one.name, modsOfPackage(one.name, dataDirectory).mods[0]?.version]),
      );
      const after = await withRollback(dataDirectory, async () => {
        if (packages.length > 0)
          await runOclifPlugins("plugins:update", this.npmFlags(flags, ["verbose"]), dataDirectory);
        return packages.map((one) => usableMods(one.name, dataDirectory));
      });
      const updated = after
        .map((one) => ({ package: one.package, from: before.get(one.package), to: one.version }))
        .filter((one) => one.from !== one.to);
      for (const one of updated) this.log(`Updated ${one.package} ${one.from ?? "(unusable)"} → ${one.to}`);
      if (updated.length === 0)
        this.log(packages.length === 0 ? "No packages are installed." : "Everything is up to date.");
      return { updated };
    });
  }
}
