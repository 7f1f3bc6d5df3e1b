import { LINT_FORMATS, asJson, formatFindings, lintPaths } from "@datapy/sdk/lint";
import { BaseCommand } from "../base-command.js";
import { Args, Flags } from "../oclif.js";

export default class Lint extends BaseCommand {
  static override summary = "Find every mistake in project, job and parameter files, without running anything.";
  static override description = `Checks YAML files against what the mods take (their manifests are read, no mod is loaded): unknown keys, wrong types, what is missing, unknown mods, references to nothing, circles, deprecated names, secrets in plain text, keys that stand twice, globals that nothing uses, and paths that are not there.

Folders are searched recursively for YAML files of DataPy; others are passed over. A file of parameters names its mod in a comment (\`# datapy: mod csv-reader\`), or --mod does.

Exit codes: 0 no faults, 10 warnings, 20 errors. Every \`run-\` command refuses a file with errors in the same way.`;
  static override examples = [
    { description: "Everything below the working directory:", command: "<%= config.bin %> <%= command.id %>" },
    {
      description: "Some files, as annotations of a pull request:",
      command: "<%= config.bin %> <%= command.id %> 'jobs/**/*.yaml' --format github",
    },
    {
      description: "Parameters of a mod:",
      command: "<%= config.bin %> <%= command.id %> params.yaml --mod csv-reader",
    },
  ];
  static override enableJsonFlag = true;
  static override strict = false;
  static override args = {
    path: Args.string({ description: "Files, folders and globs. Default: the working directory." }),
  };
  static override flags = {
    format: Flags.option({ options: LINT_FORMATS, default: "text", description: "How findings are written." })(),
    mod: Flags.string({
      helpValue: "MOD",
      description: "Mod that files of parameters are for, where they do not say it.",
    }),
    env: Flags.string({
      helpValue: "NAME",
      description: "Check against this environment alone. Default: against each one of the project.",
    }),
  };

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Lint);
    const cwd = process.cwd();
    const report = lintPaths({
      cwd,
      env: process.env,
      paths: argv as string[],
      environmentName: flags.env,
      mod: flags.mod,
    });
    this.setExitCode(report.errors > 0 ? 20 : report.warnings > 0 ? 10 : 0);
    if (!this.jsonEnabled()) {
      const text = formatFindings(report, flags.format, cwd, this.config.version);
      if (text !== "") this.log(text);
    }
    return asJson(report, cwd);
  }
}
