import { compareTables, withTableReader } from "@datapy/sdk/artifacts";
import type { TableComparison } from "@datapy/sdk/artifacts";
import { artifactArgument, artifactOf } from "../../artifacts/artifact-argument.js";
import { comparisonText } from "../../artifacts/comparison-text.js";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG } from "../../runs/work-path.js";

export default class ArtifactsDiff extends BaseCommand {
  static override summary = "Compare two tables: their columns, and their rows by key or as a whole.";
  static override description = `With --key, rows are matched by their keys and each column is compared; without, a row is the same only when all of it is, as often as it comes. The comparison is made by DuckDB, on tables of any size; NULL equals NULL.

Exit codes: 0 the tables are equal, 10 they differ, 20 they cannot be compared.`;
  static override examples = [
    { description: "Whole rows:", command: "<%= config.bin %> <%= command.id %> 1a2b3c4d 5e6f7a8b" },
    {
      description: "By key, against a file:",
      command: "<%= config.bin %> <%= command.id %> expected.parquet data_cleaner/output_data --key id",
    },
  ];
  static override enableJsonFlag = true;
  static override args = { before: artifactArgument(), after: artifactArgument() };
  static override flags = {
    key: Flags.string({
      char: "k",
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "COLUMN",
      description: "Column that names a row; several together where the flag is given several times.",
    }),
    rows: Flags.integer({ char: "n", min: 0, default: 10, description: "Most rows that differ to show." }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<TableComparison> {
    const { args, flags } = await this.parse(ArtifactsDiff);
    const before = await artifactOf(args.before, flags["work-path"]);
    const after = await artifactOf(args.after, flags["work-path"]);
    const comparison = await withTableReader((reader) =>
      compareTables(reader, {
        before: before.path,
        after: after.path,
        ...(flags.key === undefined ? {} : { keys: flags.key }),
        examples: flags.rows,
      }),
    );
    this.setExitCode(comparison.equal ? 0 : 10);
    if (!this.jsonEnabled()) this.log(comparisonText(comparison));
    return comparison;
  }
}
