import path from "node:path";
import { BaseCommand } from "../../base-command.js";
import { writeManifestFromCode } from "../../mods/with-mod-code.js";
import { Args } from "../../oclif.js";

export default class ModsManifest extends BaseCommand {
  static override summary = "Check the mods of your package and write its datapy.manifest.json.";
  static override description =
    "For authors: loads every mod that the `datapy` key of package.json names, makes all the checks that a run makes, and writes their metadata and schemas to datapy.manifest.json beside it. Run it when you build the package, and ship the file: listing, describing and linting read it instead of loading the mod. Nothing is written when a mod has a fault.";
  static override examples = [
    { description: "The package in the working directory:", command: "<%= config.bin %> <%= command.id %>" },
    { description: "Another one:", command: "<%= config.bin %> <%= command.id %> packages/mod-orders" },
  ];
  static override enableJsonFlag = true;
  static override args = { directory: Args.string({ default: ".", description: "Folder of the package." }) };

  async run(): Promise<{ readonly file: string }> {
    const { args } = await this.parse(ModsManifest);
    const file = await writeManifestFromCode(path.resolve(args.directory));
    this.log(`Wrote ${file}`);
    return { file };
  }
}
