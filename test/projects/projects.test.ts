// The seven jobs of the three projects: run as their READMEs say, from each of three folders, with the results that they promise.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { DeleteObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { startPostgresql } from "../../framework/database/test/servers/postgresql-server.js";
import { startStore } from "../../framework/object-storage/test/servers/stores.js";
import { cloneProjects } from "../support/projects-clone.js";

const root = path.resolve(__dirname, "../..");
const cli = path.join(root, "framework/cli/bin/run.js");
const TOKEN = "token-of-the-test";

let clone: string;
let leads: ChildProcess;
let leadsUrl: string;

beforeAll(async () => {
  clone = cloneProjects("projects");
  mkdirSync(path.join(clone, "home"));
  const server = path.join(clone, "projects/sales-analytics/server/leads-server.mjs");
  leads = spawn(process.execPath, [server, "0"], {
    env: { ...process.env, NODE_OPTIONS: "", LEADS_TOKEN: TOKEN },
    stdio: ["ignore", "pipe", "inherit"],
  });
  leadsUrl = await new Promise<string>((resolve) => leads.stdout?.once("data", (text) => resolve(String(text).trim())));
});
afterAll(() => {
  leads.kill();
  rmSync(clone, { recursive: true, force: true });
});

interface Outcome {
  readonly status: string;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  readonly exit_code?: number;
  readonly steps?: readonly {
    readonly step: string;
    readonly status: string;
    readonly metrics?: Record<string, number>;
  }[];
}

function datapy(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const done = spawnSync(process.execPath, [cli, ...args], {
    cwd,
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      HOME: path.join(clone, "home"),
      LEADS_URL: leadsUrl,
      LEADS_TOKEN: TOKEN,
      ...env,
    },
  });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** Runs a job or script of a project from one of the three folders. */
function run(from: "project" | "job" | "root", project: string, file: string, ...args: string[]) {
  const folder = path.join(clone, "projects", project);
  const job = path.join(folder, "jobs", file);
  const cwd = { project: folder, job: path.dirname(job), root: clone }[from];
  const command = file.endsWith(".ts") ? "run-script" : "run-job";
  const done = datapy(cwd, [command, path.relative(cwd, job), ...args]);
  return { ...done, envelope: JSON.parse(done.stdout) as Outcome };
}

async function query(file: string, sql: string, attach = ""): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(attach === "" ? `attach '${file}' as db (read_only)` : attach);
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const text = (project: string, file: string): string =>
  readFileSync(path.join(clone, "projects", project, file), "utf8");
const database = (project: string): string => path.join(clone, "projects", project, ".datapy/project.duckdb");

/** From each folder in turn, on the data that the run before has left. */
const FOLDERS = ["project", "job", "root"] as const;

test("customer-analytics: films and viewings arrive once, the report and the quality page are made, from anywhere", async () => {
  const project = "customer-analytics";
  for (const from of FOLDERS) {
    const night = run(from, project, "daily-etl/daily_customer_etl.yaml");
    expect({ from, code: night.code, errors: night.envelope.errors }).toEqual({ from, code: 10, errors: [] });
    expect(night.envelope.steps?.find(({ step }) => step === "check_films")?.metrics).toMatchObject({
      rows_read: 3149,
      rows_output: 3128,
      rows_rejected: 21,
    });
    const week = run(from, project, "weekly-reports/weekly_reports.yaml");
    expect({ from, code: week.code, errors: week.envelope.errors }).toEqual({ from, code: 0, errors: [] });
    expect(week.envelope.steps?.find(({ step }) => step === "send_report")?.status).toBe("skipped");
    expect(text(project, "reports/viewings_by_genre.csv")).toBe(
      readFileSync(path.join(__dirname, "golden/viewings_by_genre.csv"), "utf8"),
    );
    const quality = run(from, project, "data-quality/data_quality_check.yaml");
    expect({ from, code: quality.code, errors: quality.envelope.errors }).toEqual({ from, code: 10, errors: [] });
    expect(quality.envelope.warnings.join()).toContain("261 of 3128 missing");
  }
  expect(await query(database(project), "select count(*)::int, sum(us_gross)::varchar from db.films")).toEqual([
    [3128, "138133271850"],
  ]);
  expect(
    await query(database(project), "select count(*)::int, count(distinct viewing_id)::int from db.viewings"),
  ).toEqual([[200000, 200000]]);
});

test("customer-analytics: the scripts do what the jobs do", () => {
  for (const [file, code] of [
    ["daily-etl/daily_customer_etl.ts", 10],
    ["weekly-reports/weekly_reports.ts", 0],
  ] as const) {
    const done = run("job", "customer-analytics", file);
    expect({ file, code: done.code, errors: done.envelope.errors }).toEqual({ file, code, errors: [] });
  }
});

test("finance-reporting: the close agrees with its control totals, breaks are listed, from anywhere", async () => {
  const project = "finance-reporting";
  for (const from of FOLDERS) {
    const close = run(
      from,
      project,
      from === "job" ? "monthly-close/monthly_close.ts" : "monthly-close/monthly_close.yaml",
    );
    expect({ from, code: close.code, errors: close.envelope.errors }).toEqual({ from, code: 0, errors: [] });
    const recon = run(from, project, "daily-reconciliation/daily_recon.yaml");
    expect({ from, code: recon.code, errors: recon.envelope.errors }).toEqual({ from, code: 10, errors: [] });
    expect(text(project, "reports/breaks.csv")).toBe(readFileSync(path.join(__dirname, "golden/breaks.csv"), "utf8"));
  }
  const archive = path.join(clone, "projects", project, "archive/receipts");
  expect(
    await query(
      "",
      `select fiscal_year::int, sum(amount)::varchar from read_parquet('${archive}/*/*.parquet', hive_partitioning = true)
       where fiscal_year in (1962, 2014) group by all order by all`,
      "select 1",
    ),
  ).toEqual([
    [1962, "99675605"],
    [2014, "3021487000"],
  ]);
});

