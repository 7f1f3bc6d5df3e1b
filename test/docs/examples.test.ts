import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";

const root = path.resolve(__dirname, "../..");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-examples-"));
  mkdirSync(path.join(folder, "path/to"), { recursive: true });
  writeFileSync(path.join(folder, "path/to/file"), "id,name\n1,Ada\n2,Grace\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function datapy(...args: string[]) {
  const home = path.join(folder, "home");
  const environment = { PATH: process.env["PATH"], HOME: home, DATAPY_DATA_DIR: path.join(home, "data") };
  return spawnSync(process.execPath, [path.join(root, "framework/cli/bin/run.js"), ...args], {
    cwd: folder,
    env: environment,
    encoding: "utf8",
  });
}

/** Saves what `mods info --example` prints and runs it by the command line that stands in it. */
function runExample(mod: string): Envelope {
  const reference = path.join(root, "plugins", mod);
  const example = datapy("mods", "info", reference, "--example");
  expect(example).toMatchObject({ status: 0, stderr: "" });
  writeFileSync(path.join(folder, "params.yaml"), example.stdout);
  const command = /^# Run it with: datapy (.*)$/m.exec(example.stdout)?.[1];
  expect(command).toBe(`run-mod ${reference} -p params.yaml`);
  const run = datapy(...(command ?? "").split(" "));
  const envelope = JSON.parse(run.stdout) as Envelope;
  expect({ mod, code: run.status, errors: envelope.errors }).toEqual({ mod, code: 0, errors: [] });
  return envelope;
}

test("the example of every standard mod that needs no server runs as it is printed, from a file to a database and back", () => {
  const read = runExample("mod-csv-reader");
  if (read.status === "error") throw new Error(read.errors.join("\n"));
  copyFileSync(read.artifacts["output_data"] ?? "", path.join(folder, "path/to/table.parquet"));
  for (const mod of ["mod-data-cleaner", "mod-validator", "mod-database-writer", "mod-database-reader"]) {
    const envelope = runExample(mod);
    expect(envelope).toMatchObject({ status: "success", metrics: { rows_output: 2 } });
  }
});
