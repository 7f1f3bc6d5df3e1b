import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { DuckDBInstance } from "@duckdb/node-api";
import type { AnyEnvelope } from "./any-envelope.js";
import { Workspace } from "../support/workspace.js";
import type { Outcome } from "../support/workspace.js";

const SCHEMA = path.resolve(__dirname, "../../../mod-kit/schemas/job-envelope.schema.json");
const isJobEnvelope = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA, "utf8")) as object);

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
  // The mods of this repository, as dependencies of the project.
  const mods = ["csv-reader", "data-cleaner", "database-reader", "database-writer", "validator"].map(
    (name) => `mod-${name}`,
  );
  const dependencies = Object.fromEntries(mods.map((name) => [`@datapy/${name}`, "1.0.0"]));
  workspace.write("package.json", JSON.stringify({ name: "project", private: true, dependencies }));
  const scope = path.join(workspace.folder, "node_modules/@datapy");
  mkdirSync(scope, { recursive: true });
  for (const name of mods)
    symlinkSync(path.resolve(__dirname, "../../../../plugins", name), path.join(scope, name), "dir");
  symlinkSync(path.resolve(__dirname, "../../../mod-kit"), path.join(scope, "mod-kit"), "dir");
});
afterEach(() => workspace.remove());

/** The one envelope on stdout, as the published schema has it, in agreement with the exit code. */
function envelopeOf(outcome: Outcome): AnyEnvelope {
  expect(outcome.stdout.trimEnd()).not.toContain("\n");
  const envelope = JSON.parse(outcome.stdout) as AnyEnvelope;
  expect(isJobEnvelope(envelope) ? [] : isJobEnvelope.errors).toEqual([]);
  expect(outcome.code).toBe(
    envelope.status === "success" ? 0 : envelope.status === "warning" ? 10 : envelope.exit_code,
  );
  return envelope;
}

