import { withTableReader } from "@datapy/sdk/artifacts";
import { ARTIFACT_ARG, artifactOf } from "../../artifacts/artifact-argument.js";
import { BaseCommand } from "../../base-command.js";
import { WORK_PATH_FLAG } from "../../runs/work-path.js";

/** A column of a table. */
interface SchemaColumn {
  readonly name: string;
  readonly type: string;
}

export default class ArtifactsSchema extends BaseCommand {
  static override summary = "Print the columns of a table artifact and their types.";
  static override description =
    "Types are DuckDB's, read from the file itself; of an artifact whose file is gone, as the ledger has kept them.";
  static override examples = [
    { description: "Columns of a table:", command: "<%= config.bin %> <%= command.id %> csv_reader/output_data" },
  ];
  static override enableJsonFlag = true;
  static override args = { artifact: ARTIFACT_ARG };
  static override flags = { ...WORK_PATH_FLAG };

  async run(): Promise<readonly SchemaColumn[]> {
    const { args, flags } = await this.parse(ArtifactsSchema);
    const found = await artifactOf(args.artifact, flags["work-path"]);
    const kept = found.kind === "artifact" && found.artifact.state !== "present" ? found.artifact.columns : undefined;
    const columns =
      kept ??
      (await withTableReader(async (reader) => reader.describe(`SELECT * FROM ${await reader.table(found.path)}`)));
    const shown = columns.map(({ name, type }) => ({ name, type }));
    if (!this.jsonEnabled()) {
      const { tableForStdout } = await import("../../output/table.js");
      this.log(
        tableForStdout<SchemaColumn>(
          [
            { title: "name", value: ({ name }) => name },
            { title: "type", value: ({ type }) => type },
          ],
          shown,
        ),
      );
    }
    return shown;
  }
}
