import { relative, resolve } from "node:path";
import { initProject } from "@datapy/sdk/schema";
import type { InitializedProject } from "@datapy/sdk/schema";
import { BaseCommand } from "../base-command.js";
import { Args } from "../oclif.js";
import { knownMods } from "../schema/known-mods.js";

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@-]+$/.test(path) ? path : JSON.stringify(path);
}

export default class Init extends BaseCommand {
  static override summary = "Make a project: defaults, a job, a script, data to try them with, and editor schemas.";
  static override description =
    "Nothing that is there already is changed; a folder that is a project already is refused.";
  static override examples = [
    { description: "In a new folder:", command: "<%= config.bin %> <%= command.id %> customer-analytics" },
    { description: "In the working directory:", command: "<%= config.bin %> <%= command.id %>" },
  ];
  static override enableJsonFlag = true;
  static override args = { dir: Args.string({ default: ".", description: "Folder of the project." }) };

  async run(): Promise<InitializedProject> {
    const { args } = await this.parse(Init);
    const cwd = process.cwd();
    const mods = knownMods();
    const made = initProject(resolve(cwd, args.dir), mods);
    this.log(`The project ${made.name} is in ${made.root}.`);
    for (const path of made.written) this.log(`  ${relative(cwd, path)}`);
    for (const path of made.kept) this.log(`  ${relative(cwd, path)} was there already and is as it was`);
    if (made.settingsProblem !== undefined) {
      this.logToStderr(made.settingsProblem);
      this.setExitCode(10);
    }
    const steps = [
      ...(relative(cwd, made.root) === "" ? [] : [`cd ${quoted(relative(cwd, made.root))}`]),
      ...(mods.some((mod) => mod.name === "csv-reader") ? [] : ["datapy plugins install @datapy/mod-csv-reader"]),
      "datapy lint",
      "datapy run-mod csv-reader -p jobs/orders/orders.yaml",
      "datapy run-script jobs/orders/orders.ts",
    ];
    this.log(`\nNow:\n${steps.map((step) => `  ${step}`).join("\n")}`);
    return made;
  }
}
