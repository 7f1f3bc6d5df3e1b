import path from "node:path";
import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import { discoverMods, findMod, parseModReference } from "../../src/registry/index.js";
import type { FindOptions, RegisteredMod } from "../../src/registry/index.js";
import { temporaryFolder, writeDataDirectory, writeFiles, writePackage } from "../support/mod-packages.js";
import type { PackageInput } from "../support/mod-packages.js";

const etl = ["load-it", "save_it"].map((name) => ({ name, category: "sink", entry: "index.js", description: name }));
const packages: PackageInput[] = [
  { name: "@datapy/mod-csv-reader" },
  { name: "@acme/mod-x" },
  { name: "@other/mod-x" },
  { name: "@acme/etl", manifest: { datapy: { contract: 1, mods: etl } } },
  { name: "unscoped-package", manifest: { datapy: { contract: 1, mods: [{ ...etl[0], name: "lonely" }] } } },
  { name: "@acme/mod-broken", manifest: { oclif: { hooks: {} } } },
];
const hostRoot = temporaryFolder();
const cwd = temporaryFolder();
const options: FindOptions = {
  cwd,
  hostRoot,
  env: { DATAPY_DATA_DIR: writeDataDirectory(temporaryFolder(), packages) },
};

const find = (reference: string, more: FindOptions = {}): RegisteredMod => findMod(reference, { ...options, ...more });

function failure(reference: string, more: FindOptions = {}): DatapyError {
  try {
    find(reference, more);
  } catch (error) {
    if (isDatapyError(error)) return error;
    throw error;
  }
  throw new Error(`${reference} was found`);
}

describe("references", () => {
  test.each([
    "csv-reader",
    "csv_reader",
    "@datapy/mod-csv-reader",
    "datapy.mods.sources.csv_reader",
    " csv-reader ",
    "@datapy/mod-csv-reader/csv_reader",
  ])("%s names the CSV reader", (reference) => {
    expect(find(reference)).toMatchObject({ name: "csv-reader", packageName: "@datapy/mod-csv-reader" });
  });

  test("a package of another team selects exactly, where the name alone means two", () => {
    expect(find("@acme/mod-x").packageName).toBe("@acme/mod-x");
    expect(find("@other/mod-x").packageName).toBe("@other/mod-x");
    const error = failure("x");
    expect(error.code).toBe("DATAPY_MOD_AMBIGUOUS");
    expect(error.message).toContain("@acme/mod-x, @other/mod-x");
    expect(error.exitCode).toBe(20);
  });

  test("one of several mods of a package", () => {
    expect(find("@acme/etl/save-it").name).toBe("save-it");
    expect(find("@acme/etl/save_it").name).toBe("save-it");
    expect(find("load_it").packageName).toBe("@acme/etl");
    expect(failure("@acme/etl").message).toContain("@acme/etl/load-it, @acme/etl/save-it");
  });

  test("a package without a scope, by its name", () => {
    expect(find("unscoped-package").name).toBe("lonely");
  });

  test("the old dotted name decides by category between mods of one name", () => {
    const data = writeDataDirectory(temporaryFolder(), [
      {
        name: "@a/mod-copy",
        manifest: { datapy: { contract: 1, mods: [{ ...etl[0], name: "copy", category: "source" }] } },
      },
      {
        name: "@b/mod-copy",
        manifest: { datapy: { contract: 1, mods: [{ ...etl[0], name: "copy", category: "sink" }] } },
      },
    ]);
    const env = { DATAPY_DATA_DIR: data };
    expect(find("datapy.mods.sinks.copy", { env }).packageName).toBe("@b/mod-copy");
    expect(find("datapy.mods.sources.copy", { env }).packageName).toBe("@a/mod-copy");
  });

  test.each([
    ["./my-mod.ts", "path"],
    ["../x.mjs", "path"],
    ["/abs/x.mjs", "path"],
    ["~/mods/x.js", "path"],
    ["C:\\mods\\x.ts", "path"],
    ["C:/mods/x.ts", "path"],
    [".\\x.js", "path"],
    ["my-mod.ts", "path"],
    ["mods/my-mod", "path"],
    ["file:///tmp/x.js", "path"],
    ["@acme/mod-x", "package"],
    ["csv-reader", "name"],
    ["datapy.mods.csv_reader", "name"],
    ["@", "name"],
    ["", "name"],
  ])("%s is a %s", (reference, kind) => {
    expect(parseModReference(reference).kind).toBe(kind);
  });
});

