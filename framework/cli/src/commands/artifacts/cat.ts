import { ARTIFACT_ARG, artifactOf } from "../../artifacts/artifact-argument.js";
import { ROW_FORMAT_FLAGS, printArtifact, rowFormat } from "../../artifacts/print-artifact.js";
import { BaseCommand } from "../../base-command.js";
import { WORK_PATH_FLAG } from "../../runs/work-path.js";

export default class ArtifactsCat extends BaseCommand {
  static override summary = "Print all rows of a table artifact, or the content of any other.";
  static override description = "Rows are printed as they are read: a table of any size takes little memory.";
  static override examples = [
    { description: "To a file, as CSV:", command: "<%= config.bin %> <%= command.id %> 1a2b3c4d --csv > rows.csv" },
    { description: "Any Parquet file:", command: "<%= config.bin %> <%= command.id %> ./customers.parquet" },
  ];
  static override args = { artifact: ARTIFACT_ARG };
  static override flags = { ...ROW_FORMAT_FLAGS, ...WORK_PATH_FLAG };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ArtifactsCat);
    await printArtifact(await artifactOf(args.artifact, flags["work-path"]), rowFormat(flags));
  }
}
