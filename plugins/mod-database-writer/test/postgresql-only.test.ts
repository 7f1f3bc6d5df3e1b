import { startDatabase } from "../../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../../framework/database/test/servers/databases.js";
import { runMod } from "@datapy/sdk";
import path from "node:path";
import { failed, openWorkbench, succeeded } from "./support/workbench.js";
import type { Workbench } from "./support/workbench.js";

describe("PostgreSQL", () => {
  let database: TestDatabase;
  let bench: Workbench;
  let large: string;

  beforeAll(async () => {
    bench = await openWorkbench();
    database = await startDatabase("postgresql");
    large = await bench.artifact("large", "select i as id, md5(i::varchar) as name from range(600000) r(i)");
  });
  afterAll(async () => {
    await database.stop();
    bench.close();
  });

  const terminate = async (): Promise<number> =>
    (
      await database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'datapy' and query ilike 'copy%' and state = 'active'",
      )
    ).length;

  test("a connection that the server ends is opened again, and the rows are there once", async () => {
    const running = bench.write(database, { input_artifact: large, table_name: "retried" });
    let ended = 0;
    for (let tries = 0; tries < 400 && ended === 0; tries += 1) {
      ended = await terminate();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(ended).toBe(1);
    succeeded(await running);
    expect(await database.sql("select count(*) as n from retried")).toEqual([{ n: "600000" }]);
  });

  test("a canceled load leaves nothing, and its statement ends on the server too", async () => {
    const controller = new AbortController();
    const running = runMod(
      path.join(__dirname, "..", "dist", "index.js"),
      {
        connection_string: database.connectionString,
        input_artifact: large,
        table_name: "canceled",
        post_sql: "select pg_sleep(60)",
      },
      { signal: controller.signal },
    );
    for (let tries = 0; tries < 800; tries += 1) {
      if (
        (await database.sql("select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"))
          .length > 0
      )
        break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    controller.abort();
    expect(await running).toMatchObject({ status: "error", exit_code: 50 });
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await database.sql("select 1 from pg_stat_activity where application_name = 'datapy'")).length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(await database.sql("select 1 from pg_stat_activity where application_name = 'datapy'")).toEqual([]);
    expect(await database.tables()).not.toContain("canceled");
  });

  test("types that Parquet would cut are whole beside decimals without limits, and negative ones are read too", async () => {
    await database.sql(
      "create table exact as select 1.5::numeric as n, interval '-1 month 03:04:05.678901' as span, time with time zone '12:00:00.000001+05:30' as clock",
    );
    const read = succeeded(await bench.read(database, { table_name: "exact" }));
    expect(await bench.rows(read.artifacts["output_data"] ?? "", "from input")).toEqual([
      { n: "1.5", span: "-1 mons +03:04:05.678901", clock: "12:00:00.000001+05:30" },
    ]);
  });

  test("a ledger that the loader may not alter is used as it is", async () => {
    const small = await bench.artifact("ledger", "select 1::bigint as id");
    await database.sql(`create table kept_loads (load_id text, table_name text, run_id text, session_id text, write_mode text,
      rows_read bigint, rows_written bigint, rows_rejected bigint, loaded_at timestamptz, primary key (load_id, table_name))`);
    // A view gets no columns from anybody.
    await database.sql("create view loads_view as select * from kept_loads");
    const load = { input_artifact: small, table_name: "viewed", load_id: "one", ledger_table: "loads_view" };
    succeeded(await bench.write(database, load));
    expect(succeeded(await bench.write(database, load))).toMatchObject({
      status: "warning",
      metrics: { already_loaded: true },
    });
    expect(await database.sql("select load_id, rows_written from kept_loads")).toEqual([
      { load_id: "one", rows_written: "1" },
    ]);
  });

  test("replace keeps the rights of others and refuses to break a view", async () => {
    const small = await bench.artifact("small", "select 1::bigint as id, 'a' as name");
    const other = await bench.artifact("other", "select 1::bigint as id, date '2024-01-01' as day");
    await database.sql("create role reporter");
    succeeded(await bench.write(database, { input_artifact: small, table_name: "shared" }));
    await database.sql("grant select on shared to reporter");
    succeeded(await bench.write(database, { input_artifact: other, table_name: "shared", write_mode: "replace" }));
    expect(await database.sql("select has_table_privilege('reporter', 'shared', 'select') as ok")).toEqual([
      { ok: "t" },
    ]);
    await database.sql("create view shared_view as select day from shared");
    expect(
      failed(await bench.write(database, { input_artifact: small, table_name: "shared", write_mode: "replace" })),
    ).toContain("DATABASE_DEPENDENTS");
    expect(await database.sql("select * from shared_view")).toHaveLength(1);
  });

  test("schemas, discrete parameters, arrays, and values that a column would round", async () => {
    const url = new URL(database.connectionString);
    await database.sql('create schema "My Schema"');
    await database.sql('create table "My Schema".priced (id bigint, price numeric(8,2), tags text[])');
    const file = await bench.artifact(
      "priced",
      "select * from (values (1::bigint, 1.25::decimal(10,4), ['a', 'b\"c', null, '']), (2, 2.001, [])) t(id, price, tags)",
    );
    const params = {
      database_type: "postgresql",
      host: url.hostname,
      port: Number(url.port),
      user: url.username,
      password: decodeURIComponent(url.password),
      database: "postgres",
      schema_name: "My Schema",
      table_name: "priced",
      input_artifact: file,
    };
    const write = (more: Readonly<Record<string, unknown>>) =>
      runMod(path.join(__dirname, "..", "dist", "index.js"), { ...params, ...more });
    expect(failed(await write({}))).toContain("column price: the value would be changed by type numeric(8,2)");
    const done = succeeded(await write({ on_bad_row: "quarantine" }));
    expect(done.metrics).toMatchObject({ rows_output: 1, rows_rejected: 1 });
    expect(await database.sql('select id, price, array_to_json(tags)::text as tags from "My Schema".priced')).toEqual([
      { id: "1", price: "1.25", tags: '["a","b\\"c",null,""]' },
    ]);
  });

  test("a wrong password, an unknown database and a server without TLS are told apart, and no password is shown", async () => {
    const input_artifact = await bench.artifact("small", "select 1 as id");
    const run = async (connectionString: string): Promise<string> =>
      failed(await bench.write({ ...database, connectionString }, { input_artifact, table_name: "t", max_retries: 0 }));
    const wrong = await run(database.connectionString.replace("secret%20word", "hunter2hunter2"));
    expect(wrong).toContain("DATABASE_LOGIN");
    expect(wrong).not.toContain("hunter2");
    expect(await run(database.connectionString.replace("/postgres", "/nothing"))).toContain("DATABASE_LOGIN");
    expect(await run(`${database.connectionString}?sslmode=require`)).toContain("DATABASE_TLS");
  });
});
