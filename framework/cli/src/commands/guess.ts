import { existsSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fault } from "@datapy/sdk/errors";
import { systemReason } from "@datapy/sdk/system-reason";
import type { GuessReport } from "@datapy/sdk/guess";
import { BaseCommand } from "../base-command.js";
import { Args, Flags } from "../oclif.js";
import { runTask } from "../tasks/run-task.js";

export default class Guess extends BaseCommand {
  static override summary = "Look at a file or table and write the parameters by which it is read.";
  static override description = `Asks the mod that reads such data, and writes down what it would find out by itself at every run: delimiter, quoting, encoding, header, types and date formats of a CSV file; schema and columns of a database table. A run with the file reads what a run without it reads, and goes on doing so when the data changes: what no longer fits is then an error, not another guess.

Given a file of parameters, completes it: what stands in it stays as it is, so that completing it again changes nothing.`;
  static override examples = [
    { description: "A CSV file:", command: "<%= config.bin %> <%= command.id %> customers.csv -o params.yaml" },
    {
      description: "A table of a database:",
      command:
        "<%= config.bin %> <%= command.id %> public.customers --set 'connection_string=${secret.env.SHOP_DB}' -o params.yaml",
    },
    { description: "Completing a file:", command: "<%= config.bin %> <%= command.id %> params.yaml -o params.yaml" },
  ];
  static override enableJsonFlag = true;
  static override args = {
    source: Args.string({
      required: true,
      description: "File of data, pattern of files, or table; or a file of parameters (.yaml) to be completed.",
    }),
  };
  static override flags = {
    output: Flags.string({
      char: "o",
      helpValue: "FILE",
      description: "Where to write them. Default: standard output.",
    }),
    force: Flags.boolean({
      char: "f",
      description: "Replace --output where it is another file that is already there.",
    }),
    mod: Flags.string({
      helpValue: "MOD",
      description: "Mod to ask. Default: the one that reads such files, or tables.",
    }),
    set: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "KEY=VALUE",
      description: "A parameter that is known; it is written as it is given, references in it too.",
    }),
    env: Flags.string({
      helpValue: "NAME",
      description: "Environment of project_defaults.yaml to use. Default: DATAPY_ENV.",
    }),
  };

  async run(): Promise<GuessReport> {
    const { args, flags } = await this.parse(Guess);
    const output = flags.output === undefined ? undefined : path.resolve(flags.output);
    if (output !== undefined && !flags.force && existsSync(output) && output !== path.resolve(args.source))
      throw fault("DATAPY_OUTPUT_EXISTS", { file: output });
    const report = await runTask("guess", {
      source: args.source,
      cwd: process.cwd(),
      mod: flags.mod,
      sets: flags.set,
      environmentName: flags.env,
    });
    for (const warning of report.warnings) process.stderr.write(`warning ${warning}\n`);
    if (report.warnings.length > 0) this.setExitCode(10);
    if (output === undefined) {
      if (!this.jsonEnabled()) process.stdout.write(report.text);
      return report;
    }
    replaceFile(output, report.text);
    this.log(`${output}: ${String(Object.keys(report.found).length)} parameters found for ${report.mod}.`);
    return report;
  }
}

/** A reader sees the old file or the new one, never half of one. */
function replaceFile(file: string, text: string): void {
  const beside = `${file}.${String(process.pid)}.tmp`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (error) {
    throw fault("DATAPY_FILE_UNWRITABLE", { path: file, detail: systemReason(error) }, { cause: error });
  }
}
