import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { modSource, packageJson } from "../support/mod-package.js";
import { FIXTURE_MODS, Workspace } from "../support/workspace.js";
import type { FixturePackage } from "../support/workspace.js";

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
});
afterEach(() => workspace.remove());

const NEEDS_SOURCE = readFileSync(path.join(FIXTURE_MODS, "needs.js"), "utf8");

/** A package of the project with the mod `needs`, not yet with a manifest. */
function needsPackage(): FixturePackage {
  return {
    name: "@acme/mod-needs",
    packageJson: packageJson("@acme/mod-needs", "1.0.0", {
      datapy: {
        contract: 1,
        mods: [{ name: "needs", category: "source", entry: "./index.js", description: "Needs parameters" }],
      },
    }),
    files: { "index.js": NEEDS_SOURCE },
  };
}

function working(name: string): FixturePackage {
  return {
    name: `@acme/mod-${name}`,
    packageJson: packageJson(`@acme/mod-${name}`),
    files: { "index.js": modSource(name) },
  };
}

describe("datapy mods", () => {
  test("lists the mods of the project in order, and loads none", async () => {
    workspace.addPackages([working("zebra"), working("ant"), { name: "left-pad", files: { "index.js": "" } }]);
    const mark = path.join(workspace.folder, "loaded");
    const outcome = await workspace.run(["mods"], { env: { LOADED_MARK: mark } });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout.split("\n")).toEqual([
      "NAME   CATEGORY  VERSION  PACKAGE          DESCRIPTION",
      "ant    solo      1.0.0    @acme/mod-ant    The ant of the tests",
      "zebra  solo      1.0.0    @acme/mod-zebra  The zebra of the tests",
      "",
    ]);
    expect(existsSync(mark)).toBe(false);

    const json = await workspace.run(["mods", "--json"]);
    expect(JSON.parse(json.stdout)).toEqual({
      mods: ["ant", "zebra"].map((name) => ({
        name,
        category: "solo",
        version: "1.0.0",
        package: `@acme/mod-${name}`,
        description: `The ${name} of the tests`,
        origin: "project",
      })),
      problems: [],
    });
  });

  test("names what is broken, exits with 10, and leaves the others working", async () => {
    workspace.addPackages([
      working("fine"),
      { name: "@acme/mod-hollow", packageJson: packageJson("@acme/mod-hollow"), files: {} },
      {
        name: "@acme/mod-spy",
        packageJson: packageJson("@acme/mod-spy", "1.0.0", { oclif: { hooks: { init: "./init.js" } } }),
        files: { "index.js": modSource("spy") },
      },
      {
        name: "@acme/mod-future",
        packageJson: packageJson("@acme/mod-future", "1.0.0", { datapy: { contract: 7, mods: [] } }),
        files: {},
      },
      {
        name: "@acme/mod-thrower",
        packageJson: packageJson("@acme/mod-thrower"),
        files: { "index.js": 'throw new Error("cannot be loaded")' },
      },
    ]);
    const outcome = await workspace.run(["mods"]);
    expect(outcome.code).toBe(10);
    expect(outcome.stdout).toMatch(/^fine /m);
    for (const [code, name] of [
      ["DATAPY_ENTRY_MISSING", "@acme/mod-hollow"],
      ["DATAPY_PACKAGE_RUNS_CODE", "@acme/mod-spy"],
      ["DATAPY_CONTRACT_UNKNOWN", "@acme/mod-future"],
    ]) {
      expect(outcome.stderr).toMatch(new RegExp(`warning ${code ?? ""}: .*${name ?? ""}`));
    }
    const json = await workspace.run(["mods", "--json"]);
    expect(json.code).toBe(10);
    const { mods, problems } = JSON.parse(json.stdout) as {
      mods: { name: string }[];
      problems: { packageName: string; code: string }[];
    };
    expect(mods.map((one) => one.name)).toEqual(["fine", "thrower"]);
    expect(problems.map((one) => one.packageName)).toEqual(["@acme/mod-future", "@acme/mod-hollow", "@acme/mod-spy"]);

    expect(JSON.parse((await workspace.run(["run-mod", "fine"])).stdout)).toMatchObject({ status: "success" });
    expect(await workspace.run(["run-mod", "hollow"])).toMatchObject({
      code: 20,
      stdout: expect.stringContaining("DATAPY_ENTRY_MISSING") as string,
    });
    expect(await workspace.run(["run-mod", "thrower"])).toMatchObject({
      code: 20,
      stdout: expect.stringContaining("cannot be loaded") as string,
    });
  });

  test("a mod's name alone is answered with how to run it", async () => {
    workspace.addPackages([working("fine")]);
    const outcome = await workspace.run(["fine", "-p", "params.yaml"]);
    expect(outcome).toMatchObject({ code: 20, stdout: "" });
    expect(outcome.stderr).toContain("`datapy run-mod fine` runs the mod of that name");
  });

  test("says where to get mods when there are none", async () => {
    const outcome = await workspace.run(["mods"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toContain("datapy plugins install @datapy/mod-csv-reader");
  });
});

describe("datapy mods manifest, then mods info", () => {
  test("writes the manifest, from which all is described without loading the mod", async () => {
    workspace.addPackages([needsPackage()]);
    const root = path.join(workspace.folder, "node_modules/@acme/mod-needs");
    const file = path.join(root, "datapy.manifest.json");
    expect(await workspace.run(["mods", "manifest", root])).toMatchObject({ code: 0, stdout: `Wrote ${file}\n` });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ mods: [{ name: "needs" }] });

    // From here on loading it would fail.
    workspace.write("node_modules/@acme/mod-needs/index.js", 'throw new Error("loaded")');
    const table = await workspace.run(["mods", "info", "needs"]);
    expect(table).toMatchObject({ code: 0, stderr: "" });
    expect(table.stdout).toContain("needs 1.0.0: Needs parameters\n");
    expect(table.stdout).toMatch(/^input_path +path +required +File to read$/m);
    expect(table.stdout).toMatch(/^delimiter +text +"," +Separator$/m);
    expect(table.stdout).toMatch(/^batch_size +whole number +1000 +Rows at once$/m);
    expect(table.stdout).toMatch(/^password +secret +Password$/m);

    const json = await workspace.run(["mods", "info", "@acme/mod-needs", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      type: "object",
      required: ["input_path"],
      properties: { batch_size: { type: "integer", default: 1000 } },
    });
  });

  test("the example is YAML with comments, and runs", async () => {
    const example = await workspace.run(["mods", "info", path.join(FIXTURE_MODS, "needs.js"), "--example"]);
    expect(example).toMatchObject({ code: 0, stderr: "" });
    expect(example.stdout).toMatch(/^# File to read$/m);
    workspace.write("params.yaml", example.stdout);
    const run = await workspace.run(["run-mod", path.join(FIXTURE_MODS, "needs.js"), "-p", "params.yaml"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ status: "success" });
  });

  test("every fault of a package is reported, and nothing is written", async () => {
    workspace.addPackages([
      {
        ...needsPackage(),
        files: {
          "index.js": NEEDS_SOURCE.replace('version: "1.0.0", ', "").replace("default: 1000", 'default: "many"'),
        },
      },
    ]);
    const root = path.join(workspace.folder, "node_modules/@acme/mod-needs");
    const outcome = await workspace.run(["mods", "manifest", root, "--json"]);
    expect(outcome.code).toBe(20);
    const { error, errors } = JSON.parse(outcome.stdout) as { error: { code: string }; errors: { code: string }[] };
    expect(errors.map((one) => one.code)).toEqual(
      expect.arrayContaining(["DATAPY_METADATA_INVALID", "DATAPY_DEFAULT_INVALID"]),
    );
    expect(errors.map((one) => one.code)).toContain(error.code);
    for (const { code } of errors) expect(outcome.stderr).toContain(`error ${code}: `);
    expect(existsSync(path.join(root, "datapy.manifest.json"))).toBe(false);
  });

  test("a mod that ends the process while it is loaded, or prints, does no harm", async () => {
    const exits = workspace.write("exits.js", "process.exit(0);");
    expect(await workspace.run(["mods", "info", exits])).toMatchObject({
      code: 30,
      stdout: "",
      stderr: expect.stringContaining("DATAPY_MOD_CRASHED") as string,
    });
    const prints = await workspace.run(["mods", "info", path.join(FIXTURE_MODS, "prints.js"), "--json"]);
    expect(prints.code).toBe(0);
    expect(JSON.parse(prints.stdout)).toMatchObject({ title: "Parameters of prints" });
    expect(prints.stderr).toContain("printed while importing");
  });

  test("an unknown mod is 20, with what was meant", async () => {
    workspace.addPackages([needsPackage()]);
    const outcome = await workspace.run(["mods", "info", "neds"]);
    expect(outcome).toMatchObject({ code: 20, stdout: "" });
    expect(outcome.stderr).toContain("error DATAPY_MOD_UNKNOWN");
    expect(outcome.stderr).toContain("Did you mean needs?");
    expect(await workspace.run(["mods", "info", "needs", "--json", "--example"])).toMatchObject({ code: 20 });
  });
});
