import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fault } from "../errors.js";
import { systemReason } from "../system-reason.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { jobEditorSchema, parametersEditorSchema, projectEditorSchema, testEditorSchema } from "./editor-schema.js";

/** Folder of the schemas in a project. It is made anew by each `datapy schema install`, and meant to be committed. */
export const SCHEMA_FOLDER = ".datapy-schemas";

/** What was written. */
export interface InstalledSchemas {
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Editor settings that were changed, absolute; `undefined` where they were right already or could not be read. */
  readonly settings: string | undefined;
  /** Why the settings were left as they are, where they were. */
  readonly settingsProblem: string | undefined;
}

const PATTERNS = {
  "project.schema.json": ["project_defaults.yaml"],
  "job.schema.json": ["jobs/**/*.yaml", "jobs/**/*.yml"],
  "test.schema.json": ["**/*.test.yaml", "**/*.test.yml"],
} as const;

/**
 * Writes the schemas of job, project and parameter files into a project, and tells VS Code (and editors that read its settings)
 * which files they are for. Parameter files name theirs in a comment: {@link parametersModeline}. `given` tells the parameters that
 * the project gives a mod.
 *
 * @throws DatapyError `DATAPY_FILE_UNWRITABLE` where a file cannot be written.
 */
export function installSchemas(
  root: string,
  mods: readonly RegisteredMod[],
  given: (mod: string) => ReadonlySet<string> = () => new Set(),
): InstalledSchemas {
  const folder = join(root, SCHEMA_FOLDER);
  const schemas = new Map<string, unknown>([
    ["project.schema.json", projectEditorSchema(mods)],
    ["job.schema.json", jobEditorSchema(mods)],
    ["test.schema.json", testEditorSchema(mods)],
    ...mods.map((mod) => [`params/${mod.name}.schema.json`, parametersEditorSchema(mod, given(mod.name))] as const),
  ]);
  const files = [...schemas].map(([name, schema]) =>
    writeWhole(join(folder, name), `${JSON.stringify(schema, undefined, 2)}\n`),
  );
  // A mod that is no longer installed has no schema.
  for (const name of existsSync(join(folder, "params")) ? readdirSync(join(folder, "params")) : []) {
    if (!schemas.has(`params/${name}`)) rmSync(join(folder, "params", name), { force: true });
  }
  return { files, ...writeSettings(root) };
}

/** The comment by which a file of a mod's parameters names its schema. `file` is where the file stands. */
export function parametersModeline(root: string, file: string, mod: string): string {
  const path = relative(dirname(file), join(root, SCHEMA_FOLDER, "params", `${mod}.schema.json`))
    .split(sep)
    .join("/");
  return `# yaml-language-server: $schema=${path.startsWith(".") ? path : `./${path}`}`;
}

/** Adds the schemas to `.vscode/settings.json`, beside whatever is in it. Settings with comments are not touched, but said. */
function writeSettings(root: string): Pick<InstalledSchemas, "settings" | "settingsProblem"> {
  const file = join(root, ".vscode", "settings.json");
  let settings: Record<string, unknown> = {};
  if (existsSync(file)) {
    try {
      settings = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    } catch {
      return {
        settings: undefined,
        settingsProblem: `${file} has comments or is no JSON; add to it: ${JSON.stringify({ "yaml.schemas": settingsOf() })}`,
      };
    }
  }
  const wanted = {
    ...settings,
    "yaml.schemas": { ...(settings["yaml.schemas"] as object | undefined), ...settingsOf() },
  };
  if (JSON.stringify(wanted) === JSON.stringify(settings)) return { settings: undefined, settingsProblem: undefined };
  return { settings: writeWhole(file, `${JSON.stringify(wanted, undefined, 2)}\n`), settingsProblem: undefined };
}

function settingsOf(): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(PATTERNS).map(([name, patterns]) => [`./${SCHEMA_FOLDER}/${name}`, patterns]),
  );
}

/** Under its final name a file is whole. */
function writeWhole(path: string, text: string): string {
  const pending = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(pending, text);
    renameSync(pending, path);
  } catch (error) {
    rmSync(pending, { force: true });
    throw fault("DATAPY_FILE_UNWRITABLE", { path, detail: systemReason(error) }, { cause: error });
  }
  return path;
}