async function rows(database: string, query: string): Promise<string[]> {
  const instance = await DuckDBInstance.create(database, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(query)).getRows().map((row) => row.map(String).join(" "));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe("the job files of the specification's tree", () => {
  beforeEach(() => {
    workspace.write(
      "projects/customer-analytics/project_defaults.yaml",
      `project_name: "customer_analytics"
project_version: "2.1.0"
mod_defaults:
  api_client:
    endpoint: "https://customer-analytics-api.internal.com"
    timeout: 60
    auth_method: "oauth2"
  database_reader:
    connection_string: "duckdb:///${workspace.folder}/warehouse.duckdb"
    pool_size: 20
  csv_reader:
    encoding: "utf-8"
    base_path: "/data/customer_analytics"
logging:
  base_path: "${workspace.folder}/logs/customer_analytics"
  retention_days: 30
`,
    );
    workspace.write(
      "data/2024-08-12/customers.csv",
      "id|name|email\n1|Ann Bell|a@example.org\n2|Bo|b@example.org\n3|Carol|\n4|Dave|d@example.org\n",
    );
    // The specification's file, letter for letter but for the folders, which are this test's own.
    workspace.write(
      "projects/customer-analytics/jobs/daily-etl/daily_customer_etl.yaml",
      `# projects/customer-analytics/jobs/daily-etl/daily_customer_etl.yaml
globals:
  base_path: "${workspace.folder}/data/2024-08-12"
  log_level: "DEBUG"
  log_path: "${workspace.folder}/logs/etl/"
  log_format: "json"
  encoding: "utf-8"

mods:
  csv_reader:
    input_path: "customers.csv"  # Inherits base_path from project defaults
    delimiter: "|"
  
  data_cleaner:
    null_strategy: "drop"
    min_length: 3
  
  database_writer:
    table_name: "customers"  # Inherits connection_string from project defaults
    batch_size: 1000
`,
    );
    workspace.write(
      "projects/customer-analytics/jobs/weekly-reports/weekly_reports.yaml",
      `globals:
  log_path: "${workspace.folder}/logs/etl/"
mods:
  database_reader:
    query: "select name, length(name) as letters from customers order by name"
  database_writer:
    table_name: "names"
    write_mode: "replace"
`,
    );
    workspace.write(
      "projects/customer-analytics/jobs/data-quality/data_quality_check.yaml",
      `globals:
  log_path: "${workspace.folder}/logs/etl/"
mods:
  csv_reader:
    input_path: "${workspace.folder}/data/2024-08-12/customers.csv"
    delimiter: "|"
  validator:
    rules:
      - { check: required, column: id }
      - { check: unique, columns: [id] }
`,
    );
  });

  it("run, the weekly one on what the daily one wrote", async () => {
    const cwd = path.join(workspace.folder, "projects/customer-analytics");
    const daily = envelopeOf(await workspace.run(["run-job", "jobs/daily-etl/daily_customer_etl.yaml"], { cwd }));
    expect(daily.errors).toEqual([]);
    expect(daily.steps.map(({ step, status }) => [step, status])).toEqual([
      ["csv_reader", "success"],
      ["data_cleaner", "success"],
      ["database_writer", "success"],
    ]);
    expect(path.basename(daily.logs.log_file)).toMatch(/^daily_customer_etl_\d{8}_\d{6}\.log$/);
    expect(path.dirname(daily.logs.log_file)).toBe(path.join(workspace.folder, "logs/etl"));
    // The project gives the connection to the reader; the writer inherits it.
    const database = path.join(workspace.folder, "warehouse.duckdb");
    expect(await rows(database, "select id, name from customers order by id")).toEqual(["1 Ann Bell", "4 Dave"]);

    const weekly = envelopeOf(await workspace.run(["run-job", "jobs/weekly-reports/weekly_reports.yaml"], { cwd }));
    expect(weekly.errors).toEqual([]);
    expect(await rows(database, "select * from names order by name")).toEqual(["Ann Bell 8", "Dave 4"]);

    const quality = envelopeOf(await workspace.run(["run-job", "jobs/data-quality/data_quality_check.yaml"], { cwd }));
    expect(quality.errors).toEqual([]);
    expect(quality.steps.map(({ mod }) => mod)).toEqual(["csv-reader", "validator"]);

    // One mod of a job, as the specification has it.
    const one = envelopeOf(
      await workspace.run(["run-job", "jobs/daily-etl/daily_customer_etl.yaml", "csv_reader", "--log-level", "DEBUG"], {
        cwd,
      }),
    );
    expect(one.steps.map(({ step }) => step)).toEqual(["csv_reader"]);
    const events = readdirSync(path.join(cwd, ".datapy/runs"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ndjson"),
    );
    expect(events).toHaveLength(4);
  });
});

describe("questions about the project's own database", () => {
  const READS = "mods:\n  database_reader: { table_name: customers }\n  database_writer: { table_name: again }\n";

  it("are answered from what runs have written, and change nothing", async () => {
    workspace.write("customers.csv", "id,name\n1,Ann\n2,Bob\n");
    workspace.write(
      "load.yaml",
      "mods:\n  csv_reader: { input_path: customers.csv }\n  database_writer: { table_name: customers }\n",
    );
    workspace.write("reads.yaml", READS);
    // Before the first run there is nothing to read, and nothing is made by asking.
    expect((await workspace.run(["check", "load.yaml"])).code).toBe(0);
    const early = await workspace.run(["check", "reads.yaml"]);
    expect([early.code, early.stdout]).toEqual([20, expect.stringContaining("DATABASE_FILE_MISSING")]);
    expect(existsSync(path.join(workspace.folder, ".datapy/project.duckdb"))).toBe(false);

    expect(envelopeOf(await workspace.run(["run-job", "load.yaml"])).errors).toEqual([]);
    const before = readFileSync(path.join(workspace.folder, ".datapy/project.duckdb"));
    expect((await workspace.run(["check", "reads.yaml"])).code).toBe(0);
    const guessed = await workspace.run(["guess", "customers"]);
    expect([guessed.code, guessed.stdout]).toEqual([0, expect.stringContaining("columns:\n  - id\n  - name")]);
    expect(readFileSync(path.join(workspace.folder, ".datapy/project.duckdb")).equals(before)).toBe(true);

    // What was guessed is read as it stands, and guessing again changes nothing.
    workspace.write("guessed.yaml", guessed.stdout);
    const read = await workspace.run(["run-mod", "database-reader", "-p", "guessed.yaml"]);
    expect([read.code, read.stdout]).toEqual([0, expect.stringContaining('"rows_output":2')]);
    expect((await workspace.run(["guess", "guessed.yaml"])).stdout).toBe(guessed.stdout);
  });
});

const STEP = `import { existsSync } from "node:fs";
import { defineMod, Type } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "step", version: "1.0.0", description: "Fails until a file is there" },
  params: Type.Object({ file: Type.Optional(Type.String()), password: Type.Optional(Type.String()) }),
  run(params, ctx) {
    if (params.file !== undefined && !existsSync(params.file)) throw new Error("there is no " + params.file);
    return ctx.result.success();
  },
});
`;

describe("the command", () => {
  beforeEach(() => {
    workspace.write("step.mjs", STEP);
    workspace.write(
      "job.yaml",
      `steps:
- {id: a, mod: ./step.mjs, tags: [first]}
- {id: b, mod: ./step.mjs, needs: a, params: {file: "\${env.WANTED:-wanted}"}}
- {id: c, mod: ./step.mjs, needs: b}
`,
    );
  });

  it("shows the plan as a table, as JSON and as a picture, and runs nothing", async () => {
    const table = await workspace.run(["run-job", "job.yaml", "--dry-run"]);
    expect(table.stdout).toMatch(/STAGE +STEP +RUNS +AFTER[^]* 1 +a +step 1\.0\.0[^]* 2 +b [^]* 3 +c /);
    const json = await workspace.run(["run-job", "job.yaml", "--dry-run", "--json", "--select", "+b"]);
    expect((JSON.parse(json.stdout) as { steps: { id: string }[] }).steps.map(({ id }) => id)).toEqual(["a", "b"]);
    const picture = await workspace.run(["run-job", "job.yaml", "--dry-run", "--mermaid"]);
    expect(picture.stdout).toContain("s_a --> s_b");
    const piped = await workspace.run(["run-job", "-", "--dry-run"], { stdin: "steps:\n- {id: x, mod: ./step.mjs}\n" });
    expect(piped.stdout).toContain("x");
    expect([table, json, picture, piped].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(existsSync(path.join(workspace.folder, ".datapy"))).toBe(false);
  });

  it.each([
    [["--select", "tag:none"], "DATAPY_SELECTION_EMPTY"],
    [["--select", "tag:none", "--dry-run"], "DATAPY_SELECTION_EMPTY"],
    [["nobody"], "DATAPY_STEP_NOT_FOUND"],
    [["--from", "nobody"], "DATAPY_STEP_NOT_FOUND"],
    [["--max-parallel", "0"], "DATAPY_CLI_BAD_FLAG"],
    [["--on-empty", "explode"], "DATAPY_CLI_BAD_FLAG"],
    [["--set", "file=x"], "DATAPY_SET_INVALID"],
    [["--env", "prod"], "DATAPY_ENVIRONMENT_UNKNOWN"],
    [["--resume", "last"], "DATAPY_RESUME_UNKNOWN"],
    [["--resume", "7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10"], "DATAPY_RESUME_UNKNOWN"],
    [["--timeout", "soon"], "DATAPY_CLI_BAD_FLAG"],
  ])("refuses %j with exit code 20", async (args, code) => {
    const outcome = await workspace.run(["run-job", "job.yaml", ...args]);
    expect(outcome.code).toBe(20);
    expect(outcome.stderr + outcome.stdout).toContain(code);
    expect(existsSync(path.join(workspace.folder, ".datapy/jobs"))).toBe(false);
  });

  it("goes on after a failure, packs the session, and replays it elsewhere", async () => {
    const failed = envelopeOf(await workspace.run(["run-job", "job.yaml"], { env: { WANTED: "treasure" } }));
    expect(failed.exit_code).toBe(30);
    workspace.write("treasure", "");
    const resumed = envelopeOf(await workspace.run(["run-job", "job.yaml", "--resume", "last"]));
    expect(resumed.steps.map(({ step, reused }) => [step, reused])).toEqual([
      ["a", "resume"],
      ["b", undefined],
      ["c", undefined],
    ]);

    const bundled = await workspace.run(["runs", "bundle", failed.logs.session_id, "-o", "incident.tar.gz", "--json"]);
    expect(JSON.parse(bundled.stdout)).toMatchObject({ session_id: failed.logs.session_id, can_replay: true });
    const elsewhere = new Workspace();
    try {
      elsewhere.write("step.mjs", STEP);
      elsewhere.addPackages([]);
      elsewhere.write("treasure", "");
      copyFileSync(path.join(workspace.folder, "incident.tar.gz"), path.join(elsewhere.folder, "incident.tar.gz"));
      workspace.remove();
      const replayed = envelopeOf(await elsewhere.run(["replay", "incident.tar.gz"]));
      expect(replayed.errors).toEqual([]);
      expect(replayed.steps.map(({ step, reused }) => [step, reused])).toEqual([
        ["a", undefined],
        ["b", undefined],
        ["c", undefined],
      ]);
      elsewhere.write("broken.tar.gz", "no archive");
      const refused = await elsewhere.run(["replay", "broken.tar.gz"]);
      expect(refused.code).toBe(20);
      expect(refused.stderr).toContain("DATAPY_BUNDLE_INVALID");
    } finally {
      elsewhere.remove();
    }
  });

  it("a script runs jobs, and its session has their runs", async () => {
    workspace.write("wanted", "");
    workspace.write(
      "both.mjs",
      `import { runJob } from "@datapy/sdk";
const one = await runJob("job.yaml", { select: "+b", set: { "mods.b.file": "wanted" }, maxParallel: 1 });
const two = await runJob("job.yaml", { step: "a" });
console.error("ids " + [...one.steps, ...two.steps].map((step) => step.run_id).join(" "));
const bad = await runJob("gone.yaml", { failOnError: false });
console.error("bad " + bad.exit_code + " " + bad.steps.length);
`,
    );
    const { code, stdout, stderr } = await workspace.run(["run-script", "both.mjs"]);
    expect(stderr).toContain("bad 20 0");
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { runs: unknown[] }).runs).toHaveLength(3);
    const ids = /ids (.*)/.exec(stderr)?.[1]?.split(" ") ?? [];
    // Two jobs of one session are two loads.
    expect(new Set(ids).size).toBe(3);
  });
});
