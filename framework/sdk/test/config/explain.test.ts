import { explainFile } from "../../src/config/explain-file.js";
import { installFakeMods } from "../support/fake-mods.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
  installFakeMods(folder);
});
afterEach(() => folder.remove());

async function explain(path: string, more: Partial<Parameters<typeof explainFile>[0]> = {}) {
  return explainFile({
    cwd: folder.root,
    env: { ...process.env, DSN: "postgres://u:hunter2@h/d" },
    file: { path },
    ...more,
  });
}

describe("explaining", () => {
  test("shows value, layer, place, template and what was replaced, in the order of the mod's parameters", async () => {
    folder.write(
      "project_defaults.yaml",
      "mod_defaults: {csv_reader: {delimiter: ';', limit: 1}}\nenvironments: {dev: {mod_defaults: {csv_reader: {limit: 2}}}}",
    );
    folder.write(
      "job.yaml",
      "globals: {base_path: data, file: x}\nmods:\n  csv_reader:\n    limit: 3\n    input_path: ${globals.file}.csv\n    columns: {a: INT}\n",
    );
    const { explained, faults } = await explain("job.yaml", { environmentName: "dev", sets: ["limit=4"] });
    expect(faults).toEqual([]);
    const root = folder.root;
    expect(explained).toEqual({
      project: `${root}/project_defaults.yaml`,
      searched: [`${root}/project_defaults.yaml`],
      environment: "dev",
      work_path: `${root}/.datapy`,
      steps: [
        {
          mod: "csv-reader",
          step: "csv_reader",
          values: [
            {
              name: "input_path",
              value: "x.csv",
              layer: "params",
              source: `${root}/job.yaml:5:17`,
              template: "${globals.file}.csv",
              replaced: [],
            },
            {
              name: "delimiter",
              value: ";",
              layer: "project",
              source: `${root}/project_defaults.yaml:1:40`,
              replaced: [{ layer: "default", source: "", value: "," }],
            },
            { name: "encoding", value: "utf-8", layer: "default", source: "", replaced: [] },
            { name: "header", value: true, layer: "default", source: "", replaced: [] },
            {
              name: "limit",
              value: 4,
              layer: "set",
              source: "--set",
              replaced: [
                { layer: "params", source: `${root}/job.yaml:4:12`, value: 3 },
                { layer: "environment", source: `${root}/project_defaults.yaml:2:57`, value: 2 },
                { layer: "project", source: `${root}/project_defaults.yaml:1:52`, value: 1 },
              ],
            },
            { name: "columns.a", value: "INT", layer: "params", source: `${root}/job.yaml:6:18`, replaced: [] },
            { name: "on_bad_row", value: "fail", layer: "default", source: "", replaced: [] },
            {
              name: "base_path",
              value: `${root}/data`,
              layer: "globals",
              source: `${root}/job.yaml:1:22`,
              replaced: [],
            },
          ],
        },
      ],
    });
  });

  test("masks secrets, in what was replaced too, and shows how they were referred to", async () => {
    folder.write(
      "project_defaults.yaml",
      "mod_defaults: {database_writer: {connection_string: 'postgres://old:secret-word@h/d'}}",
    );
    folder.write(
      "job.yaml",
      "mods:\n  database_writer: {connection_string: '${secret.env.DSN}', table_name: 'about hunter2'}\n",
    );
    const { explained } = await explain("job.yaml");
    const text = JSON.stringify(explained);
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain("secret-word");
    expect(explained.steps[0]?.values).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: "connection_string",
          value: "***",
          template: "${secret.env.DSN}",
          replaced: [expect.objectContaining({ value: "***" })],
        }),
        expect.objectContaining({ name: "table_name", value: "about ***" }),
      ]),
    );
  });

  test("leaves what only a run can answer as it is written", async () => {
    folder.write(
      "job.yaml",
      "globals: {log_path: 'logs/${run.date}'}\nmods:\n  csv_reader: {input_path: '${session.id}'}\n  data_cleaner: {input_artifact: '${mods.csv_reader.artifacts.output_data}'}\n",
    );
    const { explained, faults } = await explain("job.yaml");
    expect(faults).toEqual([]);
    expect(explained.steps[1]?.values[0]).toMatchObject({
      value: "${mods.csv_reader.artifacts.output_data}",
      template: "${mods.csv_reader.artifacts.output_data}",
    });
  });

  test("shows null as a value, and keeps what cannot be resolved in its place of a list", async () => {
    folder.write("project_defaults.yaml", "mod_defaults: {csv_reader: {encoding: null}}");
    folder.write("job.yaml", "mods:\n  data_cleaner: {rules: [1, '${env.NOT_SET_ANYWHERE}', 2]}\n  csv_reader:\n");
    const { explained } = await explain("job.yaml");
    const find = (step: number, name: string) => explained.steps[step]?.values.find((value) => value.name === name);
    expect(find(0, "rules")?.value).toEqual([1, "${env.NOT_SET_ANYWHERE}", 2]);
    expect(find(1, "encoding")).toMatchObject({ value: null, layer: "project", replaced: [{ value: "utf-8" }] });
  });

  test("gives faults beside the rest", async () => {
    folder.write("job.yaml", "mods:\n  csv_reader: {input_path: '${env.NOT_SET_ANYWHERE}', delimiter: ';'}\n");
    const { explained, faults } = await explain("job.yaml");
    expect(faults.map((one) => one.code)).toEqual(["DATAPY_REFERENCE_UNKNOWN"]);
    expect(explained.steps[0]?.values.slice(0, 2)).toMatchObject([
      { name: "input_path", value: undefined },
      { name: "delimiter", value: ";" },
    ]);
  });

  test("takes one step or mod of a job, and the mod of a flat file", async () => {
    folder.write(
      "job.yaml",
      "steps:\n- {id: one, mod: csv_reader}\n- {id: two, mod: csv-reader}\n- {id: three, mod: data-cleaner}\n",
    );
    const steps = async (path: string, subject?: string) =>
      (await explain(path, { subject })).explained.steps.map((step) => `${step.step ?? "-"} ${step.mod}`);
    expect(await steps("job.yaml")).toEqual(["one csv-reader", "two csv-reader", "three data-cleaner"]);
    expect(await steps("job.yaml", "two")).toEqual(["two csv-reader"]);
    expect(await steps("job.yaml", "csv_reader")).toEqual(["one csv-reader", "two csv-reader"]);
    await expect(steps("job.yaml", "four")).rejects.toMatchObject({
      code: "DATAPY_EXPLAIN_NO_STEP",
      hint: "It has one, two, three.",
    });
    folder.write("p.yaml", "input_path: x");
    expect(await steps("p.yaml", "csv-reader")).toEqual(["- csv-reader"]);
    await expect(steps("p.yaml")).rejects.toMatchObject({ code: "DATAPY_EXPLAIN_NO_MOD", exitCode: 20 });
    folder.write("p.yaml", "# datapy: mod csv-reader\ninput_path: x");
    expect(await steps("p.yaml")).toEqual(["- csv-reader"]);
    await expect(steps("p.yaml", "csv_raeder")).rejects.toMatchObject({ code: "DATAPY_MOD_UNKNOWN" });
  });
});

