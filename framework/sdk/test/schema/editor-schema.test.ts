import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Type } from "@datapy/mod-kit";
import { Ajv } from "ajv";
import { parseYaml } from "../../src/config/parse-yaml.js";
import { discoverMods } from "../../src/registry/discover-mods.js";
import type { RegisteredMod } from "../../src/registry/registry-types.js";
import { jobEditorSchema, parametersEditorSchema, projectEditorSchema } from "../../src/schema/editor-schema.js";
import { installFakeMods } from "../support/fake-mods.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
let mods: readonly RegisteredMod[];
beforeAll(() => {
  folder = new ProjectFolder();
  installFakeMods(folder);
  mods = discoverMods({ cwd: folder.root, env: process.env }).mods;
});
afterAll(() => folder.remove());

/** As a YAML language server does: draft-07, and no keyword is known but those of the draft. */
function faultsOf(schema: object, yaml: string): string[] {
  const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: true });
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema)) as object);
  validate(JSON.parse(JSON.stringify(parseYaml(yaml, "x.yaml").toJson())));
  return [...new Set((validate.errors ?? []).map((one) => `${one.instancePath} ${one.keyword}`))];
}

const fixture = (name: string): string =>
  readFileSync(join(__dirname, "../config/fixtures/specification", name), "utf8");

describe("the schema of job files", () => {
  test("takes the specification's job, and both forms", () => {
    const schema = jobEditorSchema(mods);
    expect(schema["$schema"]).toBe("http://json-schema.org/draft-07/schema#");
    expect(faultsOf(schema, fixture("jobs/daily-etl/daily_customer_etl.yaml"))).toEqual([]);
    expect(
      faultsOf(
        schema,
        "steps:\n- {id: a, mod: csv_reader, params: {input_path: x, limit: '${globals.n}'}, retries: {max: 1}, timeout: 5m}\n",
      ),
    ).toEqual([]);
    expect(faultsOf(schema, "mods:\n  not_installed: {any: 1}\n  csv-reader:\n")).toEqual([]);
  });

  test("has each mod's parameters under its name, in either spelling and in steps", () => {
    const schema = jobEditorSchema(mods);
    expect(faultsOf(schema, "mods: {csv_reader: {delimitr: x}}")).toContain("/mods/csv_reader additionalProperties");
    expect(faultsOf(schema, "mods: {csv-reader: {limit: many}}")).toContain("/mods/csv-reader/limit type");
    expect(faultsOf(schema, "steps: [{id: a, mod: data_cleaner, params: {null_strategy: dorp}}]")).toContain(
      "/steps/0/params/null_strategy enum",
    );
    expect(faultsOf(schema, "steps: [{id: a, mod: datapy.mods.sinks.database_writer, params: {batch: 1}}]")).toContain(
      "/steps/0/params additionalProperties",
    );
    expect(faultsOf(schema, "steps: [{id: a, mdo: x}]")).toContain("/steps/0 additionalProperties");
    expect(faultsOf(schema, "mods: {}\nsteps: []")).toEqual([" not"]);
  });

  test("carries descriptions, defaults and choices to where an editor shows them", () => {
    const schema = jobEditorSchema(mods) as {
      definitions: Record<string, { properties: Record<string, Record<string, unknown>> }>;
    };
    expect(schema.definitions["csv-reader"]?.properties["delimiter"]).toEqual({
      type: "string",
      default: ",",
      description: "Character between values",
    });
    expect(schema.definitions["csv-reader"]?.properties["on_bad_row"]).toMatchObject({ default: "fail" });
    expect(JSON.stringify(schema)).not.toContain("x-datapy");
  });

  test("offers the host's globals and those that mods take", () => {
    const globals = (jobEditorSchema(mods)["properties"] as Record<string, { properties: object }>)["globals"];
    expect(Object.keys(globals?.properties ?? {})).toEqual(
      expect.arrayContaining(["base_path", "log_level", "delimiter", "table_name"]),
    );
  });
});

describe("the schema of project files", () => {
  test("takes the specification's project, and environments", () => {
    const schema = projectEditorSchema(mods);
    expect(faultsOf(schema, fixture("project_defaults.yaml"))).toEqual([]);
    expect(
      faultsOf(
        schema,
        "environments: {dev: {mod_defaults: {csv_reader: {limit: 5}}, globals: {x: 1}}}\nx-own: 1\nsecrets: {providers: {env: {prefix: A_}}}",
      ),
    ).toEqual([]);
  });

  test("knows the mods, in environments too", () => {
    const schema = projectEditorSchema(mods);
    expect(faultsOf(schema, "mod_defaults: {csv_reader: {delimitr: x}}")).toContain(
      "/mod_defaults/csv_reader additionalProperties",
    );
    expect(faultsOf(schema, "environments: {dev: {mod_defaults: {csv_reader: {delimitr: x}}}}")).toContain(
      "/environments/dev/mod_defaults/csv_reader additionalProperties",
    );
    expect(faultsOf(schema, "project_nam: x")).toEqual([" additionalProperties"]);
  });
});

describe("the schema of a mod's parameters", () => {
  const reader = (): RegisteredMod => mods.find((mod) => mod.name === "csv-reader")!;

  test("of a mod as TypeBox writes it requires nothing that has a default, and takes no other names", () => {
    const written = Type.Object({
      input_path: Type.String(),
      delimiter: Type.String({ default: "," }),
      retries: Type.Object({ max: Type.Integer({ default: 1 }), wait: Type.String() }, { default: { wait: "1s" } }),
      mode: Type.Union([Type.Literal("a"), Type.Literal("b"), Type.Integer()], { default: "a", description: "How" }),
    });
    const { manifest, ...mod } = reader();
    const params = JSON.parse(JSON.stringify(written)) as Record<string, unknown>;
    const typed = [{ ...mod, manifest: { ...manifest!, params } }];
    const own = parametersEditorSchema(typed[0]!);
    expect(faultsOf(own, "input_path: x")).toEqual([]);
    expect(faultsOf(own, "input_path: x\nretries: {wait: 2s}\nmode: 5")).toEqual([]);
    expect(faultsOf(own, "delimiter: x")).toEqual([" required"]);
    expect(faultsOf(own, "input_path: x\nretries: {max: 1}")).toContain("/retries required");
    expect(faultsOf(own, "input_path: x\ninput_pat: x")).toEqual([" additionalProperties"]);
    expect((own["properties"] as Record<string, unknown>)["mode"]).toEqual({
      description: "How",
      default: "a",
      anyOf: [
        { type: "string", enum: ["a", "b"] },
        { type: "integer" },
        { type: "string", pattern: expect.any(String) },
      ],
    });
    const job = jobEditorSchema(typed);
    expect(faultsOf(job, "mods: {csv_reader: {delimitr: x}}")).toEqual(["/mods/csv_reader additionalProperties"]);
    expect(faultsOf(job, "mods:\n  csv_reader:\n  csv-reader: {mode: b}\n")).toEqual([]);
  });

  test("requires what the mod requires and the project does not give", () => {
    expect(faultsOf(parametersEditorSchema(reader()), "delimiter: x")).toEqual([" required"]);
    expect(faultsOf(parametersEditorSchema(reader(), new Set(["input_path"])), "delimiter: x")).toEqual([]);
    expect(
      faultsOf(parametersEditorSchema(reader()), "input_path: x\nbase_path: y\nlimit: ${env.N}\nheader: ${globals.h}"),
    ).toEqual([]);
    expect(faultsOf(parametersEditorSchema(reader()), "input_path: x\nlimit: '5'")).toContain("/limit type");
  });
});
