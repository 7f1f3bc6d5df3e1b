import { dirname, relative } from "node:path";
import { loadConfiguration, projectGives } from "@datapy/sdk/configuration";
import { installSchemas, parametersModeline } from "@datapy/sdk/schema";
import { BaseCommand } from "../../base-command.js";
import { knownMods } from "../../schema/known-mods.js";

export default class SchemaInstall extends BaseCommand {
  static override summary =
    "Write the schemas into the project, so that editors complete, explain and check its YAML files.";
  static override description = `Writes .datapy-schemas/ beside project_defaults.yaml and adds it to .vscode/settings.json (\`yaml.schemas\`), which the YAML extension of VS Code reads; other settings stay as they are. A file of parameters names its schema in its first line, which is printed.

Run it again when mods were installed or updated.`;
  static override examples = [{ description: "In a project:", command: "<%= config.bin %> <%= command.id %>" }];
  static override enableJsonFlag = true;

  async run(): Promise<object> {
    await this.parse(SchemaInstall);
    const cwd = process.cwd();
    const configuration = await loadConfiguration({ cwd, env: process.env, preview: true });
    const root = configuration.project === undefined ? cwd : dirname(configuration.project.file);
    const mods = knownMods();
    const installed = installSchemas(root, mods, (mod) => projectGives(configuration, mod));
    this.log(`${installed.files.length} schemas are in ${relative(cwd, dirname(installed.files[0] ?? root)) || "."}`);
    if (installed.settings !== undefined) this.log(`${relative(cwd, installed.settings)} names them for VS Code`);
    if (installed.settingsProblem !== undefined) {
      this.logToStderr(installed.settingsProblem);
      this.setExitCode(10);
    }
    const [first] = mods;
    if (first !== undefined)
      this.log(
        `A file of parameters begins with a line such as:\n${parametersModeline(root, `${root}/params.yaml`, first.name)}`,
      );
    return installed;
  }
}
