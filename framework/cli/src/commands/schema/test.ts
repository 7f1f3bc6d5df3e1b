import { testEditorSchema } from "@datapy/sdk/schema";
import { BaseCommand } from "../../base-command.js";
import { knownMods } from "../../schema/known-mods.js";

export default class SchemaTest extends BaseCommand {
  static override summary = "Print the JSON Schema of files of pipeline tests.";
  static override description =
    "Prints a JSON Schema (draft-07, as YAML language servers use it) of `*.test.yaml`, in which the parameters of a tested mod are known.";
  static override examples = [
    { description: "Into a file:", command: "<%= config.bin %> <%= command.id %> > test.schema.json" },
  ];

  async run(): Promise<void> {
    await this.parse(SchemaTest);
    this.logJson(testEditorSchema(knownMods()));
  }
}
