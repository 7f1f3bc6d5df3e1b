import { Args } from "../oclif.js";
import { RUN_FLAGS, RunCommand } from "../run/run-command.js";

export default class RunMod extends RunCommand {
  static override summary = "Run one mod and print its result envelope.";
  static override description = `Runs a mod in a process of its own and prints one JSON envelope on standard output: indented on a terminal, on one line otherwise. Logs and errors go to standard error.

Parameters come from the mod's defaults, then project_defaults.yaml (looked for in the working directory and the two above it, then from the file's folder), then the file given with --params, then --set. \`datapy config explain FILE\` shows where each value comes from, \`datapy mods info MOD\` what the mod takes.

Exit codes: 0 success, 10 success with warnings, 20 wrong input, 30 failed, 40 timeout, 50 canceled.`;
  static override examples = [
    {
      description: "Run a mod with a file of parameters:",
      command: "<%= config.bin %> <%= command.id %> csv-reader -p params.yaml",
    },
    {
      description: "Without a file; every value may be set on the command line:",
      command: "<%= config.bin %> <%= command.id %> csv-reader --set input_path=customers.csv --set 'delimiter=\"|\"'",
    },
    {
      description: "Parameters through a pipe, at most five minutes:",
      command: "<%= config.bin %> <%= command.id %> csv-reader -p - --timeout 5m",
    },
    {
      description: "A mod that is not packaged yet:",
      command: "<%= config.bin %> <%= command.id %> ./mods/my-mod.ts -p params.yaml",
    },
  ];
  static override args = {
    mod: Args.string({
      required: true,
      description:
        "Name of the mod (`csv-reader`), its package (`@datapy/mod-csv-reader`), or the path of a file (`./my-mod.ts`).",
    }),
  };
  static override flags = RUN_FLAGS;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunMod);
    await this.supervise(flags, args.mod, (invocation) => ({ kind: "run-mod", reference: args.mod, ...invocation }));
  }
}
