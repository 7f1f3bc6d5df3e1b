import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ByteSize, Duration, Path, Secret, Type } from "@datapy/mod-kit";
import type { TObject } from "@datapy/mod-kit";
import { parseYaml } from "../../src/config/parse-yaml.js";
import {
  describeLoaded,
  describeMod,
  describeParameters,
  exampleParameters,
  loadMod,
  validateParameters,
  writeManifest,
} from "../../src/contract/index.js";
import { discoverMods, findMod } from "../../src/registry/index.js";
import { copyModKit, temporaryFolder, writePackage } from "../support/mod-packages.js";

const MOD = `
const { defineMod, Type, Path } = require("@datapy/mod-kit");
globalThis.importedMods = (globalThis.importedMods ?? 0) + 1;
module.exports = defineMod({
  metadata: { name: "mine", version: "2.0.0", description: "Reads things", author: "Acme", tags: ["a", "b"], category: "source" },
  params: Type.Object({
    limit: Type.Integer({ default: 10, minimum: 0, description: "Rows to read" }),
    input_path: Path({ description: "File to read" }),
    old: Type.Optional(Type.String({ deprecated: true })),
  }),
  artifacts: { output_data: { kind: "table", description: "The rows" }, report: { kind: "file", description: "What was seen", optional: true } },
  run: async (_params, ctx) => ctx.result.success(),
});`;

/** A package with a mod-kit of its own, as a user's would be. */
function modPackage(text = MOD): string {
  const root = temporaryFolder();
  copyModKit(root);
  const datapy = {
    contract: 1,
    mods: [{ name: "mine", category: "source", entry: "index.js", description: "In short" }],
  };
  return writePackage(root, {
    name: "@acme/mod-mine",
    manifest: { datapy, version: "2.0.1" },
    files: { "index.js": text },
  });
}

