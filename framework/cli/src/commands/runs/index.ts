import { listRuns, parseSince } from "@datapy/sdk/ledger";
import type { RunSummary } from "@datapy/sdk/ledger";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";
import { runColumns } from "../../runs/run-columns.js";

/** Runs that are listed when nothing is said. */
const DEFAULT_LIMIT = 50;

export default class Runs extends BaseCommand {
  static override summary = "List the runs of this project, newest first.";
  static override description = `Reads the run ledger, \`.datapy/runs\` beside the project file (or in the working directory). A run is \`lost\` when its process is gone without having ended it, as after a kill -9 or a power cut.`;
  static override examples = [
    { description: "The last runs:", command: "<%= config.bin %> <%= command.id %>" },
    { description: "What failed since yesterday:", command: "<%= config.bin %> <%= command.id %> --failed --since 1d" },
    {
      description: "Every run of a mod, for a program:",
      command: "<%= config.bin %> <%= command.id %> --mod csv-reader --all --json",
    },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    failed: Flags.boolean({ description: "Only runs that failed or were lost." }),
    since: Flags.string({
      helpValue: "2d",
      description: "Only runs since then: 30m, 12h, 2d, or a date such as 2026-08-12.",
    }),
    mod: Flags.string({ helpValue: "NAME", description: "Only runs of this mod." }),
    limit: Flags.integer({ min: 1, default: DEFAULT_LIMIT, description: "At most so many runs.", exclusive: ["all"] }),
    all: Flags.boolean({ description: "All runs, however many." }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<readonly RunSummary[]> {
    const { flags } = await this.parse(Runs);
    const runs = listRuns(await findWorkPath(flags["work-path"]), {
      failed: flags.failed,
      since: flags.since === undefined ? undefined : parseSince(flags.since, new Date()),
      mod: flags.mod,
      // One more than is shown tells whether there are more.
      limit: flags.all ? undefined : flags.limit + 1,
    });
    const shown = flags.all ? runs : runs.slice(0, flags.limit);
    if (this.jsonEnabled()) return shown;
    if (shown.length === 0) {
      this.log("No runs.");
      return shown;
    }
    const { tableForStdout } = await import("../../output/table.js");
    this.log(tableForStdout(runColumns(new Date()), shown));
    if (runs.length > shown.length) this.log(`\nThe newest ${shown.length}; see more with --limit or --all.`);
    return shown;
  }
}
