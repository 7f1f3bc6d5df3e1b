import { FaultList } from "@datapy/sdk/faults";
import { explainFile } from "@datapy/sdk/configuration";
import type { ExplainedFile } from "@datapy/sdk/configuration";
import { BaseCommand } from "../../base-command.js";
import { JOB_FILE_FLAGS } from "../../config/job-file-flags.js";
import { explanationText } from "../../config/explanation-text.js";
import { Args } from "../../oclif.js";
import { readStdinText } from "../../config/read-stdin-text.js";

export default class ConfigExplain extends BaseCommand {
  static override summary = "Show what a run will use, and where each value comes from.";
  static override description = `Resolves parameters as a run does, without running anything, and shows for each value the layer, the file and line that it comes from, what it replaced there, and the text as written where it holds \${…}. Secrets are masked. What only a run can answer, such as \${mods.STEP.artifacts.KEY}, stays as it is written.

Layers, each over the one before: default (the mod's), project (project_defaults.yaml), environment, globals (the job's), params (the job's or the file's), set (--set).`;
  static override examples = [
    { description: "All steps of a job:", command: "<%= config.bin %> <%= command.id %> daily_customer_etl.yaml" },
    {
      description: "One of its mods:",
      command: "<%= config.bin %> <%= command.id %> daily_customer_etl.yaml csv_reader",
    },
    {
      description: "A file of parameters, in production:",
      command: "<%= config.bin %> <%= command.id %> params.yaml csv-reader --env prod",
    },
  ];
  static override enableJsonFlag = true;
  static override args = {
    file: Args.string({ required: true, description: "Job file or file of parameters. `-` reads standard input." }),
    subject: Args.string({
      name: "mod",
      description: "Step or mod of the job; for a file of parameters, the mod that they are for.",
    }),
  };
  static override flags = {
    ...JOB_FILE_FLAGS,
  };

  async run(): Promise<ExplainedFile> {
    const { args, flags } = await this.parse(ConfigExplain);
    const { explained, faults } = await explainFile({
      cwd: process.cwd(),
      env: process.env,
      file: args.file === "-" ? { name: "<stdin>", text: await readStdinText() } : { path: args.file },
      ...(args.subject === undefined ? {} : { subject: args.subject }),
      ...(flags.set === undefined ? {} : { sets: flags.set }),
      ...(flags.env === undefined ? {} : { environmentName: flags.env }),
    });
    if (!this.jsonEnabled()) this.log(explanationText(explained, process.cwd()));
    if (faults.length > 0) throw new FaultList(faults);
    return explained;
  }
}
