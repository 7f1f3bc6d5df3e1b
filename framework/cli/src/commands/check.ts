import type { JobCheck, StepCheck } from "@datapy/sdk/check";
import { BaseCommand } from "../base-command.js";
import { JOB_FILE_FLAGS } from "../config/job-file-flags.js";
import { Args, Flags } from "../oclif.js";
import { parseTimeout } from "../run/parse-timeout.js";
import { runTask } from "../tasks/run-task.js";

export default class Check extends BaseCommand {
  static override summary = "Check whether the mods of a job can reach what they need, without running it.";
  static override description = `Plans the job, then has the mod of each step check its connections, files and permissions. No data is moved and nothing is kept. What only a run can know (tables of earlier steps, items of a foreach) is not checked, and said to be so.

Exit codes: 0 when all is well; else that of the worst finding: 20 wrong input, 30 not reachable, 40 no answer in time.`;
  static override examples = [
    { description: "Before the night:", command: "<%= config.bin %> <%= command.id %> jobs/nightly.yaml --env prod" },
  ];
  static override enableJsonFlag = true;
  static override args = { job: Args.string({ required: true, description: "Job file." }) };
  static override flags = {
    ...JOB_FILE_FLAGS,
    timeout: Flags.string({
      helpValue: "TIME",
      default: "30s",
      description: "Time that the check of one step may take.",
    }),
  };

  async run(): Promise<JobCheck> {
    const { args, flags } = await this.parse(Check);
    const report = await runTask("check", {
      file: args.job,
      cwd: process.cwd(),
      sets: flags.set,
      environmentName: flags.env,
      timeoutMs: await parseTimeout(flags.timeout),
    });
    this.setExitCode(report.exit_code);
    if (!this.jsonEnabled()) {
      const { tableForStdout } = await import("../output/table.js");
      this.log(
        tableForStdout<StepCheck>(
          [
            { title: "step", value: ({ step }) => step },
            { title: "mod", value: ({ mod }) => mod },
            { title: "status", value: ({ status }) => status },
            { title: "time", value: (step) => `${step.execution_time.toFixed(2)} s`, align: "right" },
            {
              title: "message",
              value: ({ reason, errors, warnings }) => [reason ?? "", ...errors, ...warnings].join(" ").trim(),
            },
          ],
          report.steps,
        ),
      );
    }
    return report;
  }
}
