import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fault } from "@datapy/sdk/errors";
import { systemReason } from "@datapy/sdk/system-reason";
import { SCHEDULERS, exportJob } from "@datapy/sdk/export";
import type { ExportedDefinitions } from "@datapy/sdk/export";
import { BaseCommand } from "../base-command.js";
import { Args, Flags } from "../oclif.js";

export default class Export extends BaseCommand {
  static override summary = "Write the definitions by which a scheduler runs a job.";
  static override description = `The definitions know the exit codes: 0 and 10 are success, 30 (failed) and 40 (timeout) are tried again, 20 (wrong input) and 50 (canceled) are not. When the job starts is what its \`schedule:\` says. It is started in the working directory of this command.

Prints the definitions, or writes them into --output. What the scheduler cannot be told is said on standard error, and ends with exit code 10.`;
  static override examples = [
    {
      description: "A service and a timer:",
      command: "<%= config.bin %> <%= command.id %> jobs/nightly.yaml --to systemd --output deploy",
    },
    {
      description: "An Airflow DAG, in production:",
      command: "<%= config.bin %> <%= command.id %> jobs/nightly.yaml --to airflow --env prod > nightly.py",
    },
  ];
  static override enableJsonFlag = true;
  static override args = { job: Args.string({ required: true, description: "Job file." }) };
  static override flags = {
    to: Flags.option({ options: SCHEDULERS, required: true, description: "Scheduler that they are for." })(),
    output: Flags.string({
      char: "o",
      helpValue: "DIR",
      description: "Folder to write them to, made where it is missing.",
    }),
    env: Flags.string({ helpValue: "NAME", description: "Environment of project_defaults.yaml that the job runs in." }),
    command: Flags.string({
      helpValue: "PROGRAM",
      default: "datapy",
      description: "The program, where a path is needed.",
    }),
    retries: Flags.integer({
      min: 0,
      default: 2,
      description: "How often a run that failed or timed out is tried again.",
    }),
    "retry-delay": Flags.string({ helpValue: "TIME", default: "60s", description: "Time between two tries." }),
  };

  async run(): Promise<ExportedDefinitions> {
    const { args, flags } = await this.parse(Export);
    const { parseDuration } = await import("@datapy/sdk/quantity");
    const retryDelayMs = parseDuration(flags["retry-delay"]);
    if (retryDelayMs === undefined)
      throw fault("DATAPY_CLI_BAD_FLAG", {
        detail: `--retry-delay ${JSON.stringify(flags["retry-delay"])} is no time such as 60s or 5m`,
      });
    const cwd = process.cwd();
    const folder = path.resolve(flags.output ?? ".");
    const definitions = exportJob({
      file: args.job,
      cwd,
      to: flags.to,
      environmentName: flags.env,
      command: flags.command,
      retries: flags.retries,
      retryDelayMs,
      folder,
    });
    for (const warning of definitions.warnings) process.stderr.write(`warning ${warning}\n`);
    if (definitions.warnings.length > 0) this.setExitCode(10);
    if (flags.output !== undefined) this.write(folder, definitions);
    else if (!this.jsonEnabled()) this.print(definitions);
    return definitions;
  }

  private write(folder: string, { files }: ExportedDefinitions): void {
    try {
      mkdirSync(folder, { recursive: true });
      for (const { name, text, executable } of files) {
        const file = path.join(folder, name);
        writeFileSync(file, text);
        if (executable === true) chmodSync(file, 0o755);
        this.log(file);
      }
    } catch (error) {
      throw fault("DATAPY_FILE_UNWRITABLE", { path: folder, detail: systemReason(error) }, { cause: error });
    }
  }

  private print({ files }: ExportedDefinitions): void {
    const several = files.length > 1;
    process.stdout.write(files.map(({ name, text }) => (several ? `# ===== ${name}\n${text}` : text)).join("\n"));
  }
}
