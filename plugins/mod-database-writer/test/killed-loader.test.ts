import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { DATABASE_NAMES, startDatabase } from "../../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../../framework/database/test/servers/databases.js";
import { openWorkbench, succeeded } from "./support/workbench.js";
import type { Workbench } from "./support/workbench.js";

const SUPPORT = path.join(__dirname, "support");
const OLD = "select i as id, 'old ' || i as name, (i / 100)::decimal(12,2) as amount from range(1, 3001) r(i)";
const NEW = "select i as id, 'new ' || i as name, (i / 10)::decimal(12,2) as amount from range(2000, 6001) r(i)";

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

describe.each(DATABASE_NAMES)("a loader that is killed on %s", (name) => {
  let database: TestDatabase;
  let bench: Workbench;
  let old: string;
  let fresh: string;
  let changed: string;

  beforeAll(async () => {
    bench = await openWorkbench();
    database = await startDatabase(name);
    old = await bench.artifact("old", OLD);
    fresh = await bench.artifact("new", NEW);
    changed = await bench.artifact(
      "changed",
      "select i as id, 'new ' || i as name, date '2024-01-01' as day from range(2000, 6001) r(i)",
    );
  });
  afterAll(async () => {
    await database.stop();
    bench.close();
  });

  /** Runs a load in a process of its own, which ends itself before its statement number `at`, or after `milliseconds`. */
  const load = async (
    params: Readonly<Record<string, unknown>>,
    kill: { readonly at?: number; readonly milliseconds?: number; readonly count?: string },
  ): Promise<Ended> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [path.join(SUPPORT, "load.mjs")], {
        cwd: bench.folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          NODE_OPTIONS: "",
          KILL_AT: String(kill.at ?? 0),
          KILL_DRIVER: name,
          ...(kill.count === undefined ? {} : { KILL_COUNT: kill.count }),
          LOAD_MOD: path.join(__dirname, "..", "dist", "index.js"),
          LOAD_WORK: path.join(bench.folder, "work"),
          LOAD_PARAMS: JSON.stringify({ connection_string: database.connectionString, ...params }),
        },
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, output }));
      if (kill.milliseconds !== undefined) setTimeout(() => child.kill("SIGKILL"), kill.milliseconds);
    });

  const content = async (table: string): Promise<string> =>
    (
      await database.sql(
        `select count(*) as n, sum(case when name like 'new%' then 1 else 0 end) as fresh, sum(id) as ids from ${table}`,
      )
    )
      .map((row) => Object.values(row).map(Number).join("|"))
      .join();

  test.each(["append", "truncate", "upsert", "replace", "replace with other columns"])(
    "%s: old rows or new ones after every statement, exactly the new ones after a rerun",
    async (mode) => {
      const other = mode.endsWith("columns");
      const write_mode = mode.split(" ")[0] as string;
      const table = `t_${mode.replaceAll(" ", "_")}`;
      const key_columns = write_mode === "upsert" ? ["id"] : [];
      const params = (id: string): Record<string, unknown> => ({
        input_artifact: other ? changed : fresh,
        table_name: table,
        write_mode,
        key_columns,
        load_id: id,
        max_retries: 0,
      });
      const start = async (): Promise<void> => {
        succeeded(
          await bench.write(database, { input_artifact: old, table_name: table, write_mode: "replace", key_columns }),
        );
      };
      await start();
      const before = await content(table);
      const counted = path.join(bench.folder, `${table}.count`);
      const whole = await load(params("whole"), { count: counted });
      expect({ code: whole.code, output: whole.code === 0 ? "" : whole.output }).toEqual({ code: 0, output: "" });
      const after = await content(table);
      expect(after).not.toBe(before);
      const statements = readFileSync(counted, "utf8").trim().split("\n");
      expect(statements.length).toBeGreaterThan(3);

      for (let at = 1; at <= statements.length; at += 1) {
        // Every statement of the mode that has most; of the others one in the middle and the last two.
        if (write_mode !== "upsert" && at !== Math.ceil(statements.length / 2) && at < statements.length - 1) continue;
        await start();
        const id = `kill ${String(at)}`;
        const killed = await load(params(id), { at });
        // A run that had to wait for a lock less often has a statement less, and ends by itself.
        expect(killed.signal ?? killed.code).toBe(killed.code === 0 && at === statements.length ? 0 : "SIGKILL");
        const found = await content(table);
        expect([before, after]).toContain(found);
        const rerun = await bench.write(database, params(id));
        succeeded(rerun);
        expect({ statement: statements[at - 1], content: await content(table) }).toEqual({
          statement: statements[at - 1],
          content: after,
        });
        const rows = await database.sql(
          `select rows_written from _datapy_loads where load_id = '${id}' and table_name = '${table}'`,
        );
        expect(rows.map((row) => Number(row["rows_written"]))).toEqual([4001]);
        expect(
          (await database.tables()).filter((one) => one.startsWith("_datapy_") && one !== "_datapy_loads"),
        ).toEqual([]);
      }
    },
    600_000,
  );

  test("killed while rows flow: the old rows stay, and a rerun loads all", async () => {
    const large = await bench.artifact(
      "large",
      "select i as id, 'new ' || md5(i::varchar) as name from range(400000) r(i)",
    );
    const params = (id: string): Record<string, unknown> => ({
      input_artifact: large,
      table_name: "flow",
      load_id: id,
      max_retries: 0,
    });
    await database.sql(`create table flow (id bigint, name varchar(50))`);
    for (const milliseconds of [700, 1100]) {
      const id = `flow ${String(milliseconds)}`;
      const before = Number((await database.sql("select count(*) as n from flow"))[0]?.["n"]);
      await load(params(id), { milliseconds });
      expect([before, before + 400_000]).toContain(
        Number((await database.sql("select count(*) as n from flow"))[0]?.["n"]),
      );
      succeeded(await bench.write(database, params(id)));
      expect(Number((await database.sql("select count(*) as n from flow"))[0]?.["n"])).toBe(before + 400_000);
    }
  }, 600_000);
});
