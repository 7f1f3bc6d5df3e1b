import path from "node:path";
import { discoverMods } from "@datapy/sdk/registry";
import type { RegistryProblem } from "@datapy/sdk/registry";
import { BaseCommand } from "../../base-command.js";
import { reportProblems } from "../../output/report-problems.js";
import { tableForStdout } from "../../output/table.js";
import { installedPackages } from "../../packages/installed-packages.js";
import { withoutCredentials } from "../../packages/without-credentials.js";

/** One line of the list. */
interface ListedPackage {
  readonly package: string;
  /** `undefined` where the package cannot be read. */
  readonly version: string | undefined;
  readonly type: "installed" | "linked";
  /** What was asked for: a tag, a range, a URL or a folder. */
  readonly source: string;
  readonly mods: readonly string[];
}

export default class Plugins extends BaseCommand {
  static override summary = "List the installed and linked packages of mods.";
  static override description =
    "Lists what `datapy plugins install` and `datapy plugins link` brought. `datapy mods` lists all mods, those of the project included. Exit code 10 when a package is broken.";
  static override examples = [
    { description: "What is installed:", command: "<%= config.bin %> <%= command.id %>" },
    { description: "The same for a program:", command: "<%= config.bin %> <%= command.id %> --json" },
  ];
  static override enableJsonFlag = true;

  async run(): Promise<{ readonly packages: readonly ListedPackage[]; readonly problems: readonly RegistryProblem[] }> {
    await this.parse(Plugins);
    const { dataDir } = this.config;
    const installed = installedPackages(dataDir);
    const found = discoverMods({ cwd: path.parse(dataDir).root, env: { ...process.env, DATAPY_DATA_DIR: dataDir } });
    const packages = installed.map((one): ListedPackage => {
      const mods = found.mods.filter((mod) => mod.packageName === one.name);
      return {
        package: one.name,
        version: mods[0]?.version,
        type: one.type === "link" ? "linked" : "installed",
        source: withoutCredentials(one.root ?? one.url ?? one.tag ?? "latest"),
        mods: mods.map((mod) => mod.name),
      };
    });
    const problems = found.problems.filter((problem) => installed.some((one) => one.name === problem.packageName));
    if (packages.length === 0)
      this.log("No packages are installed. `datapy plugins install @datapy/mod-csv-reader` installs one.");
    else
      this.log(
        tableForStdout<ListedPackage>(
          [
            { title: "package", value: (row) => row.package },
            { title: "version", value: (row) => row.version ?? "broken" },
            { title: "type", value: (row) => row.type },
            { title: "source", value: (row) => row.source },
            { title: "mods", value: (row) => row.mods.join(", ") },
          ],
          packages,
        ),
      );
    reportProblems(problems);
    if (problems.length > 0) this.setExitCode(10);
    return { packages, problems };
  }
}
