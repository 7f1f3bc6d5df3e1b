import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DATABASE_NAMES, startDatabase } from "../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../framework/database/test/servers/databases.js";
import { DuckDBInstance } from "../../framework/database/test/servers/duckdb-module.js";
import { openWorkbench } from "../../plugins/mod-database-writer/test/support/workbench.js";
import type { Workbench } from "../../plugins/mod-database-writer/test/support/workbench.js";

/** Hours that a zone's clocks leave out or have twice, the ends of what types hold, and what is easily taken for something else. */
const CSV = `id,text,whole,decimal38,decimal10,day,clock,plain,zoned,millisecond
1,,9223372036854775807,99999999999999999999999999999999999999,1234567890123456789012345678.0123456789,2024-02-29,23:59:59.999999,2024-03-10 02:30:00,2024-03-10 08:30:00+00,2024-03-10 02:30:00.001
2,"",-9223372036854775808,-99999999999999999999999999999999999999,-0.0000000001,0001-01-01,00:00:00,2024-11-03 01:30:00.000001,2024-11-03 06:30:00.000001+00,1969-12-31 23:59:59.999
3,NULL,9007199254740993,0,0.0000000000,9999-12-31,12:00:00,1900-01-01 00:00:00,1969-12-31 23:59:59.999999+00,1970-01-01 00:00:00
4,"a ""b"", c",0,1,1.5000000000,1970-01-01,06:07:08.000009,9999-12-31 23:59:59.999999,2038-01-19 03:14:08+00,2024-02-29 12:00:00.12
5,007,,,,,,,,
6,"two
lines",1,12345678901234567890123456789012345678,0.1000000000,2024-12-31,00:00:00.1,2023-12-31 23:59:59.999999,2023-12-31 18:30:00+00,2024-10-27 02:30:00
`;
const COLUMNS = {
  id: "BIGINT",
  text: "VARCHAR",
  whole: "BIGINT",
  decimal38: "DECIMAL(38,0)",
  decimal10: "DECIMAL(38,10)",
  day: "DATE",
  clock: "TIME",
  plain: "TIMESTAMP",
  zoned: "TIMESTAMPTZ",
  millisecond: "TIMESTAMP_MS",
};

/** Takes the file through every database, in a process whose time zone is another. Prints the artifact of each reading. */
const SCRIPT = `
const { runMod, setGlobalConfig } = require("@datapy/sdk");
const { plugins, work, file, columns, databases, table } = JSON.parse(process.env.DATAPY_TEST_JOB);
setGlobalConfig({ work_path: work, log_level: "error" });
const mod = async (name, params) => {
  const done = await runMod(plugins + "/mod-" + name + "/dist/index.js", params);
  if (done.status === "error") throw new Error(done.errors.join());
  return done.artifacts.output_data;
};
(async () => {
  const input_artifact = await mod("csv-reader", { input_path: file, columns });
  const read = {};
  for (const [name, connection_string] of Object.entries(databases)) {
    await mod("database-writer", { connection_string, input_artifact, table_name: table, write_mode: "replace" });
    read[name] = await mod("database-reader", { connection_string, table_name: table });
  }
  process.stdout.write("READ " + JSON.stringify(read) + "\\n");
})();`;

describe("CSV → Parquet → database → CSV", () => {
  let databases: TestDatabase[];
  let bench: Workbench;
  let file: string;

  beforeAll(async () => {
    bench = await openWorkbench();
    databases = await Promise.all(DATABASE_NAMES.map(startDatabase));
    file = path.join(bench.folder, "values.csv");
    writeFileSync(file, CSV);
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.stop()));
    bench.close();
  });

  const readIn = async (zone: string): Promise<Record<string, string>> => {
    const job = {
      plugins: path.join(__dirname, "..", "..", "plugins"),
      work: path.join(bench.folder, "work"),
      file,
      columns: COLUMNS,
      databases: Object.fromEntries(databases.map(({ name, connectionString }) => [name, connectionString])),
      table: `values_${zone.replace(/\W/g, "_")}`,
    };
    const child = spawn(process.execPath, ["-e", SCRIPT], {
      cwd: __dirname,
      env: { ...process.env, TZ: zone, NODE_OPTIONS: "", DATAPY_TEST_JOB: JSON.stringify(job) },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    const found = /^READ (.*)$/m.exec(output)?.[1];
    if (found === undefined) throw new Error(output);
    return JSON.parse(found) as Record<string, string>;
  };

  test.each(["UTC", "America/Chicago", "Asia/Kolkata"])("every value is the same text again in %s", async (zone) => {
    const read = await readIn(zone);
    expect(Object.keys(read)).toEqual([...DATABASE_NAMES]);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    try {
      await connection.run("set timezone = 'UTC'");
      for (const [name, artifact] of Object.entries(read)) {
        const back = path.join(bench.folder, `${name}.csv`);
        await connection.run(`copy (from read_parquet('${artifact}') order by id) to '${back}' (header)`);
        expect({ name, csv: readFileSync(back, "utf8") }).toEqual({ name, csv: CSV });
      }
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });
});
