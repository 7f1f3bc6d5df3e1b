import path from "node:path";
import { testSource } from "@datapy/mod-testkit";
import { DATABASE_NAMES, startDatabase } from "../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../framework/database/test/servers/databases.js";
import { openWorkbench, succeeded } from "../../plugins/mod-database-writer/test/support/workbench.js";
import type { Workbench } from "../../plugins/mod-database-writer/test/support/workbench.js";

const MOD = path.join(__dirname, "..", "..", "plugins", "mod-database-reader", "dist", "index.js");
const rows = (from: number, to: number): string =>
  `select i as id, repeat(md5(i::varchar), 3) as name, timestamp '2024-01-01 00:00:00' + to_minutes(i::int) as changed_at from range(${String(from)}, ${String(to)}) r(i)`;

describe.each(DATABASE_NAMES)("the database reader on %s", (name) => {
  let database: TestDatabase;
  let bench: Workbench;
  let first: string;
  let next: string;

  beforeAll(async () => {
    bench = await openWorkbench();
    database = await startDatabase(name);
    first = await bench.artifact("first", rows(0, 1000));
    next = await bench.artifact("next", rows(1000, 9000));
  });
  afterAll(async () => {
    await database.stop();
    bench.close();
  });

  const adapter = {
    mod: MOD,
    preload: path.join(__dirname, "support", "database-moments.mjs"),
    env: { DATAPY_TEST_DRIVER: name },
  };
  const fill = async (table: string, input: string): Promise<void> => {
    succeeded(await bench.write(database, { input_artifact: input, table_name: table }));
  };

  testSource("a table", () => ({
    ...adapter,
    kills: 6,
    async prepare(source) {
      const table = `whole_${source}`;
      await fill(table, next);
      return { connection_string: database.connectionString, table_name: table, max_retries: 0 };
    },
  }));

  testSource("by watermark", () => ({
    ...adapter,
    kills: 6,
    async prepare(source) {
      const table = `moving_${source}`;
      await fill(table, first);
      return {
        connection_string: database.connectionString,
        table_name: table,
        watermark_column: "changed_at",
        max_retries: 0,
      };
    },
    advance: (source) => fill(`moving_${source}`, next),
  }));
});
