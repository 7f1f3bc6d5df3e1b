import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { temporaryFolder, writeFiles } from "../support/mod-packages.js";

// In a process of its own: jest has its own import() and require().
const run = promisify(execFile);
const sdk = path.resolve(__dirname, "../..");

async function importInProcess(
  file: string,
  expression: string,
  dataDirectory = temporaryFolder(),
  how: "importFile" | "importModule" = "importFile",
): Promise<unknown> {
  const script = `
    const { importFile, importModule } = require(${JSON.stringify(path.join(sdk, "dist/contract/import-file.js"))});
    const host = { kit: require("@datapy/mod-kit"), sdk: () => require("@datapy/sdk") };
    ${how}(${JSON.stringify(file)}).then(async (exports) => console.log(JSON.stringify(${expression} ?? null)));`;
  const { stdout } = await run(process.execPath, ["-e", script], {
    cwd: sdk,
    env: { ...process.env, NODE_OPTIONS: "", DATAPY_DATA_DIR: dataDirectory },
  });
  return JSON.parse(stdout) as unknown;
}

const sources = {
  "x.ts": 'import { defineMod } from "@datapy/mod-kit";\nexport const made: typeof defineMod = defineMod;',
  "x.mts":
    'import { defineMod } from "@datapy/mod-kit";\nexport const made: typeof defineMod = await Promise.resolve(defineMod);',
  "x.cts": 'import kit = require("@datapy/mod-kit");\nexport const made = kit.defineMod;',
  "x.mjs": 'import { defineMod } from "@datapy/mod-kit";\nexport const made = defineMod;',
  "x.js": 'const { defineMod } = require("@datapy/mod-kit");\nexports.made = defineMod;',
  "x.cjs": 'exports.made = require("@datapy/mod-kit").defineMod;',
};

test("a file of any kind, and what it imports, gets the host's own mod-kit where there is none beside it", async () => {
  const folder = temporaryFolder();
  const names = Object.keys(sources);
  const exports = names.map((name, index) => `export { made as made${index} } from "./lib/${name}";`);
  writeFiles(folder, { "main.mjs": exports.join("\n") });
  writeFiles(path.join(folder, "lib"), sources);
  const same = names.map((_name, index) => `exports.made${index} === host.kit.defineMod`);
  expect(await importInProcess(path.join(folder, "main.mjs"), `[${same.join()}]`)).toEqual(names.map(() => true));
});

test.each(["x.mts", "x.js"])("%s itself", async (name) => {
  const folder = temporaryFolder();
  writeFiles(folder, sources);
  expect(await importInProcess(path.join(folder, name), "exports.made === host.kit.defineMod")).toBe(true);
});

test("the host's own sdk, not a second one: a script must see the session that it runs in", async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { "script.ts": 'import { runMod } from "@datapy/sdk";\nexport const made: unknown = runMod;' });
  expect(await importInProcess(path.join(folder, "script.ts"), "exports.made === host.sdk().runMod")).toBe(true);
});

test("a mod-kit beside the file is the one that it gets", async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    "x.mjs": 'export { made } from "@datapy/mod-kit";',
    "x.ts": 'export { made } from "@datapy/mod-kit";',
    "node_modules/@datapy/mod-kit/package.json": '{"name":"@datapy/mod-kit","version":"9.9.9","main":"index.js"}',
    "node_modules/@datapy/mod-kit/index.js": 'exports.made = "beside";',
  });
  expect(await importInProcess(path.join(folder, "x.mjs"), "exports.made")).toBe("beside");
  expect(await importInProcess(path.join(folder, "x.ts"), "exports.made")).toBe("beside");
});

test("what is compiled is kept in the user's own folder, not where everybody may write", async () => {
  const folder = temporaryFolder();
  const data = temporaryFolder();
  writeFiles(folder, { "x.ts": "export const made: number = 1;" });
  expect(await importInProcess(path.join(folder, "x.ts"), "exports.made", data)).toBe(1);
  expect(readdirSync(path.join(data, "cache/jiti")).length).toBeGreaterThan(0);
});

test("a file is imported once in a process", async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { "x.ts": "export const made: object = {};" });
  const file = path.join(folder, "x.ts");
  expect(await importInProcess(file, `await importFile(${JSON.stringify(file)}) === exports`)).toBe(true);
});

test("an ES module that does not look like one", async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { "package.json": "{}", "x.js": "const x = await Promise.resolve(5); export const made = x;" });
  expect(await importInProcess(path.join(folder, "x.js"), "exports.made", undefined, "importModule")).toBe(5);
});
