import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";

const MOD = path.join(__dirname, "..", "dist", "index.js");
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

const check = async (
  rows: number,
  dataset: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Envelope> => {
  const file = path.join(folder, "rows.parquet");
  const connection = await database.connect();
  await connection.run(
    `copy (select i as id, i % 3 as kind from range(${String(rows)}) r(i)) to '${file}' (format parquet)`,
  );
  connection.closeSync();
  const expectations = [
    { check: "row_count", history: { max_change: 0.2 } },
    { check: "distribution", column: "kind", statistic: "mean", history: { max_change: 0.5, min_runs: 1 } },
  ];
  return runMod(MOD, { input_artifact: file, dataset, expectations, ...more });
};

interface Report {
  readonly expectations: readonly {
    readonly status: string;
    readonly observed: string;
    readonly history?: readonly number[];
  }[];
  readonly profile: { readonly rows: number; readonly columns: readonly Readonly<Record<string, unknown>>[] };
}
const report = (envelope: Envelope): Report => {
  if (envelope.status === "error") throw new Error(envelope.errors.join());
  return JSON.parse(readFileSync(envelope.artifacts["report"] ?? "", "utf8")) as Report;
};

test("the number of rows against earlier runs; a run that failed does not move what is usual", async () => {
  expect(report(await check(100, "orders")).expectations.map((one) => one.status)).toEqual(["skipped", "skipped"]);
  await check(110, "orders");
  // Another data set is another history.
  await check(5_000, "others");
  const third = report(await check(90, "orders"));
  expect(third.expectations.map((one) => one.status)).toEqual(["skipped", "passed"]);
  const fourth = report(await check(115, "orders"));
  expect(fourth.expectations[0]).toMatchObject({
    status: "passed",
    history: [100, 110, 90],
    observed: "115; median before 100 (+15 %)",
  });
  const jump = await check(1_000, "orders");
  expect(jump).toMatchObject({ status: "error", exit_code: 20 });
  expect(jump.errors.join()).toMatch(/QUALITY_FAILED.*row_count.*1000; median before 105/s);
  const html = readFileSync(/The report is (.*?\.html)/.exec(jump.errors.join())?.[1] ?? "", "utf8");
  expect(html).toContain('<circle class="bad"');
  expect((await check(105, "orders")).status).toBe("success");
});

test("the profile", async () => {
  const file = path.join(folder, "profile.parquet");
  const connection = await database.connect();
  await connection.run(`copy (select i::double / 4 as x, case when i % 4 = 0 then null else 'v' || (i % 3) end as t, date '2024-01-01' + i::int as d, [i] as l, 'nan'::double as z, i = 1 as b
    from range(400) r(i)) to '${file}' (format parquet)`);
  connection.closeSync();
  const { profile } = report(await runMod(MOD, { input_artifact: file }));
  const [x, t, d, l, z, b] = profile.columns;
  expect(profile.rows).toBe(400);
  expect(x).toMatchObject({ type: "DOUBLE", missing: 0, distinct: 400, min: "0.0", max: "99.75", mean: 49.875 });
  expect((x?.["histogram"] as { count: number }[]).map((bar) => bar.count)).toEqual(new Array(20).fill(20));
  expect(t).toMatchObject({
    missing: 100,
    missing_fraction: 0.25,
    distinct: 3,
    min_length: 2,
    max_length: 2,
    top_values: [
      { label: "v0", count: 100 },
      { label: "v1", count: 100 },
      { label: "v2", count: 100 },
    ],
  });
  expect(d).toMatchObject({ min: "2024-01-01", max: "2025-02-03" });
  expect(l).toMatchObject({ type: "BIGINT[]", min: null, distinct: 400 });
  expect(z).toMatchObject({ mean: null, histogram: null });
  expect(b).toMatchObject({
    top_values: [
      { label: "false", count: 399 },
      { label: "true", count: 1 },
    ],
  });
  const quiet = await runMod(MOD, { input_artifact: file, top_values: 0, profile_columns: ["t"] });
  expect(readFileSync(quiet.status === "error" ? "" : (quiet.artifacts["report_html"] ?? ""), "utf8")).not.toContain(
    "v1",
  );
});

test.each([
  [{}, "either `input_artifact` or `input_path`"],
  [{ input_artifact: "/no/such.parquet" }, "QUALITY_BAD_INPUT"],
  [{ input_path: "/no/such.csv" }, "QUALITY_BAD_INPUT"],
  [{ input_path: "/no/such.doc" }, "extension"],
])("what cannot be checked: %j", async (params, text) => {
  const envelope = await runMod(MOD, params);
  expect(envelope).toMatchObject({ status: "error", exit_code: 20 });
  expect(envelope.errors.join()).toContain(text);
});
