// What a user reads who has made a mistake in one of the projects: the step, the line, what was meant; exit code 20, and nothing written.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cloneProjects } from "../support/projects-clone.js";

const root = path.resolve(__dirname, "../..");
const cli = path.join(root, "framework/cli/bin/run.js");
const MADE = ["archive", "reports", ".datapy/project.duckdb"];

let clone: string;
beforeEach(() => {
  clone = cloneProjects("mistakes");
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

interface Mistake {
  readonly project: string;
  readonly run: string;
  /** File, what stands there, and what is written instead. */
  readonly change?: readonly [string, string, string];
  /** The errors; `…` is the folder of the project. */
  readonly says: readonly (string | RegExp)[];
  /** Another branch of the job, in which nothing is wrong, has booked the postings. */
  readonly booked?: boolean;
}

test.each<[string, Mistake]>([
  [
    "a misspelt column of a rule",
    {
      project: "customer-analytics",
      run: "jobs/daily-etl/daily_customer_etl.yaml",
      change: ["jobs/daily-etl/daily_customer_etl.yaml", "US Gross, Production", "US Gros, Production"],
      says: [
        /^CLEANER_BAD_RULE: step clean_films: select: there is no column "US Gros" \(did you mean "US Gross"\?\) \(…\/jobs\/daily-etl\/daily_customer_etl\.yaml:24:15\)\. The columns are "Title" VARCHAR, /,
      ],
    },
  ],
  [
    "a misspelt file in a script",
    {
      project: "customer-analytics",
      run: "jobs/daily-etl/daily_customer_etl.ts",
      change: ["jobs/daily-etl/daily_customer_etl.ts", "data/movies.csv", "data/movie.csv"],
      says: [
        "CSV_FILE: step read_films: File not found: …/data/movie.csv (…/jobs/daily-etl/daily_customer_etl.ts:10). Did you mean …/data/movies.csv?",
      ],
    },
  ],
  [
    "a job that reads what no job has written yet",
    {
      project: "customer-analytics",
      run: "jobs/data-quality/data_quality_check.yaml",
      says: [
        "DATABASE_FILE_MISSING: step database_reader: the project's DuckDB file is not there: nothing has been written to it yet (…/jobs/data-quality/data_quality_check.yaml:6:3). Run first the job that writes to it, in the same project and environment.",
      ],
    },
  ],
  [
    "a misspelt column in a file of SQL",
    {
      project: "finance-reporting",
      run: "jobs/monthly-close/monthly_close.yaml",
      change: ["jobs/monthly-close/receipts_by_year.sql", '"Agency name"', '"Agency nam"'],
      says: [
        /^DATAPY_SANDBOX_SQL: step to_rows: the SQL is refused: there is no column "Agency nam" \(…\/jobs\/monthly-close\/receipts_by_year\.sql:11:8\)\nLINE 11: .*\n +\^\nDid you mean "Agency name"\?/,
      ],
    },
  ],
  [
    "a column that was renamed in the data",
    {
      project: "finance-reporting",
      run: "jobs/daily-reconciliation/daily_recon.yaml",
      change: ["data/postings.csv", "reference,account", "ref,account"],
      says: [
        /^DATABASE_COLUMN_UNKNOWN: step load_postings: the input has no column reference; it has ref, .* \(…\/jobs\/daily-reconciliation\/daily_recon\.yaml:61:20\)/,
      ],
    },
  ],
  [
    "a column that was renamed in the statement",
    {
      project: "finance-reporting",
      run: "jobs/daily-reconciliation/daily_recon.yaml",
      change: ["data/bank_statement.txt", "reference|account", "ref|account"],
      says: [
        /^DATAPY_SANDBOX_SQL: step compare: the SQL is refused: "s" has no column "reference" \(…\/jobs\/daily-reconciliation\/daily_recon\.yaml:\d+:\d+\)\n.*\n.*\n.*The table statement has ref, account/,
      ],
      booked: true,
    },
  ],
  [
    "receipts that were changed on their way",
    {
      project: "finance-reporting",
      run: "jobs/monthly-close/monthly_close.yaml",
      change: ["data/receipts.json", '"2014": "-37,000"', '"2014": "-38,000"'],
      says: [
        /^FILE_VALIDATOR_FAILED: step check_delivery: …\/data\/receipts\.json: its sha256 is [0-9a-f]{64}, not 13eeecc0/,
      ],
    },
  ],
  [
    "receipts of another edition, whose years do not agree with the control totals",
    {
      project: "finance-reporting",
      run: "jobs/monthly-close/monthly_close.yaml",
      change: ["data/control_totals.csv", "2014,3021487000", "2014,3021487001"],
      says: [/^QUALITY_FAILED: step agree: /],
    },
  ],
])("%s", (_, { project, run, change, says, booked = false }) => {
  const folder = path.join(clone, "projects", project);
  if (change !== undefined) {
    const [file, before, after] = change;
    const text = readFileSync(path.join(folder, file), "utf8");
    expect(text).toContain(before);
    writeFileSync(path.join(folder, file), text.replace(before, after));
  }
  const done = spawnSync(process.execPath, [cli, run.endsWith(".ts") ? "run-script" : "run-job", run], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: clone },
  });
  const { errors } = JSON.parse(done.stdout) as { errors: readonly string[] };
  expect(done.status).toBe(20);
  expect(errors.map((error) => error.replaceAll(folder, "…"))).toEqual(
    says.map((one) => (typeof one === "string" ? one : (expect.stringMatching(one) as unknown))),
  );
  // Neither stack traces nor the statements that are made around a user's own.
  expect(done.stderr).not.toMatch(/\n\s+at |Binder Error|read_parquet/);
  expect(MADE.filter((made) => existsSync(path.join(folder, made)))).toEqual([]);
  // The writer keeps its own books in the database before it looks at the input; no row of the input is there.
  const database = path.join(folder, "finance.sqlite");
  expect(existsSync(database) && readFileSync(database, "latin1").includes("TX100")).toBe(booked);
});
