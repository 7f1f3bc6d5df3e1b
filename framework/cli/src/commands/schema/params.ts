import { findMod } from "@datapy/sdk/registry";
import { parametersEditorSchema } from "@datapy/sdk/schema";
import { BaseCommand } from "../../base-command.js";
import { Args } from "../../oclif.js";
import { knownMods } from "../../schema/known-mods.js";

export default class SchemaParams extends BaseCommand {
  static override summary = "Print the JSON Schema of parameter files: of one mod, or of all by name.";
  static override description =
    "Prints a JSON Schema (draft-07, as YAML language servers use it) of a flat file of parameters. A file names its schema in its first line: `# yaml-language-server: $schema=FILE`.";
  static override examples = [
    { description: "Of one mod:", command: "<%= config.bin %> <%= command.id %> csv-reader" },
  ];
  static override args = {
    mod: Args.string({ description: "Mod whose parameters are meant. Default: all, in one object by name." }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(SchemaParams);
    if (args.mod === undefined) {
      this.logJson(Object.fromEntries(knownMods().map((mod) => [mod.name, parametersEditorSchema(mod)])));
      return;
    }
    this.logJson(parametersEditorSchema(findMod(args.mod, { cwd: process.cwd(), env: process.env })));
  }
}
