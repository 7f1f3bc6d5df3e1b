import { chmodSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { discoverMods } from "../../src/registry/index.js";
import type { DiscoveryOptions, Registry } from "../../src/registry/index.js";
import { temporaryFolder, writeDataDirectory, writeFiles, writePackage } from "../support/mod-packages.js";

/** Looks into nothing but what the test has written. */
function discover(options: { readonly data?: string; readonly cwd?: string } & DiscoveryOptions): Registry {
  const empty = temporaryFolder();
  const { data = empty, cwd = empty, ...rest } = options;
  return discoverMods({ hostRoot: empty, ...rest, cwd, env: { DATAPY_DATA_DIR: data } });
}

const names = ({ mods }: Registry): string[] => mods.map((mod) => mod.name);
const codes = ({ problems }: Registry): string[] => problems.map((one) => `${one.packageName} ${one.code}`);

describe("where mods are found", () => {
  test("nowhere: an empty list, no problem, and the places that were looked at", () => {
    const data = temporaryFolder();
    const found = discover({ data });
    expect(found.mods).toEqual([]);
    expect(found.problems).toEqual([]);
    expect(found.searched).toContain(path.join(data, "package.json"));
  });

  test("installed packages, sorted by name whatever the order of their installation, without importing them", () => {
    const data = writeDataDirectory(temporaryFolder(), [
      { name: "@acme/mod-zebra" },
      { name: "@acme/mod-ant" },
      { name: "mod-bee" },
    ]);
    const found = discover({ data });
    expect(found.problems).toEqual([]);
    expect(names(found)).toEqual(["ant", "bee", "zebra"]);
    expect(found.mods[0]).toMatchObject({
      name: "ant",
      category: "solo",
      description: "The mod ant",
      packageName: "@acme/mod-ant",
      version: "1.0.0",
      root: path.join(data, "node_modules/@acme/mod-ant"),
      entry: path.join(data, "node_modules/@acme/mod-ant/index.js"),
      contract: 1,
      origin: "installed",
    });
  });

  test("linked packages, at their own folder", () => {
    const root = writePackage(temporaryFolder(), { name: "@acme/mod-mine" });
    const data = writeDataDirectory(temporaryFolder(), [], [{ name: "@acme/mod-mine", type: "link", root }]);
    expect(discover({ data }).mods[0]).toMatchObject({ name: "mine", root, origin: "linked" });
  });

  test("dependencies of every package.json above the working directory, and above the project's file", () => {
    const top = temporaryFolder();
    writeFiles(top, { "package.json": JSON.stringify({ dependencies: { "@acme/mod-top": "*" } }) });
    writeFiles(path.join(top, "a/b"), {
      "package.json": JSON.stringify({ devDependencies: { "mod-near": "*" }, dependencies: { lodash: "*" } }),
    });
    writePackage(path.join(top, "node_modules/@acme/mod-top"), { name: "@acme/mod-top" });
    writePackage(path.join(top, "a/b/node_modules/mod-near"), { name: "mod-near" });
    writeFiles(path.join(top, "node_modules/lodash"), {
      "package.json": JSON.stringify({ name: "lodash", version: "1.0.0" }),
    });
    const other = temporaryFolder();
    writeFiles(other, { "package.json": JSON.stringify({ dependencies: { "mod-project": "*" } }) });
    writePackage(path.join(other, "node_modules/mod-project"), { name: "mod-project" });

    const found = discover({ cwd: path.join(top, "a/b"), projectFile: path.join(other, "project_defaults.yaml") });
    expect(found.problems).toEqual([]);
    expect(names(found)).toEqual(["near", "project", "top"]);
    expect(found.mods.every((mod) => mod.origin === "project")).toBe(true);
  });

  test("workspaces of a monorepo, and the package that one stands in", () => {
    const top = temporaryFolder();
    writeFiles(top, {
      "package.json": JSON.stringify({ workspaces: ["packages/*", "one", "!packages/skip"] }),
      "packages/README.md": "",
    });
    writePackage(path.join(top, "packages/mod-a"), { name: "@acme/mod-a" });
    writePackage(path.join(top, "one"), { name: "@acme/mod-one" });
    const found = discover({ cwd: path.join(top, "packages/mod-a") });
    expect(found.problems).toEqual([]);
    expect(names(found)).toEqual(["a", "one"]);
  });

  test("what the host ships with", () => {
    const host = temporaryFolder();
    writeFiles(host, {
      "package.json": JSON.stringify({ dependencies: { "@acme/mod-shipped": "1.0.0", yaml: "1.0.0" } }),
    });
    writePackage(path.join(host, "node_modules/@acme/mod-shipped"), { name: "@acme/mod-shipped" });
    expect(discover({ hostRoot: host }).mods[0]).toMatchObject({ name: "shipped", origin: "bundled" });
  });

  test("the project's own version of a package wins over the installed one", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-x", manifest: { version: "2.0.0" } }]);
    const cwd = temporaryFolder();
    writeFiles(cwd, { "package.json": JSON.stringify({ dependencies: { "@acme/mod-x": "*" } }) });
    writePackage(path.join(cwd, "node_modules/@acme/mod-x"), { name: "@acme/mod-x", manifest: { version: "1.5.0" } });
    const found = discover({ cwd, data });
    expect(found.problems).toEqual([]);
    expect(found.mods.map((mod) => `${mod.version} ${mod.origin}`)).toEqual(["1.5.0 project"]);
  });

  test("several mods in one package", () => {
    const mods = ["read_x", "write-x"].map((name) => ({
      name,
      category: "sink",
      entry: "index.js",
      description: name,
    }));
    const data = writeDataDirectory(temporaryFolder(), [
      { name: "@acme/etl", manifest: { datapy: { contract: 1, mods } } },
    ]);
    expect(names(discover({ data }))).toEqual(["read-x", "write-x"]);
  });

  test("an entry may be a link inside the package, as pnpm and npm link make them", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "mod-a" }]);
    const root = path.join(data, "node_modules/mod-a");
    writeFiles(root, { "dist/real.js": "" });
    rmSync(path.join(root, "index.js"));
    symlinkSync("dist/real.js", path.join(root, "index.js"));
    expect(discover({ data })).toMatchObject({ mods: [{ name: "a" }], problems: [] });
  });
});

