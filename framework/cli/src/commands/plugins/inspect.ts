import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { RegistryProblem } from "@datapy/sdk/registry";
import { BaseCommand } from "../../base-command.js";
import { Args } from "../../oclif.js";
import { reportProblems } from "../../output/report-problems.js";
import { findInstalled } from "../../packages/find-installed.js";
import { modsOfPackage } from "../../packages/installed-mods.js";
import { withoutCredentials } from "../../packages/without-credentials.js";

/** A dependency: what was asked for, and what is there. */
interface Dependency {
  readonly range: string;
  /** `undefined` where it is missing. */
  readonly version: string | undefined;
}

/** What is known of an installed package. */
interface InspectedPackage {
  readonly package: string;
  readonly version: string | undefined;
  readonly type: "installed" | "linked";
  readonly source: string;
  readonly root: string;
  readonly mods: readonly {
    readonly name: string;
    readonly category: string;
    readonly description: string;
    readonly entry: string;
  }[];
  readonly dependencies: Readonly<Record<string, Dependency>>;
  readonly problems: readonly RegistryProblem[];
}

/** The parts of a package.json that are shown. */
interface PackageJson {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export default class PluginsInspect extends BaseCommand {
  static override summary = "Show where an installed package is, its mods and its dependencies.";
  static override description =
    "Shows what is there, also of a package that is broken: version, folder, mods, and which version of each dependency it gets. Exit code 10 when something is wrong with it.";
  static override examples = [
    { description: "By the mod's or the package's name:", command: "<%= config.bin %> <%= command.id %> csv-reader" },
  ];
  static override enableJsonFlag = true;
  static override args = {
    plugin: Args.string({ default: ".", description: "Package, name of its mod, or folder of a linked package." }),
  };

  async run(): Promise<InspectedPackage> {
    const { args } = await this.parse(PluginsInspect);
    const { dataDir } = this.config;
    const installed = findInstalled(args.plugin, dataDir, process.cwd());
    const root = installed.root ?? path.join(dataDir, "node_modules", installed.name);
    const { version, dependencies = {} } = readPackageJson(path.join(root, "package.json"));
    const { mods, problems } = modsOfPackage(installed.name, dataDir);
    const inspected: InspectedPackage = {
      package: installed.name,
      version,
      type: installed.type === "link" ? "linked" : "installed",
      source: withoutCredentials(installed.root ?? installed.url ?? installed.tag ?? "latest"),
      root,
      mods: mods.map(({ name, category, description, entry }) => ({ name, category, description, entry })),
      dependencies: Object.fromEntries(
        Object.entries(dependencies).map(([name, range]) => [name, { range, version: versionOf(name, root) }]),
      ),
      problems,
    };
    this.log(describe(inspected));
    reportProblems(problems);
    if (problems.length > 0) this.setExitCode(10);
    return inspected;
  }
}

function describe(one: InspectedPackage): string {
  const lines = [
    `${one.package} ${one.version ?? "(broken)"}`,
    `  type: ${one.type} (${one.source})`,
    `  folder: ${one.root}`,
    "  mods:",
  ];
  for (const mod of one.mods) lines.push(`    ${mod.name} (${mod.category}): ${mod.description}`);
  lines.push("  dependencies:");
  for (const [name, { range, version }] of Object.entries(one.dependencies))
    lines.push(`    ${name} ${range} → ${version ?? "missing"}`);
  return lines.join("\n");
}

/** Version of the copy of `name` that code in `root` would load. */
function versionOf(name: string, root: string): string | undefined {
  for (const folder of createRequire(path.join(root, "package.json")).resolve.paths(name) ?? []) {
    const { version } = readPackageJson(path.join(folder, name, "package.json"));
    if (version !== undefined) return version;
  }
  return undefined;
}

/** Empty where the file is missing or damaged. */
function readPackageJson(file: string): PackageJson {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as PackageJson;
  } catch {
    return {};
  }
}
