import { describeMod, exampleParameters } from "@datapy/sdk/contract";
import type { ArtifactDescription, ModDescription, ParameterDescription } from "@datapy/sdk/contract";
import { findMod } from "@datapy/sdk/registry";
import { BaseCommand } from "../../base-command.js";
import { describeFromCode } from "../../mods/with-mod-code.js";
import { Args, Flags } from "../../oclif.js";
import { tableForStdout } from "../../output/table.js";

export default class ModsInfo extends BaseCommand {
  static override summary = "Show what a mod takes and what it makes.";
  static override description =
    "Shows the parameters of a mod with their types, defaults and descriptions, and its artifacts. All of it comes from the manifest of its package; only a mod that has none (a file that is given by its path) is loaded, in a process of its own.";
  static override examples = [
    { description: "The parameters as a table:", command: "<%= config.bin %> <%= command.id %> csv-reader" },
    {
      description: "A file of parameters to start from:",
      command: "<%= config.bin %> <%= command.id %> csv-reader --example > params.yaml",
    },
    {
      description: "The JSON Schema of the parameters:",
      command: "<%= config.bin %> <%= command.id %> csv-reader --json",
    },
  ];
  static override args = {
    mod: Args.string({ required: true, description: "Name of the mod, its package, or the path of a file." }),
  };
  static override flags = {
    example: Flags.boolean({
      description: "Print a commented YAML file of parameters that runs.",
      exclusive: ["json"],
    }),
    json: Flags.boolean({ description: "Print the JSON Schema of the parameters." }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModsInfo);
    const found = findMod(args.mod);
    const description = found.manifest === undefined ? await describeFromCode(args.mod) : describeMod(found);
    if (flags.json) this.logJson(schemaOf(description));
    else if (flags.example) {
      const reference = found.origin === "path" ? args.mod : description.name;
      process.stdout.write(exampleParameters(description, reference));
    } else process.stdout.write(`${overview(description)}\n`);
  }
}

/** The schema of what a user writes: a parameter that has a default may be left out, though the mod always gets it. */
function schemaOf({ name, description, schema, parameters }: ModDescription): object {
  const required = parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Parameters of ${name}`,
    description,
    ...schema,
    required,
  };
}

function overview(mod: ModDescription): string {
  const origin =
    mod.package.name === ""
      ? mod.entry
      : `${mod.package.name} ${mod.package.version} (${mod.origin}), ${mod.package.root}`;
  const facts = [
    `${mod.name} ${mod.version}: ${mod.description}`,
    `category: ${mod.category}`,
    ...(mod.author === undefined ? [] : [`author: ${mod.author}`]),
    ...(mod.tags.length === 0 ? [] : [`tags: ${mod.tags.join(", ")}`]),
    `package: ${origin}`,
  ];
  const parameters = mod.parameters.length === 0 ? "No parameters." : tableForStdout(PARAMETER_COLUMNS, mod.parameters);
  const artifacts = mod.artifacts.length === 0 ? "No artifacts." : tableForStdout(ARTIFACT_COLUMNS, mod.artifacts);
  return [facts.join("\n"), parameters, artifacts].join("\n\n");
}

/** A value as one would write it in YAML. */
function asWritten(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" && /^[A-Za-z][\w ./-]*$/.test(value) ? value : JSON.stringify(value);
}

const PARAMETER_COLUMNS = [
  { title: "parameter", value: (row: ParameterDescription) => row.name },
  { title: "type", value: (row: ParameterDescription) => row.type },
  { title: "default", value: (row: ParameterDescription) => (row.required ? "required" : asWritten(row.default)) },
  {
    title: "description",
    value: (row: ParameterDescription) => `${row.deprecated ? "Deprecated. " : ""}${row.description}`,
  },
];

const ARTIFACT_COLUMNS = [
  { title: "artifact", value: (row: ArtifactDescription) => row.key },
  { title: "kind", value: (row: ArtifactDescription) => row.kind },
  { title: "made", value: (row: ArtifactDescription) => (row.optional ? "in some runs" : "always") },
  { title: "description", value: (row: ArtifactDescription) => row.description },
];
