import { pruneArtifacts } from "@datapy/sdk/artifacts";
import type { ArtifactPruneReport } from "@datapy/sdk/artifacts";
import { fault } from "@datapy/sdk/errors";
import { byteSize } from "../../artifacts/artifact-columns.js";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG } from "../../runs/work-path.js";
import { retentionPolicy } from "../../artifacts/retention-policy.js";

export default class ArtifactsPrune extends BaseCommand {
  static override summary = "Remove the artifacts of old sessions, by age and size.";
  static override description = `Removes whole sessions, the oldest first; what the run ledger says of them stays. What a running session needs, or one that a failed job may be resumed from, is never removed.

Without --older-than and --max-size the limits are those of the project file, which every session also keeps to when it ends:

    retention:
      artifacts: { older_than: 30d, max_size: 20 GiB }`;
  static override examples = [
    {
      description: "See what would go:",
      command: "<%= config.bin %> <%= command.id %> --older-than 30d --max-size '20 GiB' --dry-run",
    },
    { description: "By the limits of the project:", command: "<%= config.bin %> <%= command.id %>" },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    "older-than": Flags.string({
      helpValue: "30d",
      description: "Remove artifacts of sessions that wrote none since: 12h, 30d, 8w, or a date such as 2026-08-12.",
    }),
    "max-size": Flags.string({
      helpValue: "SIZE",
      description: "Then remove the oldest until all take no more than this: 500 MB, 20 GiB.",
    }),
    "dry-run": Flags.boolean({ description: "Says what would be removed, and removes nothing." }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<ArtifactPruneReport> {
    const { flags } = await this.parse(ArtifactsPrune);
    const { policy, workPath } = await retentionPolicy(flags);
    if (policy.before === undefined && policy.maxBytes === undefined)
      throw fault("DATAPY_CLI_MISSING_ARGUMENT", {
        argument: "--older-than or --max-size, since the project file has no `retention.artifacts`",
      });
    const report = pruneArtifacts(workPath, { ...policy, dryRun: flags["dry-run"] });
    const verb = flags["dry-run"] ? "Would remove" : "Removed";
    for (const { session_id, reason, bytes } of report.needed)
      this.log(`${session_id}: kept ${byteSize(bytes)}, since the session is ${reason}.`);
    this.log(
      `${verb} the artifacts of ${String(report.removed.length)} sessions, ${byteSize(report.bytes)}; ${byteSize(report.bytes_left)} are left.`,
    );
    return report;
  }
}
