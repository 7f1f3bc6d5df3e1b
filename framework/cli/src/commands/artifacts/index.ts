import { listArtifacts } from "@datapy/sdk/artifacts";
import type { ArtifactEntry } from "@datapy/sdk/artifacts";
import { artifactColumns } from "../../artifacts/artifact-columns.js";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";

/** Artifacts that are listed when nothing is said. */
const DEFAULT_LIMIT = 50;

export default class Artifacts extends BaseCommand {
  static override summary = "List the tables and files that runs have made, newest first.";
  static override description =
    "Reads the run ledger. An artifact is `present` while its file is there; with --all also those that a later run of the same step has replaced, and those that are gone.";
  static override examples = [
    { description: "The newest artifacts:", command: "<%= config.bin %> <%= command.id %>" },
    {
      description: "What a step made in a session:",
      command: "<%= config.bin %> <%= command.id %> --session 7d3f6a1e --step csv_reader",
    },
    {
      description: "All quarantines that were ever made, for a program:",
      command: "<%= config.bin %> <%= command.id %> --key quarantine --all --limit 1000 --json",
    },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    session: Flags.string({ helpValue: "ID", description: "Only of this session; its first digits are enough." }),
    step: Flags.string({
      helpValue: "NAME",
      description: "Only of this step, or of this mod where runs were no steps.",
    }),
    key: Flags.string({ helpValue: "KEY", description: "Only artifacts of this key, such as output_data." }),
    all: Flags.boolean({ description: "Also those that were replaced or are gone." }),
    limit: Flags.integer({ min: 1, default: DEFAULT_LIMIT, description: "At most so many." }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<readonly ArtifactEntry[]> {
    const { flags } = await this.parse(Artifacts);
    const { session, step, key, all, limit } = flags;
    // One more than is shown tells whether there are more.
    const found = listArtifacts(await findWorkPath(flags["work-path"]), { session, step, key, all, limit: limit + 1 });
    const shown = found.slice(0, limit);
    if (this.jsonEnabled()) return shown;
    if (shown.length === 0) {
      this.log("No artifacts.");
      return shown;
    }
    const { tableForStdout } = await import("../../output/table.js");
    this.log(tableForStdout(artifactColumns(new Date()), shown));
    if (found.length > shown.length) this.log(`\nThe newest ${String(limit)}; see more with --limit.`);
    return shown;
  }
}
