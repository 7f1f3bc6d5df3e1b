import { DATABASE_NAMES, startDatabase } from "../../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../../framework/database/test/servers/databases.js";
import { failed, openWorkbench, succeeded } from "../../mod-database-writer/test/support/workbench.js";
import type { Workbench } from "../../mod-database-writer/test/support/workbench.js";

const ORDERS = `select i as id, 'customer ' || (i % 7) as customer, (i / 4.0)::decimal(12,2) as amount, timestamp '2024-01-01 00:00:00' + to_hours(i::int) as changed_at from range(1, 101) r(i)`;

describe.each(DATABASE_NAMES)("reading from %s", (name) => {
  let database: TestDatabase;
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
    database = await startDatabase(name);
    succeeded(
      await bench.write(database, { input_artifact: await bench.artifact("orders", ORDERS), table_name: "orders" }),
    );
  });
  afterAll(async () => {
    await database.stop();
    bench.close();
  });

  const ids = async (params: Readonly<Record<string, unknown>>): Promise<number[]> => {
    const read = succeeded(await bench.read(database, params));
    return (await bench.rows(read.artifacts["output_data"] ?? "", "select id from input order by id")).map((row) =>
      Number(row["id"]),
    );
  };

  test("columns, where and bound parameters", async () => {
    const read = succeeded(
      await bench.read(database, {
        table_name: "orders",
        columns: ["amount", "id"],
        where: "customer = :who and id > :after",
        query_parameters: { who: "customer 3", after: 80 },
      }),
    );
    expect(await bench.rows(read.artifacts["output_data"] ?? "", "from input order by id")).toEqual([
      { amount: "21.75", id: "87" },
      { amount: "23.50", id: "94" },
    ]);
  });

  test("a query with a value that would be SQL, a comment and a string with a colon", async () => {
    const query = "select id, ':who' as text -- :who is not here\n from orders where customer = :who or id = 1;";
    expect(await ids({ query, query_parameters: { who: "' or 1=1 --" } })).toEqual([1]);
    expect(failed(await bench.read(database, { query }))).toContain(":who has no value");
    expect(failed(await bench.read(database, { query: "select 1 as id", query_parameters: { stray: 1 } }))).toContain(
      "stray",
    );
  });

  test("faults name what is wrong", async () => {
    expect(failed(await bench.read(database, { table_name: "no such table" }))).toContain("DATABASE_TABLE_MISSING");
    expect(failed(await bench.read(database, { table_name: "orders", columns: ["nothing"] }))).toMatch(
      /DATABASE_COLUMN_UNKNOWN: .*it has id, customer, amount, changed_at/,
    );
    expect(failed(await bench.read(database, {}))).toContain("either table_name or query");
    expect(failed(await bench.read(database, { query: "select * from orders where" }))).toMatch(
      /^DATABASE_QUERY_INVALID/,
    );
  });

  test.each([
    ["a column that is not there", { query: "select id, custmer from orders" }, "custmer"],
    ["a table that is not there", { query: "select id from ordres" }, "ordres"],
    ["a column in a condition", { table_name: "orders", where: "custmer = 'x'" }, "custmer"],
  ])("%s is a fault of the query, not of the run", async (_, params, word) => {
    const read = await bench.read(database, params);
    expect(read).toMatchObject({ status: "error", exit_code: 20 });
    expect(failed(read)).toMatch(new RegExp(`^DATABASE_QUERY_INVALID: .*${word}`));
    expect(failed(read)).not.toMatch(/Binder Error|LINE 1|\(select/);
  });

  test("incremental: only new rows, only after success, with a window for late ones, backfill and reset", async () => {
    const params = { table_name: "orders", watermark_column: "changed_at", state_key: `${name} orders` };
    expect(await ids(params)).toHaveLength(100);
    expect(await ids(params)).toEqual([]);
    const more = await bench.artifact("more", `select * from (${ORDERS.replace("range(1, 101)", "range(101, 111)")})`);
    succeeded(await bench.write(database, { input_artifact: more, table_name: "orders" }));
    // A run that fails leaves the watermark where it was.
    expect(failed(await bench.read(database, { ...params, where: "no_such_column = 1" }))).toContain("DATABASE_QUERY");
    expect(await ids(params)).toEqual([101, 102, 103, 104, 105, 106, 107, 108, 109, 110]);
    expect(await ids({ ...params, late_window: "3h" })).toEqual([108, 109, 110]);
    expect(
      await ids({ ...params, watermark_from: "2024-01-01 05:00:00", watermark_to: "2024-01-01 08:00:00" }),
    ).toEqual([5, 6, 7]);
    expect(await ids(params)).toEqual([]);
    expect(await ids({ ...params, reset_watermark: true })).toHaveLength(110);
    expect(await ids({ ...params, state_key: `${name} another`, initial_watermark: "2024-01-05 10:00:00" })).toEqual([
      107, 108, 109, 110,
    ]);
    await database.sql("delete from orders where id > 100");
  });

  test("incremental by a number", async () => {
    const params = { table_name: "orders", watermark_column: "id", state_key: `${name} numbers` };
    expect(await ids(params)).toHaveLength(100);
    expect(await ids({ ...params, late_window_units: 2 })).toEqual([99, 100]);
    expect(await ids(params)).toEqual([]);
  });

  test("split reading takes every row once, NULL too", async () => {
    const rows = await bench.artifact(
      "wide",
      "select case when i % 100 = 0 then null else i end as id, i as n from range(0, 20000) r(i)",
    );
    succeeded(await bench.write(database, { input_artifact: rows, table_name: "wide", write_mode: "replace" }));
    const read = succeeded(await bench.read(database, { table_name: "wide", split_column: "id", pool_size: 4 }));
    const [found] = await bench.rows(
      read.artifacts["output_data"] ?? "",
      "select count(*) as n, count(distinct n) as d, count(*) filter (id is null) as nulls from input",
    );
    expect(found).toEqual({ n: "20000", d: "20000", nulls: "200" });
  });

  test("a missing server or file is a clear error", async () => {
    const nowhere = name === "sqlite" || name === "duckdb" ? `${name}:///nowhere/at/all.db` : `${name}://127.0.0.1:1/x`;
    const read = await bench.read(
      { ...database, connectionString: nowhere },
      { table_name: "t", max_retries: 0, connect_timeout: "2s" },
    );
    expect(failed(read)).toMatch(/DATABASE_CONNECT|DATABASE_FILE_MISSING|DATAPY_FILE/);
  });
});
