import { parseSince, pruneLedger } from "@datapy/sdk/ledger";
import type { PruneReport } from "@datapy/sdk/ledger";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";

export default class RunsPrune extends BaseCommand {
  static override summary = "Remove old sessions from the run ledger.";
  static override description =
    "Removes the ledger files of sessions that wrote nothing since then. Sessions that still run are kept. Log files are not touched: they follow `logging.retention_days`.";
  static override examples = [
    { description: "See what would go:", command: "<%= config.bin %> <%= command.id %> --older-than 90d --dry-run" },
    {
      description: "Remove it, with what those runs made:",
      command: "<%= config.bin %> <%= command.id %> --older-than 90d --artifacts",
    },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    "older-than": Flags.string({
      required: true,
      helpValue: "90d",
      description: "Age, such as 12h, 90d or 8w, or a date such as 2026-08-12.",
    }),
    artifacts: Flags.boolean({ description: "Removes the artifacts of those sessions too." }),
    "dry-run": Flags.boolean({ description: "Says what would be removed, and removes nothing." }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<PruneReport> {
    const { flags } = await this.parse(RunsPrune);
    const report = pruneLedger(await findWorkPath(flags["work-path"]), {
      before: parseSince(flags["older-than"], new Date()),
      artifacts: flags.artifacts,
      dryRun: flags["dry-run"],
    });
    const verb = flags["dry-run"] ? "Would remove" : "Removed";
    const folders = flags.artifacts ? ` and ${report.artifactFolders} folders of artifacts` : "";
    this.log(`${verb} ${report.sessions} sessions${folders}, ${(report.bytes / 1_048_576).toFixed(1)} MiB.`);
    return report;
  }
}