describe("what is broken is named and leaves the others working", () => {
  const good = { name: "@acme/mod-good" };

  function withBroken(manifest: Readonly<Record<string, unknown>>): Registry {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-bad", manifest }, good]);
    const found = discover({ data });
    expect(names(found)).toEqual(["good"]);
    expect(found.problems).toHaveLength(1);
    return found;
  }

  test("a folder that is gone", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-bad" }, good]);
    rmSync(path.join(data, "node_modules/@acme/mod-bad"), { recursive: true });
    const found = discover({ data });
    expect(names(found)).toEqual(["good"]);
    expect(codes(found)).toEqual(["@acme/mod-bad DATAPY_PACKAGE_MISSING"]);
    expect(found.problems[0]?.root).toBe(path.join(data, "node_modules/@acme/mod-bad"));
    expect(found.problems[0]?.hint).toContain("datapy plugins:install @acme/mod-bad");
  });

  test("a linked folder that is gone", () => {
    const data = writeDataDirectory(
      temporaryFolder(),
      [good],
      [{ name: "mod-l", type: "link", root: "/nowhere/mod-l" }],
    );
    expect(codes(discover({ data }))).toEqual(["mod-l DATAPY_PACKAGE_MISSING"]);
  });

  test.each(["{", "", "null", "[]", '"text"', "\u0000\u0001"])("a package.json that holds %j", (text) => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-bad" }, good]);
    writeFileSync(path.join(data, "node_modules/@acme/mod-bad/package.json"), text);
    const found = discover({ data });
    expect(names(found)).toEqual(["good"]);
    expect(codes(found)).toEqual(["@acme/mod-bad DATAPY_PACKAGE_UNREADABLE"]);
  });

  test("a package.json that is a folder", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-bad" }, good]);
    const file = path.join(data, "node_modules/@acme/mod-bad/package.json");
    rmSync(file);
    writeFiles(file, { inside: "" });
    expect(codes(discover({ data }))).toEqual(["@acme/mod-bad DATAPY_PACKAGE_UNREADABLE"]);
  });

  test("no datapy key, in what somebody installed", () => {
    expect(codes(withBroken({ datapy: undefined }))).toEqual(["@acme/mod-bad DATAPY_PACKAGE_NO_MODS"]);
  });

  const mod = { name: "bad", category: "solo", entry: "./index.js", description: "d" };

  test.each([
    ["a text", "x", "`datapy` must be an object"],
    ["no contract", { mods: [mod] }, "`datapy.contract` is missing"],
    ["a contract that is no number", { contract: "1", mods: [mod] }, "`datapy.contract` must be the number 1"],
    ["no mods", { contract: 1 }, "`datapy.mods` is missing"],
    ["an empty list", { contract: 1, mods: [] }, "one mod or more"],
    ["a mod that is a text", { contract: 1, mods: ["bad"] }, "`datapy.mods[0]` must be an object"],
    ["no name", { contract: 1, mods: [{ ...mod, name: undefined }] }, "`datapy.mods[0].name` is missing"],
    ["no entry", { contract: 1, mods: [{ ...mod, entry: undefined }] }, "`datapy.mods[0].entry` is missing"],
    [
      "no description",
      { contract: 1, mods: [{ ...mod, description: " " }] },
      "`datapy.mods[0].description` must be text",
    ],
    ["a name with capitals", { contract: 1, mods: [{ ...mod, name: "Bad" }] }, "small letters and digits"],
    [
      "another category",
      { contract: 1, mods: [{ ...mod, category: "sources" }] },
      "one of source, transformer, sink, solo",
    ],
    ["an unknown key", { contract: 1, mods: [mod], hooks: {} }, "`datapy.hooks` is not known"],
    ["one name twice", { contract: 1, mods: [mod, mod] }, "two mods named bad"],
  ])("a datapy key with %s", (_what, datapy, detail) => {
    const found = withBroken({ datapy });
    expect(codes(found)).toEqual(["@acme/mod-bad DATAPY_PACKAGE_KEY_INVALID"]);
    expect(found.problems[0]?.message).toContain(detail);
  });

  test("everything that is wrong with a key is said at once", () => {
    const { problems } = withBroken({ datapy: { contract: "x", mods: [{ name: "B", category: "c" }] }, version: "" });
    for (const part of ["`version`", "datapy.contract", "mods[0].name", "mods[0].category", "mods[0].entry"]) {
      expect(problems[0]?.message).toContain(part);
    }
  });

  test("a contract of the future, whatever else its key holds", () => {
    const found = withBroken({ datapy: { contract: 2, mods: { other: "shape" } } });
    expect(codes(found)).toEqual(["@acme/mod-bad DATAPY_CONTRACT_UNKNOWN"]);
    expect(found.problems[0]?.message).toContain("contract 2");
  });

  test.each([
    ["hooks", { hooks: { init: "./x" } }],
    ["commands", { commands: "./commands" }],
  ])("%s, which would run inside the host", (key, oclif) => {
    const found = withBroken({ oclif });
    expect(codes(found)).toEqual(["@acme/mod-bad DATAPY_PACKAGE_RUNS_CODE"]);
    expect(found.problems[0]?.message).toContain(key);
  });

  test.each(["../other/index.js", "/etc/passwd", "a/../../x.js", "C:\\x.js", "..\\x.js"])(
    "the entry %s, outside the package",
    (entry) => {
      const found = withBroken({ datapy: { contract: 1, mods: [{ ...mod, entry }] } });
      expect(codes(found)).toEqual(["@acme/mod-bad DATAPY_ENTRY_OUTSIDE"]);
      expect(found.problems[0]?.mods).toEqual(["bad"]);
    },
  );

  test("an entry that is a link out of the package", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-bad" }, good]);
    const entry = path.join(data, "node_modules/@acme/mod-bad/index.js");
    rmSync(entry);
    symlinkSync(path.join(data, "node_modules/@acme/mod-good/index.js"), entry);
    const found = discover({ data });
    expect(names(found)).toEqual(["good"]);
    expect(codes(found)).toEqual(["@acme/mod-bad DATAPY_ENTRY_OUTSIDE"]);
  });

  test("an entry that was not built", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-bad" }, good]);
    rmSync(path.join(data, "node_modules/@acme/mod-bad/index.js"));
    expect(codes(discover({ data }))).toEqual(["@acme/mod-bad DATAPY_ENTRY_MISSING"]);
  });

  test("two packages with one mod's name: both are listed, and the conflict is named", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-x" }, { name: "@other/mod-x" }, good]);
    const found = discover({ data });
    expect(found.mods.map((one) => one.packageName)).toEqual(["@acme/mod-good", "@acme/mod-x", "@other/mod-x"]);
    expect(codes(found)).toEqual(["@acme/mod-x DATAPY_MOD_CONFLICT"]);
    expect(found.problems[0]?.message).toContain("@acme/mod-x and @other/mod-x");
  });

  test.each([
    ["{ not json", "JSON"],
    ['{"oclif":{"plugins":{}}}', "not a list"],
    ["[]", "not a list"],
    ['{"oclif":{"plugins":[{"type":"user"}]}}', "no name"],
  ])("a data directory whose package.json is %s", (text, detail) => {
    const data = temporaryFolder();
    writeFileSync(path.join(data, "package.json"), text);
    const cwd = writePackage(temporaryFolder(), good);
    const found = discover({ data, cwd });
    expect(names(found)).toEqual(["good"]);
    expect(found.problems.map((one) => one.code)).toEqual(["DATAPY_PLUGINS_LIST_CORRUPT"]);
    expect(found.problems[0]?.message).toContain(detail);
    expect(found.problems[0]?.message).toContain(path.join(data, "package.json"));
  });

  test("a data directory that was never used is no problem", () => {
    expect(discover({ data: path.join(temporaryFolder(), "not/there") }).problems).toEqual([]);
  });

  const asRoot = process.getuid?.() === 0;
  test("a package.json that may not be read", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "@acme/mod-bad" }, good]);
    chmodSync(path.join(data, "node_modules/@acme/mod-bad/package.json"), 0);
    // Root may read everything; for anybody else the package is named.
    expect(codes(discover({ data }))).toEqual(asRoot ? [] : ["@acme/mod-bad DATAPY_PACKAGE_UNREADABLE"]);
  });
});

describe("the manifest", () => {
  test("is read when it is asked for, and is undefined where it is missing or damaged", () => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "mod-a" }, { name: "mod-b" }, { name: "mod-c" }]);
    const entry = { name: "a", metadata: { name: "a" }, params: { type: "object" }, artifacts: {} };
    const found = discover({ data });
    writeFiles(data, {
      "node_modules/mod-a/datapy.manifest.json": JSON.stringify({ manifest: 1, mods: [entry] }),
      "node_modules/mod-b/datapy.manifest.json": "{",
    });
    expect(found.mods.map((mod) => mod.manifest)).toEqual([entry, undefined, undefined]);
  });

  test.each([
    { manifest: 2, mods: [] },
    { manifest: 1, mods: {} },
    { manifest: 1, mods: [{ name: "a" }] },
    { manifest: 1, mods: [null] },
    [],
  ])("%j is none", (content) => {
    const data = writeDataDirectory(temporaryFolder(), [{ name: "mod-a" }]);
    writeFiles(data, { "node_modules/mod-a/datapy.manifest.json": JSON.stringify(content) });
    expect(discover({ data }).mods[0]?.manifest).toBeUndefined();
  });
});
