import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fault } from "@datapy/sdk/errors";
import { Args, Flags } from "../../oclif.js";
import { usableMods } from "../../packages/install-package.js";
import type { InstalledMods } from "../../packages/install-package.js";
import { isDescription } from "../../packages/npm.js";
import type { PackageDescription } from "../../packages/npm.js";
import { NPM_FLAGS, PluginsCommand } from "../../packages/plugins-command.js";
import { refuseForeignPackage } from "../../packages/refuse-foreign-package.js";
import { runOclifPlugins } from "../../packages/run-oclif-plugins.js";
import { withRollback } from "../../packages/with-rollback.js";

export default class PluginsLink extends PluginsCommand {
  static override summary = "Use a package of mods from its folder, while you write it.";
  static override description =
    "Has datapy find the mods of a package in the folder where it is written; what is built there is what runs. A linked package goes before an installed one of the same name. `datapy plugins unlink` ends it.";
  static override examples = [
    { description: "The package in the working directory:", command: "<%= config.bin %> <%= command.id %>" },
    {
      description: "Another folder, whose dependencies are there already:",
      command: "<%= config.bin %> <%= command.id %> ../mod-orders --no-install",
    },
  ];
  static override enableJsonFlag = true;
  static override args = { path: Args.string({ default: ".", description: "Folder of the package." }) };
  static override flags = {
    install: Flags.boolean({
      allowNo: true,
      default: true,
      description: "Install the package's dependencies where it has a lock file.",
    }),
    verbose: NPM_FLAGS.verbose,
  };

  async run(): Promise<InstalledMods & { readonly root: string }> {
    const { args, flags } = await this.parse(PluginsLink);
    const root = path.resolve(args.path);
    const { name } = describe(root);
    return this.changing(async (dataDirectory) => {
      const linked = await withRollback(dataDirectory, async () => {
        const install = flags.install ? "--install" : "--no-install";
        await runOclifPlugins("plugins:link", [...this.npmFlags(flags, ["verbose"]), install, root], process.cwd());
        return usableMods(name, dataDirectory);
      });
      this.log(`Linked ${linked.package} ${linked.version} from ${root}: ${linked.mods.join(", ")}`);
      return { ...linked, root };
    });
  }
}

function describe(root: string): PackageDescription {
  const file = path.join(root, "package.json");
  if (!existsSync(file)) {
    const detail = existsSync(root) ? "it has no package.json" : "there is no such folder";
    throw fault("DATAPY_PLUGIN_NOT_A_MOD", { package: root, detail });
  }
  const description = parse(readFileSync(file, "utf8"));
  if (!isDescription(description))
    throw fault("DATAPY_PLUGIN_NOT_A_MOD", { package: root, detail: "its package.json gives no name and version" });
  refuseForeignPackage(description);
  return description;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
