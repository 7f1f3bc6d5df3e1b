import { existsSync, readFileSync, readdirSync } from "node:fs";
import { initProject } from "../../src/config/init-project.js";
import { loadConfiguration } from "../../src/config/load-configuration.js";
import { lintPaths } from "../../src/lint/lint-paths.js";
import { discoverMods } from "../../src/registry/discover-mods.js";
import { installSchemas, parametersModeline } from "../../src/schema/install-schemas.js";
import { installFakeMods } from "../support/fake-mods.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
  installFakeMods(folder);
});
afterEach(() => folder.remove());

const mods = () => discoverMods({ cwd: folder.root, env: process.env }).mods;
const json = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(folder.path(name), "utf8")) as Record<string, unknown>;

describe("installing schemas", () => {
  test("writes one for jobs, one for the project and one for each mod, and the editor's setting", () => {
    const { files, settings } = installSchemas(folder.root, mods());
    expect(files.map((file) => file.replace(`${folder.root}/.datapy-schemas/`, ""))).toEqual([
      "project.schema.json",
      "job.schema.json",
      "test.schema.json",
      "params/csv-reader.schema.json",
      "params/data-cleaner.schema.json",
      "params/database-writer.schema.json",
    ]);
    expect(settings).toBe(folder.path(".vscode/settings.json"));
    expect(json(".vscode/settings.json")).toEqual({
      "yaml.schemas": {
        "./.datapy-schemas/project.schema.json": ["project_defaults.yaml"],
        "./.datapy-schemas/job.schema.json": ["jobs/**/*.yaml", "jobs/**/*.yml"],
        "./.datapy-schemas/test.schema.json": ["**/*.test.yaml", "**/*.test.yml"],
      },
    });
  });

  test("again changes nothing, and removes the schema of a mod that is gone", () => {
    installSchemas(folder.root, mods());
    const again = installSchemas(
      folder.root,
      mods().filter((mod) => mod.name !== "data-cleaner"),
    );
    expect(again.settings).toBeUndefined();
    expect(readdirSync(folder.path(".datapy-schemas/params"))).toEqual([
      "csv-reader.schema.json",
      "database-writer.schema.json",
    ]);
  });

  test("keeps other settings, and says what to add to settings that it cannot read", () => {
    folder.write(".vscode/settings.json", '{"editor.tabSize": 2, "yaml.schemas": {"https://x/y.json": "z.yaml"}}');
    installSchemas(folder.root, mods());
    expect(json(".vscode/settings.json")).toMatchObject({
      "editor.tabSize": 2,
      "yaml.schemas": { "https://x/y.json": "z.yaml" },
    });
    folder.write(".vscode/settings.json", '{\n  // mine\n  "editor.tabSize": 2\n}');
    const { settings, settingsProblem } = installSchemas(folder.root, mods());
    expect(settings).toBeUndefined();
    expect(settingsProblem).toContain("yaml.schemas");
    expect(readFileSync(folder.path(".vscode/settings.json"), "utf8")).toContain("// mine");
  });

  test("a file's modeline leads from the file to the schema, and lint reads it", () => {
    const file = folder.path("jobs/a/p.yaml");
    const line = parametersModeline(folder.root, file, "csv-reader");
    expect(line).toBe("# yaml-language-server: $schema=../../.datapy-schemas/params/csv-reader.schema.json");
    folder.write("jobs/a/p.yaml", `${line}\nlimit: x\ninput_path: '\${env.X}'\n`);
    expect(
      lintPaths({
        cwd: folder.root,
        env: {},
        paths: ["jobs"],
        registry: discoverMods({ cwd: folder.root, env: process.env }),
      }).findings,
    ).toHaveLength(1);
  });
});

describe("a new project", () => {
  test("lints clean and gives the reader its file", async () => {
    const { name, written, kept } = initProject(folder.root, mods());
    expect(name).toMatch(/^datapy_project_/);
    expect(kept).toEqual([]);
    expect(written.every((path) => existsSync(path))).toBe(true);
    const report = lintPaths({ cwd: folder.root, env: process.env, paths: [] });
    expect(report.findings).toEqual([]);
    expect(report.files.map((file) => file.replace(`${folder.root}/`, ""))).toEqual([
      "jobs/orders/orders.yaml",
      "jobs/orders/read_orders.yaml",
      "project_defaults.yaml",
    ]);
    const configuration = await loadConfiguration({
      cwd: folder.root,
      env: {},
      file: { path: "jobs/orders/orders.yaml" },
    });
    const schema = mods().find((mod) => mod.name === "csv-reader")?.manifest?.params ?? {};
    const references = { session: { id: "s" }, run: { date: "d" }, mods: {} };
    const { values, basePath } = await configuration.resolve({ mod: "csv-reader", schema, references });
    expect([values["input_path"], basePath]).toEqual(["orders.csv", folder.path("data")]);
    expect(existsSync(folder.path("data/orders.csv"))).toBe(true);
    expect(configuration.logging.directory).toBe(folder.path("logs"));
  });

  test.each(["2024", "true", "a: b", "q'\"q"])("may be in a folder that is called %s", (name) => {
    const root = folder.path(name);
    initProject(root, mods());
    expect(lintPaths({ cwd: root, env: process.env, paths: [] })).toMatchObject({ errors: 0 });
  });

  test("says what to add to settings of an editor that it cannot read", () => {
    folder.write(".vscode/settings.json", "{ /* mine */ }");
    expect(initProject(folder.root, mods()).settingsProblem).toContain("yaml.schemas");
  });

  test("changes nothing that is there, and refuses a folder that is a project", () => {
    folder.write(".gitignore", "mine\n");
    const { kept } = initProject(folder.root, []);
    expect(kept).toEqual([folder.path(".gitignore")]);
    expect(readFileSync(folder.path(".gitignore"), "utf8")).toBe("mine\n");
    expect(() => initProject(folder.root, [])).toThrow("is a project already");
  });
});
