import { CommandHelp, Help } from "./oclif.js";
import { unknownCommand } from "./errors/unknown-command.js";

/** oclif repeats the summary, which stands above everything else, in the description. */
class DatapyCommandHelp extends CommandHelp {
  protected override description(): string | undefined {
    return this.command.description === undefined ? undefined : this.wrap(this.command.description);
  }
}

/** oclif's help, with our answer to a command that does not exist. */
export default class DatapyHelp extends Help {
  protected override CommandHelpClass = DatapyCommandHelp;

  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter((word) => !word.startsWith("-") && word !== "help").flatMap((word) => word.split(":"));
    const [first] = words;
    const known = this.config.commands.some(({ id }) => id === first || id.startsWith(`${first ?? ""}:`));
    if (first !== undefined && !known) throw unknownCommand(words, this.config);
    try {
      await super.showHelp(argv);
    } catch (error) {
      // The topic exists, the command does not: the one thing that oclif's help throws.
      throw words.length > 1 ? unknownCommand(words, this.config) : error;
    }
  }
}