describe("the manifest", () => {
  test("holds metadata, schema and artifacts, and the same bytes each time", async () => {
    const root = modPackage();
    const file = await writeManifest(root);
    expect(file).toBe(path.join(root, "datapy.manifest.json"));
    const text = readFileSync(file, "utf8");
    expect(JSON.parse(text)).toEqual({
      manifest: 1,
      mods: [
        {
          name: "mine",
          metadata: {
            name: "mine",
            version: "2.0.0",
            description: "Reads things",
            author: "Acme",
            tags: ["a", "b"],
            category: "source",
          },
          params: {
            type: "object",
            required: ["limit", "input_path"],
            properties: {
              limit: { type: "integer", default: 10, minimum: 0, description: "Rows to read" },
              input_path: {
                type: "string",
                minLength: 1,
                description: "File to read",
                "x-datapy": { kind: "path", access: "read", target: "file" },
              },
              old: { type: "string", deprecated: true },
            },
          },
          artifacts: {
            output_data: { kind: "table", description: "The rows" },
            report: { kind: "file", description: "What was seen", optional: true },
          },
        },
      ],
    });
    await writeManifest(root);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(readdirSync(root).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("is not written for a mod that fails a check, and the old one stays", async () => {
    const root = modPackage(MOD.replace("default: 10", "default: -1"));
    writeFileSync(path.join(root, "datapy.manifest.json"), "old");
    await expect(writeManifest(root)).rejects.toMatchObject({ faults: [{ code: "DATAPY_DEFAULT_INVALID" }] });
    expect(readFileSync(path.join(root, "datapy.manifest.json"), "utf8")).toBe("old");
  });

  test("nor for a package that is none", async () => {
    await expect(writeManifest(temporaryFolder())).rejects.toMatchObject({ code: "DATAPY_PACKAGE_MISSING" });
    await expect(
      writeManifest(writePackage(temporaryFolder(), { name: "x", manifest: { oclif: { hooks: {} } } })),
    ).rejects.toMatchObject({
      code: "DATAPY_PACKAGE_RUNS_CODE",
    });
  });

  test("holds the schema against the meta-schema, which compiling does not", async () => {
    const root = modPackage(MOD.replace("minimum: 0,", 'minimum: 0, examples: "no list",'));
    await expect(writeManifest(root)).rejects.toMatchObject({
      faults: [{ code: "DATAPY_SCHEMA_INVALID", message: expect.stringContaining("examples") as string }],
    });
  });
});

describe("a description", () => {
  const expected = {
    name: "mine",
    version: "2.0.0",
    category: "source",
    description: "Reads things",
    author: "Acme",
    tags: ["a", "b"],
    package: { name: "@acme/mod-mine", version: "2.0.1" },
    parameters: [
      {
        name: "input_path",
        type: "path",
        required: true,
        default: undefined,
        description: "File to read",
        deprecated: false,
      },
      {
        name: "limit",
        type: "whole number",
        required: false,
        default: 10,
        description: "Rows to read",
        deprecated: false,
      },
      { name: "old", type: "text", required: false, default: undefined, description: "", deprecated: true },
    ],
    artifacts: [
      { key: "output_data", kind: "table", description: "The rows", optional: false },
      { key: "report", kind: "file", description: "What was seen", optional: true },
    ],
  };

  test("comes from the manifest; no code of the mod runs", async () => {
    const root = modPackage();
    await writeManifest(root);
    writeFileSync(path.join(root, "index.js"), 'throw new Error("imported");');
    expect(describeMod(findMod(root))).toMatchObject(expected);
  });

  test("without a manifest it is refused, and the loaded mod gives the same", async () => {
    const root = modPackage();
    const mod = findMod(root);
    expect(() => describeMod(mod)).toThrow(
      expect.objectContaining({
        code: "DATAPY_MANIFEST_MISSING",
        message: "@acme/mod-mine has no datapy.manifest.json that describes mine",
      }) as Error,
    );
    expect(describeLoaded(mod, await loadMod(mod))).toMatchObject(expected);
  });

  test("a manifest of another layout is none", async () => {
    const root = modPackage();
    writeFileSync(path.join(root, "datapy.manifest.json"), JSON.stringify({ manifest: 7, mods: [] }));
    expect(() => describeMod(findMod(root))).toThrow("no datapy.manifest.json");
  });

  test("of a file: its own name and version", async () => {
    const mod = findMod(path.resolve(__dirname, "../fixtures/files/typed.ts"));
    expect(describeLoaded(mod, await loadMod(mod))).toMatchObject({
      name: "typed-file",
      version: "0.1.0",
      origin: "path",
    });
  });
});

test("types of parameters, in words", () => {
  const schema = Type.Object({
    a: Type.Union([Type.Literal("fail"), Type.Literal("quarantine")]),
    b: Type.Array(Path()),
    c: Type.Record(Type.String(), Type.Integer()),
    d: Type.Union([Duration(), Type.Null()]),
    e: ByteSize(),
    f: Secret(),
    g: Type.Any(),
    h: Type.Array(Type.Object({ x: Type.Number() })),
    i: Type.Union([Type.Boolean(), Type.Integer(), Type.Integer({ minimum: 1 })]),
    j: Type.Recursive((This) => Type.Object({ next: Type.Optional(This) }), { $id: "Chain" }),
  });
  expect(describeParameters(schema).map((row) => row.type)).toEqual([
    "fail | quarantine",
    "list of path",
    "mapping to whole number",
    "duration | null",
    "byte size",
    "secret",
    "any",
    "list of mapping",
    "boolean | whole number",
    "mapping",
  ]);
});

describe("an example file", () => {
  function example(schema: TObject): string {
    return exampleParameters({
      name: "mine",
      version: "1.0.0",
      description: "Does it",
      parameters: describeParameters(schema),
      schema,
    });
  }

  test("reads like this", () => {
    const text = example(
      Type.Object({
        delimiter: Type.String({ default: ",", minLength: 1, maxLength: 1, description: "Between two values" }),
        input_path: Path({ description: "File to read", examples: ["customers.csv"] }),
        api_token: Secret(),
      }),
    );
    expect(text).toBe(`# mine 1.0.0: Does it
# Run it with: datapy run-mod mine -p params.yaml

# File to read
# The path of a file. Required.
input_path: customers.csv

# Text. Required.
api_token: "\${env.MINE_API_TOKEN}"

# Between two values
# One character.
# delimiter: ","
`);
  });

  test("gives what the author gives as an example of the whole, and the reference that it is run by", () => {
    const schema = Type.Object(
      {
        on_empty: Type.String({ default: "ok" }),
        host: Type.String(),
        query: Type.Optional(Type.String()),
        port: Type.Optional(Type.Integer()),
      },
      { examples: [{ query: "select 1", on_empty: "fail" }] },
    );
    const mod = { name: "mine", version: "1.0.0", description: "Does it", schema };
    const text = exampleParameters({ ...mod, parameters: describeParameters(schema) }, "./my mods/mine.ts");
    expect(text.match(/^[^#\n].*$/gm)).toEqual(["host: text", "on_empty: fail", 'query: "select 1"']);
    expect(text.indexOf("# port: ")).toBeGreaterThan(text.indexOf("query: "));
    expect(text).toContain("# Run it with: datapy run-mod './my mods/mine.ts' -p params.yaml\n");
  });

  const every = Type.Object({
    a: Type.String(),
    b: Type.Integer({ minimum: 3 }),
    c: Type.Number({ exclusiveMinimum: 0 }),
    d: Type.Boolean(),
    e: Type.Union([Type.Literal("on"), Type.Literal("off")]),
    f: Type.Array(Type.String({ minLength: 6 }), { minItems: 2 }),
    g: Type.Object({ inner: Type.Object({ x: Path() }), optional: Type.Optional(Type.String()) }),
    h: Duration(),
    i: ByteSize(),
    j: Type.String({ format: "date" }),
    k: Type.Record(Type.String(), Type.String()),
    l: Type.Tuple([Type.Null(), Type.Integer({ multipleOf: 7 })]),
    m: Type.String({ examples: ["null", "x"] }),
    n: Type.Union([Type.Null(), Type.String()]),
    o: Type.String({ default: 'a "quoted": #text\nof two lines' }),
    p: Type.Optional(Type.Array(Type.Object({ name: Type.String(), "odd key": Type.Boolean() }))),
    q: Type.Recursive((This) => Type.Object({ children: Type.Array(This) }), { $id: "T" }),
    r: Type.Number({ maximum: -5 }),
    s: Type.String({ default: "" }),
    t: Type.Optional(Type.String({ format: "uri" })),
  });

  test("is YAML whose values are valid as they stand, and with every parameter uncommented", () => {
    const text = example(every);
    const uncommented = text.replace(/^# (?="?[a-z]"?: )/gm, "");
    expect(uncommented.match(/^"?[a-z]"?: /gm)).toHaveLength(Object.keys(every.properties).length);
    const defaults = { o: every.properties.o.default as string, s: "" };
    for (const one of [text, uncommented]) {
      const values = { ...defaults, ...(parseYaml(one, "/example.yaml").toJson() as object) };
      expect(validateParameters({ schema: every, values })).toEqual([]);
    }
    expect(parseYaml(uncommented, "/example.yaml").toJson()).toMatchObject({ m: "null", o: defaults.o, n: null });
  });

  test("every package of this repository that has mods gives one, of valid parameters", () => {
    const { mods } = discoverMods({ cwd: path.resolve(__dirname, "../../../..") });
    for (const mod of mods.filter((one) => one.manifest !== undefined)) {
      const description = describeMod(mod);
      const text = exampleParameters(description);
      expect(text).toContain(`datapy run-mod ${mod.name}`);
      const defaults = Object.fromEntries(
        description.parameters.flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]])),
      );
      const values = { ...defaults, ...(parseYaml(text, "/example.yaml").toJson() as object) };
      expect(validateParameters({ schema: description.schema, values })).toEqual([]);
    }
  });
});
