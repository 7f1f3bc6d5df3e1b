import { Args } from "../oclif.js";
import { RUN_FLAGS, RunCommand } from "../run/run-command.js";

export default class RunScript extends RunCommand {
  static override summary = "Run a script that runs mods, and print the result envelope of its session.";
  static override description = `Runs a script (.ts, .mts, .js, .mjs, .cjs) without a build step; \`import { runMod } from "@datapy/sdk"\` works in it wherever it stands. Standard output carries one JSON envelope with the runs of the script under \`runs\`; what the script prints goes to standard error.

The file given with --params reaches the script as \`params\` and \`globals\`. Everything behind \`--\` is the script's own: its \`process.argv.slice(2)\`. It ends when its default function has returned, or, without one, when it has nothing left to do, as under plain \`node\`.

Exit code: what the script returned, gave to \`process.exit\` or set as \`process.exitCode\`; for an error that it did not catch, that of the error or 30; else the worst of the results that it did not handle, 10 for warnings among them. A result is handled by \`failOnError: false\`, an error also by catching what \`failOnError: true\` throws.`;
  static override examples = [
    {
      description: "Run a script with a file of parameters:",
      command: "<%= config.bin %> <%= command.id %> jobs/daily-etl/daily-customer-etl.ts -p params.yaml",
    },
    {
      description: "With arguments of its own:",
      command: "<%= config.bin %> <%= command.id %> backfill.mjs -- --from 2024-01-01",
    },
  ];
  static override args = {
    script: Args.string({ required: true, description: "Path of the script; its own arguments follow after `--`." }),
  };
  static override flags = RUN_FLAGS;

  async run(): Promise<void> {
    const end = this.argv.indexOf("--");
    const scriptArguments = end === -1 ? [] : this.argv.slice(end + 1);
    const own = end === -1 ? this.argv : this.argv.slice(0, end);
    const { args, flags } = await this.parse(RunScript, own);
    await this.supervise(flags, args.script, (invocation) => ({
      kind: "run-script",
      script: args.script,
      arguments: scriptArguments,
      ...invocation,
    }));
  }
}
