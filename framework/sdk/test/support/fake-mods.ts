import type { ProjectFolder } from "./project-folder.js";

/** Parameters of mods as their manifests have them, enough to check job files against. */
const path = (access: "read" | "write") => ({
  type: "string",
  minLength: 1,
  "x-datapy": { kind: "path", access, target: "file" },
});
const artifact = { type: "string", minLength: 1, "x-datapy": { kind: "artifact", artifact: "table" } };
const table = { output_data: { kind: "table", description: "The rows" } };

const MODS: Readonly<
  Record<string, { readonly category: string; readonly params: object; readonly artifacts: object }>
> = {
  "csv-reader": {
    category: "source",
    params: {
      type: "object",
      additionalProperties: false,
      required: ["input_path"],
      properties: {
        input_path: { ...path("read"), description: "File to read" },
        delimiter: { type: "string", default: ",", description: "Character between values" },
        encoding: { type: "string", default: "utf-8" },
        header: { type: "boolean", default: true },
        limit: { type: "integer", minimum: 0 },
        columns: { type: "object", patternProperties: { "^.*$": { type: "string" } } },
        on_bad_row: {
          anyOf: [
            { const: "fail", type: "string" },
            { const: "quarantine", type: "string" },
          ],
          default: "fail",
        },
        separator: { type: "string", deprecated: true, description: "Use delimiter." },
      },
    },
    artifacts: { ...table, quarantine: { kind: "table", description: "Rejected rows", optional: true } },
  },
  "data-cleaner": {
    category: "transformer",
    params: {
      type: "object",
      additionalProperties: false,
      required: ["input_artifact"],
      properties: {
        input_artifact: artifact,
        null_strategy: { anyOf: [{ const: "keep" }, { const: "drop" }], default: "keep" },
        min_length: { type: "integer" },
        rules: {
          type: "array",
          items: {
            type: "object",
            required: ["column"],
            additionalProperties: false,
            properties: { column: { type: "string" }, severity: { type: "string", default: "error" } },
          },
        },
      },
    },
    artifacts: table,
  },
  "database-writer": {
    category: "sink",
    params: {
      type: "object",
      additionalProperties: false,
      required: ["input_artifact", "connection_string", "table_name"],
      properties: {
        input_artifact: artifact,
        connection_string: { type: "string", "x-datapy": { kind: "secret" } },
        table_name: { type: "string" },
        batch_size: { type: "integer", default: 1000 },
        timeout: {
          anyOf: [
            { type: "number", minimum: 0 },
            { type: "string", pattern: "^\\d+s$" },
          ],
          "x-datapy": { kind: "duration" },
          default: "30s",
        },
      },
    },
    artifacts: {},
  },
};

/** Installs mods into a folder's node_modules that have a manifest and whose code fails when it is imported. */
export function installFakeMods(folder: ProjectFolder, names: readonly string[] = Object.keys(MODS)): void {
  const dependencies = Object.fromEntries(names.map((name) => [`@datapy/mod-${name}`, "1.0.0"]));
  folder.write("package.json", JSON.stringify({ name: "shop", version: "1.0.0", private: true, dependencies }));
  for (const name of names) {
    const mod = MODS[name];
    if (mod === undefined) throw new Error(`no fake mod ${name}`);
    const root = `node_modules/@datapy/mod-${name}`;
    const description = `Fake ${name}`;
    folder.write(
      `${root}/package.json`,
      JSON.stringify({
        name: `@datapy/mod-${name}`,
        version: "1.0.0",
        oclif: {},
        datapy: { contract: 1, mods: [{ name, category: mod.category, entry: "./index.js", description }] },
      }),
    );
    folder.write(`${root}/index.js`, `throw new Error("code of ${name} was imported");\n`);
    const metadata = { name, version: "1.0.0", description, category: mod.category };
    folder.write(
      `${root}/datapy.manifest.json`,
      JSON.stringify({ manifest: 1, mods: [{ name, metadata, params: mod.params, artifacts: mod.artifacts }] }),
    );
  }
}
