import { BaseCommand } from "../base-command.js";
import { Args, Flags, loadHelpClass } from "../oclif.js";

export default class HelpCommand extends BaseCommand {
  static override summary = "Show what datapy can do, or how one command works.";
  static override description =
    "Without a command, lists all commands. `datapy COMMAND --help` shows the same as `datapy help COMMAND`.";
  static override examples = [
    { description: "All commands:", command: "<%= config.bin %> <%= command.id %>" },
    { description: "One command:", command: "<%= config.bin %> <%= command.id %> run-mod" },
  ];
  static override args = {
    command: Args.string({ description: "Command to explain, such as `run-mod` or `plugins install`." }),
  };
  static override flags = {
    "nested-commands": Flags.boolean({ char: "n", description: "List the commands of every topic, too." }),
  };
  static override strict = false;

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(HelpCommand);
    const Help = await loadHelpClass(this.config);
    await new Help(this.config, { all: flags["nested-commands"] }).showHelp(argv as string[]);
  }
}
