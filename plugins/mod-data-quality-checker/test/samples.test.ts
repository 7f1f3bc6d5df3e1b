import { DuckDBInstance } from "@duckdb/node-api";
import { load } from "js-yaml";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";

/**
 * A folder a case: `input.sql` makes the table (without it `params.yaml` names a file), `other.sql` a second one. In the parameters, `OTHER`
 * is the second table and `FOLDER` the folder of the case.
 */
const samples = path.join(__dirname, "samples");
const MOD = path.join(__dirname, "..", "dist", "index.js");

interface Expected {
  readonly status: Envelope["status"];
  readonly error?: string | readonly string[];
  readonly outcomes?: Readonly<Record<string, string>>;
  readonly observed?: Readonly<Record<string, string>>;
}

interface Report {
  readonly expectations: readonly { readonly name: string; readonly status: string; readonly observed: string }[];
}

let folder: string;
let database: DuckDBInstance;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-quality-"));
  database = await DuckDBInstance.create(":memory:");
  setGlobalConfig({ work_path: folder, log_path: folder, log_level: "error" });
});
afterAll(() => {
  database.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

const make = async (sqlFile: string, file: string): Promise<void> => {
  const connection = await database.connect();
  await connection.run(`copy (${readFileSync(sqlFile, "utf8")}) to '${file}' (format parquet)`);
  connection.closeSync();
};

/** The report, also of a run that failed: its message names it. */
const reportOf = (envelope: Envelope): Report | undefined => {
  const page =
    envelope.status === "error"
      ? /The report is (.*?\.html)/.exec(envelope.errors.join("\n"))?.[1]
      : envelope.artifacts["report_html"];
  if (page === undefined) return undefined;
  const html = readFileSync(page, "utf8");
  // Whatever the data holds, the page is made of the mod's own elements, and asks for nothing.
  expect(html).not.toMatch(
    /<(?!\/?(?:html|head|meta|title|style|body|h[123]|div|br|b|p|table|thead|tbody|tr|th|td|span|section|i|dl|dt|dd|svg|rect|line|text|polyline|circle)\b|!doctype)/i,
  );
  expect(html).not.toMatch(/<[^>]*\s(?:src|href|on\w+)=|url\(|@import/i);
  return JSON.parse(readFileSync(page.replace("report_html.html", "report.json"), "utf8")) as Report;
};

test.each(readdirSync(samples).sort())("%s", async (name) => {
  const at = (file: string): string => path.join(samples, name, file);
  const input = path.join(folder, `${name}.parquet`);
  const other = path.join(folder, `${name}.other.parquet`);
  if (existsSync(at("input.sql"))) await make(at("input.sql"), input);
  if (existsSync(at("other.sql"))) await make(at("other.sql"), other);
  const text = readFileSync(at("params.yaml"), "utf8")
    .replaceAll("OTHER", other)
    .replaceAll("FOLDER", path.join(samples, name));
  const params = load(text) as Record<string, unknown>;
  const expected = JSON.parse(readFileSync(at("expected.json"), "utf8")) as Expected;

  const envelope = await runMod(MOD, { ...(existsSync(at("input.sql")) ? { input_artifact: input } : {}), ...params });

  const errors = expected.error === undefined ? [] : [expected.error].flat();
  if (errors.length === 0) expect(envelope.errors).toEqual([]);
  expect(envelope).toMatchObject({ status: expected.status, ...(errors.length === 0 ? {} : { exit_code: 20 }) });
  for (const one of errors) expect(envelope.errors.join("\n")).toContain(one);
  if (expected.outcomes === undefined) return;
  const outcomes = reportOf(envelope)?.expectations ?? [];
  expect(Object.fromEntries(outcomes.map((one) => [one.name, one.status]))).toEqual(expected.outcomes);
  expect(Object.fromEntries(outcomes.map((one) => [one.name, one.observed]))).toMatchObject(expected.observed ?? {});
});
