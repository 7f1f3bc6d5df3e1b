import path from "node:path";
import { testSink } from "@datapy/mod-testkit";
import { DATABASE_NAMES, startDatabase } from "../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../framework/database/test/servers/databases.js";
import { openWorkbench, succeeded } from "../../plugins/mod-database-writer/test/support/workbench.js";
import type { Workbench } from "../../plugins/mod-database-writer/test/support/workbench.js";

const MOD = path.join(__dirname, "..", "..", "plugins", "mod-database-writer", "dist", "index.js");
const OLD = "select i as id, 'old ' || i as name, (i / 100)::decimal(12,2) as amount from range(1, 2001) r(i)";
const NEW =
  "select i as id, 'new ' || repeat(md5(i::varchar), 3) as name, (i / 10)::decimal(12,2) as amount from range(1500, 6001) r(i)";
const OTHER =
  "select i as id, 'new ' || repeat(md5(i::varchar), 3) as name, date '2024-01-01' as day from range(6000) r(i)";

/** Ways to write, with the parameters of the load and what the input is. */
const MODES: readonly {
  readonly mode: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly kills?: number;
}[] = [
  { mode: "append", params: { write_mode: "append" }, kills: 8 },
  { mode: "truncate", params: { write_mode: "truncate" }, kills: 6 },
  { mode: "upsert", params: { write_mode: "upsert", key_columns: ["id"] } },
  { mode: "replace with other columns", params: { write_mode: "replace" } },
  {
    mode: "history",
    params: { write_mode: "upsert", key_columns: ["id"], history: "scd2", effective_at: "2024-02-01T00:00:00Z" },
    kills: 5,
  },
];

describe.each(DATABASE_NAMES)("the database writer on %s", (name) => {
  let database: TestDatabase;
  let bench: Workbench;
  let artifacts: Readonly<Record<"old" | "fresh" | "other", string>>;

  beforeAll(async () => {
    bench = await openWorkbench();
    database = await startDatabase(name);
    artifacts = {
      old: await bench.artifact("old", OLD),
      fresh: await bench.artifact("new", NEW),
      other: await bench.artifact("other", OTHER),
    };
  });
  afterAll(async () => {
    await database.stop();
    bench.close();
  });

  for (const { mode, params, kills } of MODES) {
    testSink(mode, () => {
      const table = (target: string): string => `${target}_${mode.replaceAll(" ", "_")}`;
      return {
        mod: MOD,
        preload: path.join(__dirname, "support", "database-moments.mjs"),
        env: { DATAPY_TEST_DRIVER: name },
        steps: ["open", "batch", "before the ledger", "before commit", "after commit"],
        ...(kills === undefined ? {} : { kills }),
        async prepare(target) {
          const first = { ...params, input_artifact: artifacts.old, table_name: table(target) };
          const old = mode === "history" ? { ...first, effective_at: "2024-01-01T00:00:00Z" } : first;
          succeeded(await bench.write(database, mode === "truncate" ? { ...old, write_mode: "append" } : old));
          return {
            connection_string: database.connectionString,
            ...params,
            input_artifact: mode.startsWith("replace") ? artifacts.other : artifacts.fresh,
            table_name: table(target),
            max_retries: 0,
          };
        },
        readBack: async (target) =>
          (await database.sql(`select * from ${database.quote(table(target))}`)).map((row) => JSON.stringify(row)),
        leftovers: async () =>
          (await database.tables()).filter((one) => one.startsWith("_datapy_") && one !== "_datapy_loads"),
      };
    });
  }
});
