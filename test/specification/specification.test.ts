// The specification's own files with this repository's own mods: its YAML files resolve as a reader of it expects, its script runs.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import ts from "typescript";

const root = path.resolve(__dirname, "../..");
const datapy = path.join(root, "framework/cli/bin/run.js");
const written = path.join(root, "framework/sdk/test/config/fixtures/specification");

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-specification-")));
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"), "junction");
  cpSync(path.join(root, "package.json"), path.join(folder, "package.json"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

function node(args: readonly string[], cwd: string): { code: number | null; stdout: string; stderr: string } {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    DATAPY_DATA_DIR: path.join(folder, "data"),
    SystemRoot: process.env["SystemRoot"],
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

interface Explained {
  readonly project: string;
  readonly steps: readonly {
    readonly mod: string;
    readonly values: readonly {
      readonly name: string;
      readonly value: unknown;
      readonly layer: string;
      readonly source: string;
      readonly replaced: readonly { readonly layer: string; readonly source: string; readonly value: unknown }[];
    }[];
  }[];
}

test("project_defaults.yaml and daily_customer_etl.yaml give the mods these values, each from there", () => {
  const project = path.join(folder, "projects/customer-analytics");
  cpSync(written, project, { recursive: true });
  const done = node(
    [datapy, "config", "explain", "daily_customer_etl.yaml", "--json"],
    path.join(project, "jobs/daily-etl"),
  );
  expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
  const explained = JSON.parse(done.stdout) as Explained;
  expect(explained.project).toBe(path.join(project, "project_defaults.yaml"));

  const place = (source: string): string => (source === "" ? "the mod" : path.basename(source).replace(/:\d+$/, ""));
  const told = explained.steps.map(({ mod, values }) => [
    mod,
    ...values
      .filter(({ layer }) => layer !== "default")
      .map(({ name, value, layer, source, replaced }) =>
        [
          `${name} = ${JSON.stringify(value)} (${layer} ${place(source)})`,
          ...replaced.map((one) => `${JSON.stringify(one.value)} (${one.layer} ${place(one.source)})`),
        ].join(" over "),
      ),
  ]);
  expect(told).toEqual([
    [
      "csv-reader",
      'input_path = "customers.csv" (params daily_customer_etl.yaml:11)',
      'delimiter = "|" (params daily_customer_etl.yaml:12) over "auto" (default the mod)',
      'encoding = "utf-8" (globals daily_customer_etl.yaml:7) over "utf-8" (project project_defaults.yaml:17) over "auto" (default the mod)',
      'base_path = "/data/2024-08-12" (globals daily_customer_etl.yaml:3) over "/data/customer_analytics" (project project_defaults.yaml:18)',
    ],
    [
      "data-cleaner",
      "min_length = 3 (params daily_customer_etl.yaml:16)",
      'null_strategy = "drop" (params daily_customer_etl.yaml:15) over "keep" (default the mod)',
      'base_path = "/data/2024-08-12" (globals daily_customer_etl.yaml:3)',
    ],
    [
      "database-writer",
      'table_name = "customers" (params daily_customer_etl.yaml:19)',
      // "Inherits connection_string from project defaults", which name the database once, for the reader.
      'connection_string = "***" (project project_defaults.yaml:13)',
      'base_path = "/data/2024-08-12" (globals daily_customer_etl.yaml:3)',
      "batch_size = 1000 (params daily_customer_etl.yaml:20) over 10000 (default the mod)",
    ],
  ]);

  // The job may write elsewhere; then nothing of the reader's database is mixed in.
  const elsewhere = node(
    [
      datapy,
      "config",
      "explain",
      "daily_customer_etl.yaml",
      "database_writer",
      "--set",
      "database_type=sqlite",
      "--set",
      "database=a.db",
      "--json",
    ],
    path.join(project, "jobs/daily-etl"),
  );
  expect((JSON.parse(elsewhere.stdout) as Explained).steps[0]?.values.map(({ name }) => name)).not.toContain(
    "connection_string",
  );
});

const SCRIPT = `
import { setGlobalConfig, runMod, setupLogger } from "@datapy/sdk";

const dataFolder: string = "data/2024-08-12";
setGlobalConfig({ base_path: dataFolder, log_level: "INFO", log_path: "logs/customer_etl" });
const logger = setupLogger("daily_customer_etl");

const csvResult = await runMod("datapy.mods.sources.csv_reader", { input_path: "customers.csv", delimiter: "|" });
if (csvResult.status === "success") {
  logger.info("customers read", { rows: csvResult.metrics["rows_output"] as number });
  const cleanResult = await runMod("datapy.mods.transformers.data_cleaner", {
    input_artifact: csvResult.artifacts["output_data"],
    null_strategy: "drop",
  });
  if (cleanResult.status === "success") {
    await runMod("datapy.mods.sinks.database_writer", {
      input_artifact: cleanResult.artifacts["output_data"],
      table_name: "customers",
    });
  }
}
`;

test.each(["run-script", "plain node"])("the script reads, cleans and loads with %s", async (how) => {
  const project = path.join(folder, "projects/customer-analytics");
  const write = (name: string, text: string): string => {
    const file = path.join(project, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const database = path.join(project, "warehouse.duckdb");
  write(
    "project_defaults.yaml",
    `project_name: customer_analytics\nmod_defaults:\n  database_reader:\n    connection_string: ${JSON.stringify(`duckdb:///${database}`)}\n`,
  );
  write("data/2024-08-12/customers.csv", "id|name\n0007|Ada Lovelace\n0008|\n0009|Grace Hopper\n");
  const typed = write("jobs/daily-etl/daily_customer_etl.ts", SCRIPT);
  const { outputText } = ts.transpileModule(SCRIPT, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const plain = write("jobs/daily-etl/daily_customer_etl.mjs", outputText);

  const done = node(how === "plain node" ? [plain] : [datapy, "run-script", typed], project);
  expect({ code: done.code, stderr: done.stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining("customers read"),
  });
  if (how === "plain node") expect(done.stdout).toBe("");
  else {
    expect(JSON.parse(done.stdout)).toMatchObject({
      status: "success",
      runs: [
        { mod: "csv-reader", exit_code: 0 },
        { mod: "data-cleaner", exit_code: 0 },
        { mod: "database-writer", exit_code: 0 },
      ],
    });
  }

  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll("select * from customers order by id")).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  expect(rows).toEqual([
    ["0007", "Ada Lovelace"],
    ["0009", "Grace Hopper"],
  ]);

  const logs = path.join(project, "logs/customer_etl");
  expect(readdirSync(logs)).toEqual([expect.stringMatching(/^daily_customer_etl_\d{8}_\d{6}\.log$/)]);
  const lines = readFileSync(path.join(logs, readdirSync(logs)[0] ?? ""), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const started = lines.filter(({ message }) => message === "run started").map(({ mod }) => mod);
  expect(started).toEqual(["csv-reader", "data-cleaner", "database-writer"]);
  expect(new Set(lines.map((line) => line["session_id"])).size).toBe(1);
  const runs = JSON.parse(node([datapy, "runs", "--json"], project).stdout) as { status: string; job: string }[];
  expect(runs.map(({ status, job }) => [status, job])).toEqual(Array(3).fill(["success", "daily_customer_etl"]));
});