test("finance-reporting: the generator makes the files that the repository carries", () => {
  const data = path.join(clone, "projects/finance-reporting/data");
  const made = ["bank_statement.txt", "postings.csv", "postings.ctl", "control_totals.csv"];
  const carried = made.map((file) => readFileSync(path.join(data, file), "utf8"));
  for (const file of made) rmSync(path.join(data, file));
  expect(spawnSync(process.execPath, [path.join(data, "generate.mjs")], { env: {}, encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
  expect(made.map((file) => readFileSync(path.join(data, file), "utf8"))).toEqual(carried);
});

test("sales-analytics: leads are scored from the service and listed by region, from anywhere", async () => {
  const project = "sales-analytics";
  for (const from of FOLDERS) {
    const scoring = run(from, project, "lead-scoring/lead_scoring.ts");
    expect({ from, code: scoring.code, errors: scoring.envelope.errors }).toEqual({ from, code: 0, errors: [] });
    expect(scoring.stdout + scoring.stderr).not.toContain(TOKEN);
    const analysis = run(from, project, "pipeline-analysis/pipeline_analysis.yaml");
    expect({ from, code: analysis.code, errors: analysis.envelope.errors }).toEqual({ from, code: 0, errors: [] });
    expect(text(project, "lists/summary.csv")).toBe(readFileSync(path.join(__dirname, "golden/summary.csv"), "utf8"));
  }
  expect(await query(database(project), "select iata, score from db.leads order by score desc, iata limit 2")).toEqual([
    ["ATL", 100],
    ["ORD", 95],
  ]);
});

test("sales-analytics: the service beside a command ends with it, with its exit code, and says what it needs", () => {
  const server = path.join(clone, "projects/sales-analytics/server/leads-server.mjs");
  const beside = (env: Record<string, string>, ...command: string[]) =>
    spawnSync(process.execPath, [server, "0", ...command], { env, encoding: "utf8" });
  const asks = `fetch(process.env.LEADS_URL + "/leads", { headers: { authorization: "Bearer " + process.env.LEADS_TOKEN } })
    .then((answer) => answer.json()).then(({ leads }) => { console.log(leads.length); process.exitCode = 10; })`;
  expect(beside({ LEADS_TOKEN: TOKEN }, process.execPath, "-e", asks)).toMatchObject({ status: 10, stdout: "500\n" });
  const missing = path.join(clone, "no-such-command");
  expect(beside({ LEADS_TOKEN: TOKEN }, missing)).toMatchObject({
    status: 30,
    stderr: expect.stringContaining(`${missing} cannot be started`) as unknown,
  });
  expect(beside({})).toMatchObject({
    status: 20,
    stderr: expect.stringContaining("LEADS_TOKEN is not set") as unknown,
  });
});

test("--env prod: the same jobs against PostgreSQL, the report in a bucket", async () => {
  const server = await startPostgresql();
  const store = await startStore("s3rver");
  try {
    const env = {
      CUSTOMER_DATABASE_URL: server.connectionString,
      REPORT_BUCKET: store.bucket,
      REPORT_ENDPOINT: store.endpoint,
      REPORT_KEY_ID: store.accessKeyId,
      REPORT_KEY: store.secretAccessKey,
    };
    const folder = path.join(clone, "projects/customer-analytics");
    const night = datapy(folder, ["run-job", "jobs/daily-etl/daily_customer_etl.yaml", "--env", "prod"], env);
    expect({ code: night.code, errors: (JSON.parse(night.stdout) as Outcome).errors }).toEqual({
      code: 10,
      errors: [],
    });
    const report = { Bucket: store.bucket, Key: "customer-analytics/viewings_by_genre.csv" };
    for (const [command, file] of [
      ["run-job", "weekly_reports.yaml"],
      ["run-script", "weekly_reports.ts"],
    ] as const) {
      const week = datapy(folder, [command, `jobs/weekly-reports/${file}`, "--env", "prod"], env);
      expect({ file, code: week.code, errors: (JSON.parse(week.stdout) as Outcome).errors }).toEqual({
        file,
        code: 0,
        errors: [],
      });
      expect(week.stdout + week.stderr).not.toContain(store.secretAccessKey);
      const sent = await store.client.send(new GetObjectCommand(report));
      expect(await sent.Body?.transformToString()).toBe(text("customer-analytics", "reports/viewings_by_genre.csv"));
      await store.client.send(new DeleteObjectCommand(report));
    }
  } finally {
    await store.stop();
    await server.stop();
  }
});

test.each(["customer-analytics", "finance-reporting", "sales-analytics"])(
  "%s: its pipeline tests pass, lint finds nothing",
  (project) => {
    const folder = path.join(clone, "projects", project);
    const tested = datapy(folder, ["test"]);
    expect({ code: tested.code, text: tested.stdout + tested.stderr }).toMatchObject({ code: 0 });
    const linted = datapy(folder, ["lint"]);
    expect({ code: linted.code, text: linted.stdout + linted.stderr }).toMatchObject({ code: 0 });
  },
);
