import { readFileSync } from "node:fs";
import path from "node:path";
import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError, ModDefinition } from "@datapy/mod-kit";
import { loadMod, verifyMod } from "../../src/contract/index.js";
import { FaultList } from "../../src/faults.js";
import { findMod } from "../../src/registry/index.js";
import { copyModKit, temporaryFolder, writeFiles, writePackage } from "../support/mod-packages.js";

const fixtures = path.resolve(__dirname, "../fixtures");

async function load(folder: string): Promise<ModDefinition> {
  return loadMod(findMod(folder));
}

async function failures(load: () => Promise<unknown>): Promise<readonly DatapyError[]> {
  try {
    await load();
  } catch (error) {
    if (error instanceof FaultList) return error.faults;
    if (isDatapyError(error)) return [error];
    throw error;
  }
  throw new Error("the mod was loaded");
}

const fixtureFailures = (name: string): Promise<readonly DatapyError[]> =>
  failures(() => load(path.join(fixtures, "mods", name)));

test.each(["mod-commonjs", "mod-exports-default", "mod-esm", "mod-mjs", "mod-underscore-name"])(
  "%s loads",
  async (name) => {
    const definition = await load(path.join(fixtures, "mods", name));
    expect(definition.metadata.version).toBe("1.2.3");
    expect(definition.params.properties["greeting"]?.["default"]).toBe("hello");
  },
);

test("a mod with a mod-kit of its own loads, CommonJS and ES module alike", async () => {
  const root = temporaryFolder();
  copyModKit(root);
  for (const [name, type] of [
    ["mod-commonjs", "commonjs"],
    ["mod-esm", "module"],
  ] as const) {
    const text = readFileSync(path.join(fixtures, "mods", name, "index.js"), "utf8");
    const folder = writePackage(path.join(root, "node_modules/@acme", name), {
      name: `@acme/${name}`,
      manifest: { type },
      files: { "index.js": text },
    });
    expect((await load(folder)).metadata.name).toBe(name.replace("mod-", ""));
  }
});

describe("every check has its own code", () => {
  test.each([
    ["mod-throws", "DATAPY_IMPORT_FAILED", "RangeError: no licence file"],
    ["mod-throws-text", "DATAPY_IMPORT_FAILED", 'it threw the text "just text"'],
    ["mod-syntax-error", "DATAPY_IMPORT_FAILED", "SyntaxError"],
    ["mod-missing-import", "DATAPY_IMPORT_FAILED", "a-package-that-nobody-installed"],
    ["mod-no-export", "DATAPY_BRAND_MISSING", "its default export is a mapping with something"],
    ["mod-unbranded", "DATAPY_BRAND_MISSING", "its default export was not made by defineMod"],
    ["mod-future", "DATAPY_CONTRACT_UNKNOWN", "contract 99"],
    ["mod-bad-schema", "DATAPY_SCHEMA_INVALID", "("],
    ["mod-date-schema", "DATAPY_SCHEMA_INVALID", "Date"],
    ["mod-no-schema", "DATAPY_SCHEMA_INVALID", "`params` is nothing"],
  ])("%s: %s", async (name, code, detail) => {
    const [fault, ...others] = await fixtureFailures(name);
    expect(others).toEqual([]);
    expect(fault?.code).toBe(code);
    expect(fault?.exitCode).toBe(20);
    expect(fault?.message).toContain(detail);
    // By name: which of a hundred mods it is.
    expect(fault?.message).toContain(name.replace("mod-", ""));
  });

  test("what an import threw stays the cause", async () => {
    const [fault] = await fixtureFailures("mod-throws");
    expect(fault?.cause).toMatchObject({ name: "RangeError", message: "no licence file" });
  });

  test("each metadata that is missing is named", async () => {
    const faults = await fixtureFailures("mod-bare");
    expect(faults.map((fault) => fault.code)).toEqual(Array(4).fill("DATAPY_METADATA_INVALID"));
    const text = faults.map((fault) => fault.message).join("\n");
    for (const part of [
      "metadata.name` is missing",
      "metadata.version` is missing",
      "metadata.description` is missing",
      "metadata.tags` must be a list",
    ]) {
      expect(text).toContain(part);
    }
  });

  test("name and category that package.json has otherwise", async () => {
    const faults = await fixtureFailures("mod-other-name");
    expect(faults.map((fault) => fault.code)).toEqual(["DATAPY_NAME_MISMATCH", "DATAPY_NAME_MISMATCH"]);
    expect(faults[0]?.message).toContain("the name quite-another, its package.json other-name");
    expect(faults[1]?.message).toContain("the category sink, its package.json solo");
  });

  test("every default that does not fit; a required parameter without one is no fault", async () => {
    const faults = await fixtureFailures("mod-bad-defaults");
    expect(faults.map((fault) => fault.code)).toEqual(["DATAPY_DEFAULT_INVALID", "DATAPY_DEFAULT_INVALID"]);
    expect(faults[0]?.message).toContain("greeting must be text, not the number 5");
    expect(faults[1]?.message).toContain("count must be a whole number ≥ 1, not the number 0");
  });

  test("all that is wrong at once", async () => {
    const codes = (await fixtureFailures("mod-all-wrong")).map((fault) => fault.code);
    expect(codes).toEqual([
      "DATAPY_METADATA_INVALID",
      "DATAPY_METADATA_INVALID",
      "DATAPY_METADATA_INVALID",
      "DATAPY_NAME_MISMATCH",
      "DATAPY_RUN_MISSING",
      "DATAPY_ARTIFACTS_INVALID",
      "DATAPY_ARTIFACTS_INVALID",
      "DATAPY_SCHEMA_INVALID",
    ]);
  });
});

describe("a definition that is there already", () => {
  test("is held against the same checks", () => {
    expect(() => verifyMod({ run: () => undefined }, { what: "the mod of etl.ts" })).toThrow(
      /the mod of etl.ts is not a mod/,
    );
    expect(() => verifyMod(undefined, { what: "x" })).toThrow(/it has no default export/);
  });
});

describe("files", () => {
  test("TypeScript with an enum and top-level await, without a build step", async () => {
    const definition = await load(path.join(fixtures, "files/typed.ts"));
    expect(definition.metadata.name).toBe("typed_file");
    expect(definition.params.properties["mood"]).toMatchObject({ default: "good" });
  });

  test("a file that is no module", async () => {
    const folder = temporaryFolder();
    writeFiles(folder, { "mod.py": "" });
    expect((await failures(() => load(path.join(folder, "mod.py"))))[0]?.code).toBe("DATAPY_MOD_FILE_KIND");
  });

  test("one that throws, with the file's path", async () => {
    const folder = temporaryFolder();
    writeFiles(folder, { "mod.ts": 'throw new Error("not today" as string);' });
    const [fault] = await failures(() => load(path.join(folder, "mod.ts")));
    expect(fault?.code).toBe("DATAPY_IMPORT_FAILED");
    expect(fault?.message).toContain("not today");
    expect(fault?.message).toContain(path.join(folder, "mod.ts"));
  });
});