describe("a mod that there is not", () => {
  test("the nearest name, the places, and how to install", () => {
    const error = failure("csv-raeder");
    expect(error.code).toBe("DATAPY_MOD_UNKNOWN");
    expect(error.exitCode).toBe(20);
    expect(error.hint).toContain("Did you mean csv-reader?");
    expect(error.hint).toContain("datapy plugins:install @datapy/mod-csv-raeder");
    expect(error.message).toContain(path.join(String(options.env?.["DATAPY_DATA_DIR"]), "package.json"));
  });

  test("a package that is not installed is what is to be installed", () => {
    expect(failure("@acme/mod-unheard").hint).toContain("datapy plugins:install @acme/mod-unheard");
  });

  test("the right mod in the wrong scope", () => {
    expect(failure("@acme/mod-csv-reader").hint).toContain("Did you mean @datapy/mod-csv-reader?");
  });

  test("what is no name at all is offered no such package", () => {
    const error = failure("Not A Name!");
    expect(error.code).toBe("DATAPY_MOD_UNKNOWN");
    expect(error.hint).toContain("@scope/mod-name");
  });

  test.each(["broken", "@acme/mod-broken", "datapy.mods.solos.broken"])(
    "%s is there and broken: its own fault is told",
    (reference) => {
      const error = failure(reference);
      expect(error.code).toBe("DATAPY_PACKAGE_RUNS_CODE");
      expect(error.message).toContain("@acme/mod-broken");
      expect(error.exitCode).toBe(20);
    },
  );
});

describe("versions", () => {
  test.each([undefined, "", "*", "latest", "1.0.0"])("%j is met", (version) => {
    expect(find("csv-reader", { version }).version).toBe("1.0.0");
  });

  test("another one is refused", () => {
    const error = failure("csv-reader", { version: "1.2.0" });
    expect(error.code).toBe("DATAPY_MOD_VERSION");
    expect(error.hint).toContain("@datapy/mod-csv-reader@1.2.0");
  });
});

describe("paths", () => {
  test("a file, relative to the working directory", () => {
    writeFiles(cwd, { "mods/my_mod.ts": "" });
    expect(find("./mods/my_mod.ts")).toMatchObject({
      name: "my-mod",
      entry: path.join(cwd, "mods/my_mod.ts"),
      origin: "path",
      packageName: "",
      manifest: undefined,
    });
    expect(find("mods/my_mod.ts").entry).toBe(path.join(cwd, "mods/my_mod.ts"));
  });

  test("the folder of a package", () => {
    const root = writePackage(temporaryFolder(), { name: "@acme/mod-mine" });
    expect(find(root)).toMatchObject({ name: "mine", packageName: "@acme/mod-mine", origin: "path" });
  });

  test("a folder with several mods asks for one of the files", () => {
    const root = writePackage(temporaryFolder(), {
      name: "@acme/etl",
      manifest: { datapy: { contract: 1, mods: etl } },
    });
    expect(failure(root).code).toBe("DATAPY_MOD_AMBIGUOUS");
  });

  test("a folder that is no package of mods", () => {
    const error = failure(temporaryFolder());
    expect(error.code).toBe("DATAPY_MOD_NOT_FOUND");
    expect(error.hint).toContain("package.json");
  });

  test("a file that there is not, with its absolute path", () => {
    const error = failure("./no-such.ts");
    expect(error.code).toBe("DATAPY_MOD_NOT_FOUND");
    expect(error.message).toContain(path.join(cwd, "no-such.ts"));
    expect(error.exitCode).toBe(20);
  });
});

test("a registry that was made before is not made again", () => {
  const registry = discoverMods(options);
  expect(findMod("csv-reader", { registry })).toBe(registry.mods.find((mod) => mod.name === "csv-reader"));
});
