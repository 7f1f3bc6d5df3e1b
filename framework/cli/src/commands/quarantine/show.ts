import { withTableReader } from "@datapy/sdk/artifacts";
import { findQuarantine, numberedRows, quarantineReasons } from "@datapy/sdk/quarantine";
import type { QuarantineReason } from "@datapy/sdk/quarantine";
import { ARTIFACT_ARG } from "../../artifacts/artifact-argument.js";
import { ROW_FORMAT_FLAGS, rowFormat } from "../../artifacts/print-artifact.js";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";

/** Rows that are shown to people when nothing is said. */
const SHOWN = 20;

export default class QuarantineShow extends BaseCommand {
  static override summary = "Show what was set aside, and why.";
  static override description =
    "Prints the reasons and the first rows; with --csv or --json all rows and nothing else. Rows are numbered by `replay_row`: correct the CSV file in an editor, keep that column, and give it to `datapy quarantine replay --rows`.";
  static override examples = [
    { description: "Why, and the first rows:", command: "<%= config.bin %> <%= command.id %> 1a2b3c4d5e6f" },
    {
      description: "To be corrected:",
      command: "<%= config.bin %> <%= command.id %> 1a2b3c4d5e6f --csv > corrected.csv",
    },
  ];
  static override args = { id: ARTIFACT_ARG };
  static override flags = {
    rows: Flags.integer({
      char: "n",
      min: 0,
      description: `Rows to print. Default: ${String(SHOWN)}; all with --csv and --json.`,
    }),
    ...ROW_FORMAT_FLAGS,
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QuarantineShow);
    const { entry } = findQuarantine(await findWorkPath(flags["work-path"]), args.id, process.cwd());
    const format = rowFormat(flags);
    const isWhole = format === "csv" || format === "json";
    const { printRows } = await import("../../artifacts/print-rows.js");
    await withTableReader(async (reader) => {
      const numbered = await numberedRows(reader, entry.path);
      if (!isWhole) {
        const reasons = await quarantineReasons(reader, entry.path);
        this.log(
          `${entry.id}: ${String(entry.rows)} rows set aside by ${entry.step ?? entry.mod} in ${entry.run_id}, ${String(entry.open)} open.\n`,
        );
        if (reasons.length > 0) this.log(`${await reasonTable(reasons)}\n`);
      }
      const limit = flags.rows ?? (isWhole ? undefined : SHOWN);
      const query = limit === undefined ? numbered : `SELECT * FROM (${numbered}) LIMIT ${String(limit)}`;
      await printRows(await reader.describe(numbered), reader.batches(query), format);
    });
  }
}

async function reasonTable(reasons: readonly QuarantineReason[]): Promise<string> {
  const { tableForStdout } = await import("../../output/table.js");
  return tableForStdout<QuarantineReason>(
    [
      { title: "rows", value: ({ rows }) => String(rows), align: "right" },
      { title: "reason", value: ({ reason }) => reason },
    ],
    reasons,
  );
}
