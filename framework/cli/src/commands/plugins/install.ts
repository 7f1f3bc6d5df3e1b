import { Args, Flags } from "../../oclif.js";
import { installPackage } from "../../packages/install-package.js";
import type { InstalledMods } from "../../packages/install-package.js";
import { NPM_FLAGS, PluginsCommand } from "../../packages/plugins-command.js";

export default class PluginsInstall extends PluginsCommand {
  static override summary = "Install packages of mods.";
  static override description = `Installs packages with npm into the data directory of datapy (DATAPY_DATA_DIR, by default ~/.local/share/datapy), where \`datapy run-mod\` finds their mods. Which registry is asked, and with which credentials, is set as for npm itself: in ~/.npmrc, in npm_config_* variables, or with DATAPY_NPM_REGISTRY.

A package that holds no usable mod is refused, and what was installed before stays as it was. Install scripts of packages are not run, unless .npmrc in the data directory says ignore-scripts=false.`;
  static override aliases = ["plugins:add"];
  static override examples = [
    { description: "From the registry:", command: "<%= config.bin %> <%= command.id %> @datapy/mod-csv-reader" },
    { description: "A certain version:", command: "<%= config.bin %> <%= command.id %> @datapy/mod-csv-reader@1.0.0" },
    {
      description: "What `npm pack` made, without any network:",
      command: "<%= config.bin %> <%= command.id %> ./acme-mod-orders-1.0.0.tgz",
    },
    {
      description: "From a repository:",
      command: "<%= config.bin %> <%= command.id %> git+https://git.example.com/acme/mod-orders.git",
    },
  ];
  static override enableJsonFlag = true;
  static override strict = false;
  static override args = {
    plugin: Args.string({
      required: true,
      description: "Package (`@scope/name`, `@scope/name@version`), tarball or URL. Several may be given.",
    }),
  };
  static override flags = {
    force: Flags.boolean({ char: "f", description: "Fetch everything anew, even what npm has in its cache." }),
    ...NPM_FLAGS,
  };

  async run(): Promise<{ readonly installed: readonly InstalledMods[] }> {
    const { argv, flags } = await this.parse(PluginsInstall);
    const npmFlags = [...(flags.force ? ["--force"] : []), ...this.npmFlags(flags, ["silent", "verbose"])];
    return this.changing(async (dataDirectory) => {
      const context = { dataDirectory, cwd: process.cwd(), registry: this.config.npmRegistry, flags: npmFlags };
      const installed: InstalledMods[] = [];
      for (const given of argv as string[]) {
        const one = await installPackage(given, context);
        installed.push(one);
        this.log(`Installed ${one.package} ${one.version}: ${one.mods.join(", ")}`);
      }
      return { installed };
    });
  }
}
