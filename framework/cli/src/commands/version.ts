import os from "node:os";
import { BaseCommand } from "../base-command.js";

/** Versions of what runs. */
interface VersionDetails {
  readonly cli: string;
  readonly node: string;
  readonly platform: string;
}

export default class Version extends BaseCommand {
  static override summary = "Print the version of datapy.";
  static override description =
    "Prints one line: the version of the command, the platform and the version of Node. `datapy --version` does the same.";
  static override examples = [
    { description: "The version, for a bug report:", command: "<%= config.bin %> <%= command.id %>" },
    { description: "The same for a program:", command: "<%= config.bin %> <%= command.id %> --json" },
  ];
  static override enableJsonFlag = true;

  async run(): Promise<VersionDetails> {
    await this.parse(Version);
    this.log(this.config.userAgent);
    return {
      cli: this.config.version,
      node: process.version,
      platform: `${process.platform}-${process.arch} ${os.release()}`,
    };
  }
}
