import type { JobPreview } from "@datapy/sdk/preview";
import { BaseCommand } from "../base-command.js";
import { JOB_FILE_FLAGS } from "../config/job-file-flags.js";
import { Args, Flags } from "../oclif.js";
import { previewText } from "../preview/preview-text.js";
import { runTask } from "../tasks/run-task.js";

export default class Preview extends BaseCommand {
  static override summary = "Run a job on a sample, open no sink, and print the tables of each step.";
  static override description = `Sources read few rows, transformers work on those. Sinks and mods that may change something outside (solo) are not opened. Nothing is kept: artifacts, ledger and bookmarks go to a folder that is removed, and the project's own database is read only.

With a step, only that step and what it needs are run.`;
  static override examples = [
    { description: "The whole job:", command: "<%= config.bin %> <%= command.id %> jobs/nightly.yaml" },
    {
      description: "One step, each row as a list:",
      command: "<%= config.bin %> <%= command.id %> jobs/nightly.yaml data_cleaner -n 3 --vertical",
    },
  ];
  static override enableJsonFlag = true;
  static override args = {
    job: Args.string({ required: true, description: "Job file." }),
    step: Args.string({ description: "Step, or mod, to look at; default all." }),
  };
  static override flags = {
    rows: Flags.integer({ char: "n", min: 0, default: 20, description: "Rows of each table to print." }),
    sample: Flags.integer({
      min: 1,
      default: 1000,
      helpValue: "N",
      description: "Rows that sources read. More find more matches where tables are joined.",
    }),
    vertical: Flags.boolean({ description: "Each row as a list of its values." }),
    ...JOB_FILE_FLAGS,
  };

  async run(): Promise<JobPreview> {
    const { args, flags } = await this.parse(Preview);
    const preview = await runTask("preview", {
      file: args.job,
      cwd: process.cwd(),
      step: args.step,
      rows: flags.rows,
      sampleRows: flags.sample,
      sets: flags.set,
      environmentName: flags.env,
    });
    this.setExitCode(preview.exit_code);
    if (!this.jsonEnabled()) this.log(previewText(preview, flags.vertical));
    return preview;
  }
}