test("a parameter may take what the project gives another mod, where it gives none for its own", async () => {
  const { loadConfiguration } = await import("../../src/config/load-configuration.js");
  const schema = { properties: { dsn: { type: "string", "x-datapy-inherits": ["database-reader", "other"] } } };
  const references = { session: { id: "s" }, run: { date: "d" }, mods: {} };
  const resolve = async (project: string) => {
    folder.write("project_defaults.yaml", project);
    const configuration = await loadConfiguration({ cwd: folder.root, env: {} });
    const { values, origins } = await configuration.resolve({ mod: "database-writer", schema, references });
    return [values["dsn"], origins.get("/dsn")?.location?.line, origins.get("/dsn")?.overrode.length];
  };
  expect(await resolve("mod_defaults:\n  other: {dsn: o}\n  database_reader: {dsn: r, pool_size: 5}\n")).toEqual([
    "r",
    3,
    1,
  ]);
  expect(await resolve("mod_defaults:\n  database_writer: {dsn: w}\n  database_reader: {dsn: r}\n")).toEqual([
    "w",
    2,
    1,
  ]);
  expect(await resolve("mod_defaults: {}")).toEqual([undefined, undefined, undefined]);
});

test("unless it has what stands in for it", async () => {
  const { loadConfiguration } = await import("../../src/config/load-configuration.js");
  const schema = {
    properties: {
      dsn: { type: "string", "x-datapy-inherits": { mods: ["database-reader"], unless: ["host"] } },
      host: { type: "string" },
      port: { type: "integer", default: 1 },
    },
  };
  const references = { session: { id: "s" }, run: { date: "d" }, mods: {} };
  folder.write("project_defaults.yaml", "mod_defaults: {database_reader: {dsn: r}}");
  const configuration = await loadConfiguration({ cwd: folder.root, env: {} });
  const resolve = async (params: Record<string, unknown>) =>
    (await configuration.resolve({ mod: "database-writer", schema, references, params })).values["dsn"];
  expect(await resolve({ port: 2 })).toBe("r");
  expect(await resolve({ host: "h" })).toBeUndefined();
  expect(await resolve({ host: "h", dsn: "w" })).toBe("w");
});
