import { discoverMods } from "@datapy/sdk/registry";
import type { RegisteredMod, RegistryProblem } from "@datapy/sdk/registry";
import { BaseCommand } from "../../base-command.js";
import { reportProblems } from "../../output/report-problems.js";
import { tableForStdout } from "../../output/table.js";

/** One line of the list. */
interface ListedMod {
  readonly name: string;
  readonly category: string;
  readonly version: string;
  readonly package: string;
  readonly description: string;
  readonly origin: RegisteredMod["origin"];
}

export default class Mods extends BaseCommand {
  static override summary = "List the mods that can be run.";
  static override description = `Lists every mod that is found from here: shipped with datapy, installed with \`datapy plugins install\`, linked, or among the dependencies of the project's package.json. No mod is loaded for it.

A package that should give mods and does not is named on standard error; the exit code is 10 then.`;
  static override examples = [
    { description: "All mods:", command: "<%= config.bin %> <%= command.id %>" },
    { description: "The same for a program:", command: "<%= config.bin %> <%= command.id %> --json" },
  ];
  static override enableJsonFlag = true;

  async run(): Promise<{ readonly mods: readonly ListedMod[]; readonly problems: readonly RegistryProblem[] }> {
    await this.parse(Mods);
    const found = discoverMods({ cwd: process.cwd(), env: process.env });
    const mods = found.mods.map((mod): ListedMod => {
      const { name, category, version, packageName, description, origin } = mod;
      return { name, category, version, package: packageName, description, origin };
    });
    if (mods.length === 0)
      this.log("No mods were found. `datapy plugins install @datapy/mod-csv-reader` installs one.");
    else
      this.log(
        tableForStdout<ListedMod>(
          [
            { title: "name", value: (row) => row.name },
            { title: "category", value: (row) => row.category },
            { title: "version", value: (row) => row.version },
            { title: "package", value: (row) => row.package },
            { title: "description", value: (row) => row.description },
          ],
          mods,
        ),
      );
    reportProblems(found.problems);
    if (found.problems.length > 0) this.setExitCode(10);
    return { mods, problems: found.problems };
  }
}
