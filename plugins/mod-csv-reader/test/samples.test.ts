import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { MOD, readTable } from "./support/read-table.js";

/** What a sample expects; what it leaves out is not looked at. Values are texts as DuckDB prints them, or null. */
interface Expected {
  readonly status: "success" | "warning" | "error";
  readonly exit_code?: number;
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
  readonly columns?: Readonly<Record<string, string>>;
  readonly rows?: readonly (readonly (string | null)[])[];
  readonly quarantine?: readonly (readonly (string | null)[])[];
  readonly preview?: unknown;
}

/** A folder is a case: params.yaml, its input files, expected.json. `DATAPY_WRITE_EXPECTED=1` writes expected.json where there is none. */
const samples = path.join(__dirname, "samples");
let work: string;

beforeAll(() => {
  work = mkdtempSync(path.join(os.tmpdir(), "datapy-csv-samples-"));
  setGlobalConfig({ work_path: work, log_level: "error" });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Paths of this machine, and the line here that runs the mod, are no part of what is expected. */
function portable(folder: string, texts: readonly string[]): string[] {
  return texts.map((text) =>
    text
      .replace(/ \([^()\n]*samples\.test\.ts:\d+\)/, "")
      .replaceAll(`${folder}${path.sep}`, "")
      .replaceAll(folder, "."),
  );
}

async function outcome(name: string): Promise<Expected> {
  const folder = path.join(samples, name);
  const params = load(readFileSync(path.join(folder, "params.yaml"), "utf8")) as Record<string, unknown>;
  const envelope = await runMod(MOD, { base_path: folder, ...params });
  if (envelope.status === "error") {
    return { status: envelope.status, exit_code: envelope.exit_code, errors: portable(folder, envelope.errors) };
  }
  const { output_data: output, quarantine } = envelope.artifacts;
  const table = output === undefined ? undefined : await readTable(output);
  const bad = quarantine === undefined ? undefined : await readTable(quarantine);
  const { rows_read: read, rows_output: written, rows_rejected: rejected, preview } = envelope.metrics;
  expect({ read, written }).toEqual({ read: Number(written) + Number(rejected), written: table?.rows.length ?? 0 });
  expect(rejected).toBe(bad?.rows.length ?? 0);
  const local = (rows: readonly (readonly (string | null)[])[]): (string | null)[][] =>
    rows.map((row) => row.map((value) => (value?.startsWith(folder) === true ? path.basename(value) : value)));
  return {
    status: envelope.status,
    warnings: portable(folder, envelope.warnings),
    ...(table === undefined ? {} : { columns: table.columns, rows: local(table.rows) }),
    ...(bad === undefined ? {} : { quarantine: local(bad.rows) }),
    ...(preview === undefined ? {} : { preview }),
  };
}

test.each(readdirSync(samples).sort())("%s", async (name) => {
  const file = path.join(samples, name, "expected.json");
  const got = await outcome(name);
  if (!existsSync(file) && process.env["DATAPY_WRITE_EXPECTED"] === "1") {
    writeFileSync(file, `${JSON.stringify(got, undefined, 2)}\n`);
  }
  expect(got).toEqual(JSON.parse(readFileSync(file, "utf8")));
});
