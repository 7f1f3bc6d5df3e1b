import { ARTIFACT_ARG, artifactOf } from "../../artifacts/artifact-argument.js";
import { ROW_FORMAT_FLAGS, printArtifact, rowFormat } from "../../artifacts/print-artifact.js";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG } from "../../runs/work-path.js";

export default class ArtifactsHead extends BaseCommand {
  static override summary = "Print the first rows of a table artifact, or the first lines of any other.";
  static override description =
    "Rows come in the order in which they were written. With --json or --csv for other programs; NULL is told from an empty text.";
  static override examples = [
    { description: "The first ten rows:", command: "<%= config.bin %> <%= command.id %> csv_reader/output_data" },
    {
      description: "Three rows with many columns:",
      command: "<%= config.bin %> <%= command.id %> 1a2b3c4d -n 3 --vertical",
    },
  ];
  static override args = { artifact: ARTIFACT_ARG };
  static override flags = {
    rows: Flags.integer({ char: "n", min: 0, default: 10, description: "Rows (or lines) to print." }),
    ...ROW_FORMAT_FLAGS,
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ArtifactsHead);
    await printArtifact(await artifactOf(args.artifact, flags["work-path"]), rowFormat(flags), flags.rows);
  }
}
