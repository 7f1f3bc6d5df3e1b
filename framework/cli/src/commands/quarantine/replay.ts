import type { QuarantineReplay as Replayed } from "@datapy/sdk/quarantine";
import { ARTIFACT_ARG } from "../../artifacts/artifact-argument.js";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { reportEnvelope } from "../../run/report-envelope.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";
import { runTask } from "../../tasks/run-task.js";

export default class QuarantineReplay extends BaseCommand {
  static override summary = "Run rows that were set aside again, from the step that refused them.";
  static override description = `The corrected rows go through the step that set them aside and all steps behind it, by the plan, the variables and the environment of that session. What is refused again is set aside again, under an id of its own.

A row is replayed once. What has been replayed is left out; a replay that was killed or failed goes on where it was, and what sinks have loaded is not loaded twice.

Exit codes: those of the job; 10 where all rows had been replayed before.`;
  static override examples = [
    {
      description: "With corrections:",
      command: "<%= config.bin %> <%= command.id %> 1a2b3c4d5e6f --rows corrected.csv",
    },
    {
      description: "As they are, by a rule that was changed:",
      command: "<%= config.bin %> <%= command.id %> 1a2b3c4d5e6f --set 'mods.validator.rules=[]'",
    },
  ];
  static override enableJsonFlag = true;
  static override args = { id: ARTIFACT_ARG };
  static override flags = {
    rows: Flags.string({
      helpValue: "FILE",
      description:
        "CSV or Parquet file with corrected rows; rows that it lacks stay open. Default: all rows as they are.",
    }),
    set: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "KEY=VALUE",
      description: "Set one parameter, over everything that the run had.",
    }),
    "log-level": Flags.string({ helpValue: "LEVEL", description: "Show log lines of this level and above on stderr." }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<Replayed> {
    const { args, flags } = await this.parse(QuarantineReplay);
    const replay = await runTask("replay", {
      reference: args.id,
      rows: flags.rows,
      cwd: process.cwd(),
      workPath: await findWorkPath(flags["work-path"]),
      sets: flags.set,
      logLevel: flags["log-level"],
    });
    this.setExitCode(replay.exit_code);
    if (this.jsonEnabled()) return replay;
    const { rows, already_replayed: before, envelope, session_id: session } = replay;
    if (envelope !== undefined) await reportEnvelope(JSON.stringify(envelope));
    const left = before === 0 ? "" : ` ${String(before)} had been replayed before.`;
    if (rows === 0) this.log(`Nothing to do:${left}`);
    else {
      const outcome = replay.exit_code < 20 ? "were replayed" : "could not be replayed";
      this.log(`${String(rows)} rows ${outcome} in session ${session ?? ""}.${left}`);
    }
    return replay;
  }
}
