// What `npm test` and `npm run demo` decide before they do anything.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

interface Prepare {
  nodeTooOld(version?: string): string | undefined;
  installed(folder: string): boolean;
}
interface CompleteLock {
  missingFrom(packages: Record<string, object>): Map<string, object>;
}

const root = path.resolve(__dirname, "../..");

// The scripts are plain JavaScript, so that they run before anything is installed; their types are said here.
async function script<Exports>(name: string): Promise<Exports> {
  return (await import(pathToFileURL(path.join(root, "scripts", name)).href)) as Exports;
}

test.each([
  ["20.19.0", true],
  ["20.19.6", true],
  ["22.0.0", true],
  ["24.1.0", true],
  ["20.18.3", false],
  ["18.20.8", false],
  ["9.99.99", false],
])("Node %s: new enough is %s", async (version, enough) => {
  const { nodeTooOld } = await script<Prepare>("prepare.mjs");
  const complaint = nodeTooOld(version);
  if (enough) expect(complaint).toBeUndefined();
  else expect(complaint).toMatch(`DataPy needs Node 20.19.0 or newer; this is Node ${version}`);
});

describe("what is installed", () => {
  let folder: string;
  const write = (name: string, packages: object): void => {
    mkdirSync(path.join(folder, "node_modules", "one"), { recursive: true });
    writeFileSync(path.join(folder, name), JSON.stringify({ packages }));
  };
  const wanted = {
    "": { name: "root" },
    "framework/cli": { version: "1.0.0" },
    "node_modules/one": { version: "1.0.0" },
    "node_modules/for-another-system": { version: "1.0.0", optional: true },
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "datapy-tooling-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("is complete when npm wrote down the same versions, those of other systems aside", async () => {
    const { installed } = await script<Prepare>("prepare.mjs");
    write("package-lock.json", wanted);
    write("node_modules/.package-lock.json", { "node_modules/one": { version: "1.0.0" } });
    expect(installed(folder)).toBe(true);
  });

  test("is not when nothing, too little, or another version is there", async () => {
    const { installed } = await script<Prepare>("prepare.mjs");
    write("package-lock.json", wanted);
    expect(installed(folder)).toBe(false);
    write("node_modules/.package-lock.json", {});
    expect(installed(folder)).toBe(false);
    write("node_modules/.package-lock.json", { "node_modules/one": { version: "0.9.0" } });
    expect(installed(folder)).toBe(false);
    write("node_modules/.package-lock.json", { "node_modules/one": { version: "1.0.0" } });
    rmSync(path.join(folder, "node_modules/one"), { recursive: true });
    expect(installed(folder)).toBe(false);
  });
});

test("packages of other systems are missed in a lock file, with the system that their name tells", async () => {
  const { missingFrom } = await script<CompleteLock>("complete-lock.mjs");
  const missing = missingFrom({
    "": {},
    "node_modules/native": {
      dev: true,
      optionalDependencies: {
        "@native/part-linux-x64": "1.0.0",
        "@native/part-linux-arm64-musl": "1.0.0",
        "@native/part-win32-x64-msvc": "1.0.0",
        fsevents: "^2.0.0",
      },
    },
    "node_modules/native/node_modules/@native/part-linux-x64": { version: "1.0.0" },
  });
  expect(Object.fromEntries(missing)).toEqual({
    "node_modules/@native/part-linux-arm64-musl": {
      version: "1.0.0",
      dev: true,
      optional: true,
      cpu: ["arm64"],
      libc: ["musl"],
      os: ["linux"],
    },
    "node_modules/@native/part-win32-x64-msvc": {
      version: "1.0.0",
      dev: true,
      optional: true,
      cpu: ["x64"],
      os: ["win32"],
    },
  });
});

test("the page of results keeps the sections of benchmarks that were not run", async () => {
  const { page, sections } = await script<{
    page(found: Map<string, string>): string;
    sections(text: string): Map<string, string>;
  }>("bench.mjs");
  const found = new Map([
    ["startup", "every target met\n\n```text\nratio 1.2\n```"],
    ["config", "not run"],
  ]);
  const read = sections(page(found));
  expect([...read]).toEqual([...found].sort());
  expect(sections("")).toEqual(new Map());
});
