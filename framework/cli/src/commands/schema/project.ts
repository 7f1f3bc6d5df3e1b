import { projectEditorSchema } from "@datapy/sdk/schema";
import { BaseCommand } from "../../base-command.js";
import { knownMods } from "../../schema/known-mods.js";

export default class SchemaProject extends BaseCommand {
  static override summary = "Print the JSON Schema of project_defaults.yaml.";
  static override description =
    "Prints a JSON Schema (draft-07, as YAML language servers use it) in which the parameters of every installed mod stand under its name.";
  static override examples = [
    { description: "Into a file:", command: "<%= config.bin %> <%= command.id %> > project.schema.json" },
  ];

  async run(): Promise<void> {
    await this.parse(SchemaProject);
    this.logJson(projectEditorSchema(knownMods()));
  }
}
