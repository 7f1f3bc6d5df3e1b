import { resolveRunId } from "@datapy/sdk/ledger";
import type { RunRecord } from "@datapy/sdk/ledger";
import { BaseCommand } from "../../base-command.js";
import { Args } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";
import { describeRun } from "../../runs/describe-run.js";
import { runColumns } from "../../runs/run-columns.js";

export default class RunsShow extends BaseCommand {
  static override summary =
    "Show one run: its parameters and where each came from, its result, what it read and wrote.";
  static override description =
    "Values are shown as the run got them, secrets masked, each with the layer, file and line that it came from. With the id of a session, lists its runs.";
  static override examples = [
    { description: "A run, by its id:", command: "<%= config.bin %> <%= command.id %> csv-reader_1a2b3c4d" },
    { description: "By the start of its eight hex digits:", command: "<%= config.bin %> <%= command.id %> 1a2b" },
    {
      description: "The runs of a session:",
      command: "<%= config.bin %> <%= command.id %> 7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10",
    },
  ];
  static override enableJsonFlag = true;
  static override args = {
    id: Args.string({ required: true, description: "Id of a run or a session, or a part of a run's that is unique." }),
  };
  static override flags = { ...WORK_PATH_FLAG };

  async run(): Promise<RunRecord | readonly RunRecord[]> {
    const { args, flags } = await this.parse(RunsShow);
    const found = resolveRunId(await findWorkPath(flags["work-path"]), args.id);
    if (found.kind === "run") {
      if (!this.jsonEnabled()) this.log(await describeRun(found.run));
      return found.run;
    }
    if (!this.jsonEnabled()) {
      const { tableForStdout } = await import("../../output/table.js");
      this.log(
        tableForStdout(
          runColumns(new Date()),
          found.runs.map((run) => run.summary),
        ),
      );
    }
    return found.runs;
  }
}
