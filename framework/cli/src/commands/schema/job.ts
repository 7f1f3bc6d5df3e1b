import { jobEditorSchema } from "@datapy/sdk/schema";
import { BaseCommand } from "../../base-command.js";
import { knownMods } from "../../schema/known-mods.js";

export default class SchemaJob extends BaseCommand {
  static override summary = "Print the JSON Schema of job files.";
  static override description =
    "Prints a JSON Schema (draft-07, as YAML language servers use it) in which the parameters of every installed mod stand under its name.";
  static override examples = [
    { description: "Into a file:", command: "<%= config.bin %> <%= command.id %> > job.schema.json" },
  ];

  async run(): Promise<void> {
    await this.parse(SchemaJob);
    this.logJson(jobEditorSchema(knownMods()));
  }
}
