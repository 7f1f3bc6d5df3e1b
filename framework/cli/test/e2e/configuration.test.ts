import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Workspace } from "../support/workspace.js";

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
  const params = {
    type: "object",
    additionalProperties: false,
    required: ["input_path"],
    properties: {
      input_path: { type: "string" },
      delimiter: { type: "string", default: "," },
      encoding: { type: "string" },
      token: { type: "string", "x-datapy": { kind: "secret" } },
    },
  };
  const metadata = { name: "csv-reader", version: "1.0.0", description: "Reads", category: "source" };
  const artifacts = { output_data: { kind: "table", description: "Rows" } };
  workspace.addPackages([
    {
      name: "@datapy/mod-csv-reader",
      packageJson: {
        oclif: {},
        datapy: {
          contract: 1,
          mods: [{ name: "csv-reader", category: "source", entry: "./index.js", description: "Reads" }],
        },
      },
      files: {
        "index.js": 'throw new Error("the mod was imported");',
        "datapy.manifest.json": JSON.stringify({
          manifest: 1,
          mods: [{ name: "csv-reader", metadata, params, artifacts }],
        }),
      },
    },
  ]);
});
afterEach(() => workspace.remove());

describe("datapy config explain", () => {
  it("prints each value with its layer, file and line, what it replaced and how it was written; secrets masked", async () => {
    workspace.write("project_defaults.yaml", "mod_defaults: {csv_reader: {delimiter: ';'}}");
    workspace.write(
      "job.yaml",
      "globals: {file: x}\nmods:\n  csv_reader:\n    input_path: ${globals.file}.csv\n    token: ${secret.env.TOKEN}\n",
    );
    const { code, stdout, stderr } = await workspace.run(["config", "explain", "job.yaml", "--set", "delimiter=|"], {
      env: { TOKEN: "hunter2-word" },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^project +project_defaults\.yaml$/m);
    expect(stdout).toMatch(/^input_path +"x\.csv" +params +job\.yaml:4 +\$\{globals\.file\}\.csv$/m);
    expect(stdout).toMatch(/^delimiter +"\|" +set +--set +";" \(project project_defaults\.yaml:1\), "," \(default\)$/m);
    expect(stdout).toMatch(/^token +"\*\*\*" +params +job\.yaml:5 +\$\{secret\.env\.TOKEN\}$/m);
    expect(stdout).not.toContain("hunter2");
    const json = await workspace.run(["config", "explain", "job.yaml", "csv-reader", "--json"], {
      env: { TOKEN: "hunter2-word" },
    });
    expect(JSON.parse(json.stdout)).toMatchObject({
      steps: [{ mod: "csv-reader", values: [{ name: "input_path", value: "x.csv" }, {}, {}] }],
    });
    expect(json.stdout).not.toContain("hunter2");
  });

  it("shows what it can beside a fault, and ends with 20", async () => {
    const { code, stdout, stderr } = await workspace.run(["config", "explain", "-", "csv-reader"], {
      stdin: "input_path: ${env.NOT_SET}\n",
    });
    expect(code).toBe(20);
    expect(stdout).toMatch(/^delimiter +"," +default/m);
    expect(stderr).toContain("DATAPY_REFERENCE_UNKNOWN");
    expect(stderr).toContain("<stdin>:1:13");
  });
});

describe("datapy lint", () => {
  it.each([
    ["no faults", "mods: {csv_reader: {input_path: x}}", 0],
    ["warnings", "globals: {unused: 1}\nmods: {csv_reader: {input_path: x}}", 10],
    ["errors", "mods: {csv_reader: {delimitr: x}}", 20],
  ])("ends by what it found: %s", async (_name, text, code) => {
    workspace.write("job.yaml", text);
    for (const flags of [[], ["--json"], ["--format", "json"], ["--format", "github"], ["--format", "sarif"]]) {
      const outcome = await workspace.run(["lint", ...flags]);
      expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code, stderr: "" });
      if (flags.join().includes("json") || flags.includes("sarif"))
        expect(() => JSON.parse(outcome.stdout) as unknown).not.toThrow();
    }
  });

  it("prints file:line:column: severity CODE message, and a caret under a fault of the YAML", async () => {
    workspace.write("job.yaml", "mods:\n  csv_reader: {delimitr: x}\n");
    workspace.write("bad.yaml", "mods:\n  x: [\n");
    const { stdout } = await workspace.run(["lint", "job.yaml", "bad.yaml"]);
    expect(stdout).toContain(
      "job.yaml:2:16: error DATAPY_PARAMETER_UNKNOWN csv-reader has no parameter delimitr. Did you mean delimiter?\n",
    );
    expect(stdout).toContain("bad.yaml:3:1: error DATAPY_YAML_SYNTAX");
    expect(stdout).toMatch(/^ +\| \^$/m);
  });

  it("keeps run-mod from starting: the mod is not even imported", async () => {
    workspace.write("job.yaml", "mods:\n  csv_reader: {input_path: x}\n  csv_raeder: {}\n");
    const { code, stdout } = await workspace.run(["run-mod", "csv-reader", "-p", "job.yaml"]);
    expect(code).toBe(20);
    expect((JSON.parse(stdout) as { errors: string[] }).errors).toEqual([
      expect.stringMatching(/^DATAPY_MOD_UNKNOWN: there is no mod csv_raeder .*job\.yaml:3:3/),
    ]);
  });
});

describe("datapy schema", () => {
  it("prints schemas with the mods in them, and installs them", async () => {
    const job = await workspace.run(["schema", "job"]);
    expect(JSON.parse(job.stdout)).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      definitions: { "csv-reader": { properties: { delimiter: { default: "," } } } },
    });
    expect(JSON.parse((await workspace.run(["schema", "project"])).stdout)).toMatchObject({
      properties: { mod_defaults: { properties: { csv_reader: {} } } },
    });
    expect(JSON.parse((await workspace.run(["schema", "params", "csv_reader"])).stdout)).toMatchObject({
      required: ["input_path"],
    });
    const installed = await workspace.run(["schema", "install"]);
    expect({ code: installed.code, stderr: installed.stderr }).toEqual({ code: 0, stderr: "" });
    expect(existsSync(path.join(workspace.folder, ".datapy-schemas/params/csv-reader.schema.json"))).toBe(true);
    expect(readFileSync(path.join(workspace.folder, ".vscode/settings.json"), "utf8")).toContain("yaml.schemas");
    expect((await workspace.run(["schema", "params", "nothing"])).code).toBe(20);
  });
});

describe("datapy init", () => {
  it("makes a project that lints clean, once", async () => {
    const made = await workspace.run(["init", "shop"]);
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: "" });
    expect(made.stdout).toContain("shop/project_defaults.yaml");
    const lint = await workspace.run(["lint"], { cwd: path.join(workspace.folder, "shop") });
    expect(lint).toMatchObject({ code: 0, stdout: "no faults in 3 files\n" });
    const again = await workspace.run(["init", "shop"]);
    expect(again.code).toBe(20);
    expect(again.stderr).toContain("DATAPY_PROJECT_EXISTS");
  });
});
