import { DATABASE_NAMES, startDatabase } from "../../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../../framework/database/test/servers/databases.js";
import { failed, openWorkbench, succeeded } from "./support/workbench.js";
import type { Workbench } from "./support/workbench.js";

const OLD =
  "select * from (values (1::bigint, 'one', 1.50::decimal(12,2)), (2, 'two', 2.50), (3, null, null)) t(id, name, amount)";
const NEW = "select * from (values (2::bigint, 'TWO', 20.00::decimal(12,2)), (4, 'four', 4.00)) t(id, name, amount)";

describe.each(DATABASE_NAMES)("write modes on %s", (name) => {
  let database: TestDatabase;
  let bench: Workbench;
  let old: string;
  let fresh: string;
  let count = 0;
  let table: string;

  beforeAll(async () => {
    bench = await openWorkbench();
    database = await startDatabase(name);
    old = await bench.artifact("old", OLD);
    fresh = await bench.artifact("new", NEW);
  });
  afterAll(async () => {
    await database.stop();
    bench.close();
  });
  beforeEach(() => {
    count += 1;
    table = `t${String(count)}`;
  });

  const content = async (columns = "id, name"): Promise<string[]> =>
    (await database.sql(`select ${columns} from ${table} order by id`)).map((row) =>
      Object.values(row).map(String).join("|"),
    );
  const ledger = async (): Promise<number> =>
    Number((await database.sql(`select count(*) as n from _datapy_loads where table_name = '${table}'`))[0]?.["n"]);

  test("append creates the table and adds rows; the ledger has a row a load", async () => {
    const first = succeeded(await bench.write(database, { input_artifact: old, table_name: table }));
    expect(first.metrics).toMatchObject({ rows_read: 3, rows_output: 3, rows_rejected: 0 });
    succeeded(await bench.write(database, { input_artifact: fresh, table_name: table }));
    expect(await content()).toEqual(expect.arrayContaining(["1|one", "2|TWO", "2|two", "3|null", "4|four"]));
    expect(await ledger()).toBe(2);
  });

  test("truncate changes the rows and keeps the definition", async () => {
    await database.sql(
      `create table ${table} (id bigint primary key, name varchar(20), amount decimal(12,2), extra varchar(9) default 'x')`,
    );
    succeeded(await bench.write(database, { input_artifact: old, table_name: table, write_mode: "truncate" }));
    succeeded(await bench.write(database, { input_artifact: fresh, table_name: table, write_mode: "truncate" }));
    expect(await content("id, name, extra")).toEqual(["2|TWO|x", "4|four|x"]);
  });

  test("replace changes rows and columns", async () => {
    succeeded(await bench.write(database, { input_artifact: old, table_name: table }));
    const other = await bench.artifact("other", "select 7::bigint as id, date '2024-02-29' as day");
    succeeded(await bench.write(database, { input_artifact: other, table_name: table, write_mode: "replace" }));
    expect((await database.sql(`select * from ${table}`)).map((row) => Object.entries(row).join(";"))).toEqual([
      "id,7;day,2024-02-29",
    ]);
    succeeded(await bench.write(database, { input_artifact: other, table_name: table, write_mode: "replace" }));
    expect(await database.sql(`select * from ${table}`)).toHaveLength(1);
    expect((await database.tables()).filter((one) => one.startsWith("_datapy_"))).toEqual(["_datapy_loads"]);
  });

  test.each(["created by the mod", "made without a key"])("upsert into a table %s", async (kind) => {
    if (kind === "made without a key")
      await database.sql(`create table ${table} (id bigint, name varchar(20), amount decimal(12,2))`);
    succeeded(
      await bench.write(database, {
        input_artifact: old,
        table_name: table,
        write_mode: "upsert",
        key_columns: ["id"],
      }),
    );
    const second = succeeded(
      await bench.write(database, {
        input_artifact: fresh,
        table_name: table,
        write_mode: "upsert",
        key_columns: ["id"],
      }),
    );
    expect(second.metrics).toMatchObject({ rows_read: 2, rows_output: 2 });
    expect(await content()).toEqual(["1|one", "2|TWO", "3|null", "4|four"]);
  });

  test("upsert deletes flagged rows and leaves the flag out", async () => {
    succeeded(
      await bench.write(database, {
        input_artifact: old,
        table_name: table,
        write_mode: "upsert",
        key_columns: ["id"],
      }),
    );
    const changes = await bench.artifact(
      "changes",
      "select * from (values (1::bigint, 'x', 0::decimal(12,2), 'D'), (2, 'zwei', 2, null), (9, 'nine', 9, 'y')) t(id, name, amount, gone)",
    );
    const done = succeeded(
      await bench.write(database, {
        input_artifact: changes,
        table_name: table,
        write_mode: "upsert",
        key_columns: ["id"],
        delete_flag_column: "gone",
      }),
    );
    expect(done.metrics).toMatchObject({ rows_read: 3, rows_output: 3, rows_deleted: 1 });
    expect(await content()).toEqual(["2|zwei", "3|null"]);
  });

  test("upsert refuses two rows of one key, or keeps the last", async () => {
    const twice = await bench.artifact(
      "twice",
      "select * from (values (1::bigint, 'first'), (1, 'last'), (2, 'two')) t(id, name)",
    );
    const load = { input_artifact: twice, table_name: table, write_mode: "upsert", key_columns: ["id"] };
    expect(failed(await bench.write(database, load))).toContain("DATABASE_KEY_DUPLICATE");
    const done = succeeded(await bench.write(database, { ...load, on_duplicate_key: "last" }));
    expect(done.metrics).toMatchObject({ rows_read: 3, rows_output: 2, duplicates_removed: 1 });
    expect(await content()).toEqual(["1|last", "2|two"]);
  });

  test("history keeps the versions of changed rows only", async () => {
    const load = { table_name: table, write_mode: "upsert", history: "scd2", key_columns: ["id"] };
    succeeded(await bench.write(database, { ...load, input_artifact: old, effective_at: "2024-01-01T00:00:00Z" }));
    succeeded(await bench.write(database, { ...load, input_artifact: fresh, effective_at: "2024-02-01T00:00:00Z" }));
    succeeded(await bench.write(database, { ...load, input_artifact: fresh, effective_at: "2024-03-01T00:00:00Z" }));
    const rows = await database.sql(
      `select id, name, case when is_current then 1 else 0 end as is_current, case when valid_to is null then 'open' else 'ended' end as ended from ${table} order by id, valid_from`,
    );
    expect(rows.map((row) => Object.values(row).join("|"))).toEqual([
      "1|one|1|open",
      "2|two|0|ended",
      "2|TWO|1|open",
      "3||1|open",
      "4|four|1|open",
    ]);
    expect(
      failed(await bench.write(database, { ...load, input_artifact: old, effective_at: "2024-01-15T00:00:00Z" })),
    ).toContain("DATABASE_INPUT_INVALID");
  });

  test("the same load id is loaded once, and never for other data", async () => {
    const load = { input_artifact: old, table_name: table, load_id: "orders/2024-08-12" };
    succeeded(await bench.write(database, load));
    const again = succeeded(await bench.write(database, load));
    expect(again).toMatchObject({ status: "success", metrics: { already_loaded: true, rows_output: 3 } });
    const reordered = await bench.artifact("reordered", `select * from (${OLD}) order by id desc`);
    expect(succeeded(await bench.write(database, { ...load, input_artifact: reordered })).metrics).toMatchObject({
      already_loaded: true,
    });
    const before = await database.sql(`select * from _datapy_loads where table_name = '${table}'`);

    const refused = async (difference: string, changed: Readonly<Record<string, unknown>>): Promise<void> => {
      const envelope = await bench.write(database, { ...load, ...changed });
      expect(failed(envelope)).toMatch(new RegExp(`DATABASE_LOAD_ID_REUSED.*${difference}`, "s"));
      expect(envelope).toMatchObject({ exit_code: 20 });
    };
    await refused("3 rows then, 2 now", { input_artifact: fresh });
    const swapped = "select id, case id when 1 then 'two' when 2 then 'one' end as name, amount";
    await refused("other values", { input_artifact: await bench.artifact("swapped", `${swapped} from (${OLD})`) });
    const retyped = `select id::integer as id, name, amount from (${OLD})`;
    await refused("other values, columns or keys", { input_artifact: await bench.artifact("retyped", retyped) });
    await refused("other values, columns or keys", { columns: ["id", "name"] });
    await refused("write_mode append, and now it is truncate", { write_mode: "truncate" });

    expect(await content()).toEqual(["1|one", "2|two", "3|null"]);
    expect(await database.sql(`select * from _datapy_loads where table_name = '${table}'`)).toEqual(before);
  });

  test("rows of one key in another order are other data where the last of them counts", async () => {
    const rows = "select * from (values (1::bigint, 'first'), (1, 'last')) t(id, name)";
    const load = {
      table_name: table,
      write_mode: "upsert",
      key_columns: ["id"],
      on_duplicate_key: "last",
      load_id: "a",
    };
    const forwards = await bench.artifact("forwards", rows);
    succeeded(await bench.write(database, { ...load, input_artifact: forwards }));
    const backwards = await bench.artifact("backwards", `select * from (${rows}) order by name desc`);
    expect(failed(await bench.write(database, { ...load, input_artifact: backwards }))).toContain(
      "DATABASE_LOAD_ID_REUSED",
    );
    expect(await content()).toEqual(["1|last"]);
  });

  test("a ledger of an earlier version gets its new column; what it knows by row count only is said", async () => {
    const load = { table_name: table, load_id: "old load", ledger_table: `_loads_${table}` };
    succeeded(await bench.write(database, { ...load, input_artifact: old }));
    await database.sql(`alter table _loads_${table} drop column content_checksum`);
    const again = succeeded(await bench.write(database, { ...load, input_artifact: old }));
    expect(again).toMatchObject({ status: "warning", metrics: { already_loaded: true } });
    expect(again.warnings.join()).toContain("by the number of rows only");
    expect(failed(await bench.write(database, { ...load, input_artifact: fresh }))).toContain(
      "DATABASE_LOAD_ID_REUSED",
    );

    succeeded(await bench.write(database, { ...load, load_id: "new load", input_artifact: fresh }));
    const shifted = await bench.artifact("shifted", `select id + 1 as id, name, amount from (${NEW})`);
    expect(failed(await bench.write(database, { ...load, load_id: "new load", input_artifact: shifted }))).toContain(
      "other values",
    );
    expect(await content()).toHaveLength(5);

    await database.sql(`update _loads_${table} set content_checksum = 'duckdb-v0.0.0:0' where load_id = 'new load'`);
    const otherVersion = await bench.write(database, { ...load, load_id: "new load", input_artifact: fresh });
    expect(succeeded(otherVersion).warnings.join()).toContain("by the number of rows only");
  });

  test("pre and post SQL belong to the load: all of it or nothing", async () => {
    await database.sql(`create table ${table} (id bigint, name varchar(20), amount decimal(12,2))`);
    await database.sql(`create table ${table}_log (n bigint)`);
    const load = { input_artifact: old, table_name: table, pre_sql: `insert into ${table}_log values (1)` };
    expect(
      failed(await bench.write(database, { ...load, post_sql: "insert into no_such_table values (1)" })),
    ).toContain("DATABASE_QUERY");
    expect([await content(), await database.sql(`select * from ${table}_log`)]).toEqual([[], []]);
    succeeded(
      await bench.write(database, { ...load, post_sql: `insert into ${table}_log select count(*) from ${table}` }),
    );
    expect((await database.sql(`select n from ${table}_log order by n`)).map((row) => row["n"])).toEqual(["1", "3"]);
  });

  test("schema evolution: freeze, discard, evolve", async () => {
    await database.sql(`create table ${table} (id bigint, name varchar(20))`);
    const load = { input_artifact: old, table_name: table };
    expect(failed(await bench.write(database, load))).toMatch(
      /DATABASE_SCHEMA_FROZEN: .*column amount is not in the table/,
    );
    const discarded = succeeded(await bench.write(database, { ...load, schema_evolution: "discard_columns" }));
    expect(discarded.warnings.join()).toContain("amount");
    const evolved = succeeded(await bench.write(database, { ...load, schema_evolution: "evolve" }));
    expect(evolved.warnings.join()).toContain("amount was added");
    const rows = await database.sql(`select id, amount from ${table} where id = 1 order by amount is null`);
    expect(rows.map((row) => Number(row["amount"]))).toEqual([1.5, 0]);
  });

  test("bad rows fail the load with the database's reason, or are set aside", async () => {
    await database.sql(
      `create table ${table} (id bigint primary key, name varchar(20) not null, amount decimal(12,2))`,
    );
    await database.sql(`insert into ${table} values (2, 'kept', 0)`);
    const load = { input_artifact: old, table_name: table };
    expect(failed(await bench.write(database, load))).toContain("DATABASE_BAD_ROW");
    expect(await content()).toEqual(["2|kept"]);
    const done = succeeded(await bench.write(database, { ...load, on_bad_row: "quarantine" }));
    expect(done.status).toBe("warning");
    expect(done.metrics).toMatchObject({ rows_read: 3, rows_output: 1, rows_rejected: 2 });
    expect(await content()).toEqual(["1|one", "2|kept"]);
    const rows = await bench.rows(
      done.artifacts["quarantine"] ?? "",
      `select "_row", id, "_reason" from input order by 1`,
    );
    expect(rows.map((row) => [row["_row"], row["id"]])).toEqual([
      ["2", "2"],
      ["3", "3"],
    ]);
    expect(rows.every((row) => String(row["_reason"]).length > 10)).toBe(true);
    expect(failed(await bench.write(database, { ...load, on_bad_row: "quarantine", max_bad_rows: 2 }))).toContain(
      "DATABASE_TOO_MANY_BAD_ROWS",
    );
    expect(await content()).toEqual(["1|one", "2|kept"]);
  });

  test("one bad row among many is found by halving batches", async () => {
    await database.sql(`create table ${table} (id bigint primary key, name varchar(20))`);
    await database.sql(`insert into ${table} values (777, 'there')`);
    const many = await bench.artifact("many", "select i as id, 'row ' || i as name from range(1, 5001) r(i)");
    const done = succeeded(
      await bench.write(database, {
        input_artifact: many,
        table_name: table,
        on_bad_row: "quarantine",
        batch_size: 1000,
      }),
    );
    expect(done.metrics).toMatchObject({ rows_read: 5000, rows_output: 4999, rows_rejected: 1 });
    expect(await content("count(*) as n, min(name) as id")).toHaveLength(1);
  });

  test("an empty input is said, or fails, and empties a table only in the modes that do", async () => {
    const none = await bench.artifact("none", `${OLD} where false`);
    succeeded(await bench.write(database, { input_artifact: old, table_name: table }));
    expect(
      failed(
        await bench.write(database, {
          input_artifact: none,
          table_name: table,
          write_mode: "truncate",
          on_empty: "fail",
        }),
      ),
    ).toContain("no rows");
    const appended = succeeded(await bench.write(database, { input_artifact: none, table_name: table }));
    expect(appended.status).toBe("warning");
    expect(await content()).toHaveLength(3);
    succeeded(
      await bench.write(database, { input_artifact: none, table_name: table, write_mode: "truncate", on_empty: "ok" }),
    );
    expect(await content()).toHaveLength(0);
  });

  test("a missing table is not created when it may not be, and a value that would be changed is refused", async () => {
    expect(
      failed(await bench.write(database, { input_artifact: old, table_name: table, create_table: false })),
    ).toContain("DATABASE_TABLE_MISSING");
    await database.sql(`create table ${table} (id bigint, code integer)`);
    const codes = await bench.artifact("codes", "select 1::bigint as id, '007' as code");
    expect(failed(await bench.write(database, { input_artifact: codes, table_name: table }))).toContain(
      "DATABASE_BAD_ROW",
    );
    expect(await database.sql(`select * from ${table}`)).toEqual([]);
  });
});
