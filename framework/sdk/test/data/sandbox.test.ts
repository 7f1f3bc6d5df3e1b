import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { sql, table } from "@datapy/mod-kit";
import type { DataSandbox, TableArtifact } from "@datapy/mod-kit";
import { openData } from "./open-data.js";
import type { OpenedData } from "./open-data.js";

describe("ctx.data.sandbox", () => {
  let data: OpenedData;
  let orders: TableArtifact;
  let sandbox: DataSandbox;
  beforeEach(async () => {
    data = await openData({ memoryLimit: "200MB" });
    orders = await data.context.writeTable(
      "second",
      sql`select i as id, i % 3 as kind, date '2024-01-01' + i::int as day, (i * 1.5)::decimal(9, 2) as amount from range(12) t(i)`,
    );
    sandbox = await data.context.sandbox({ orders });
  });
  afterEach(() => data.end());

  const rows = async (text: string, parameters?: Parameters<DataSandbox["check"]>[1]): Promise<unknown[]> => {
    const made = await sandbox.writeTable("output_data", text, parameters === undefined ? {} : { parameters });
    return (await data.context.query(sql`select * from ${table(made)}`)).map((row) => Object.values(row));
  };

  it("runs one query over its tables", async () => {
    expect(sandbox.tables["orders"]?.map((column) => column.name)).toEqual(["id", "kind", "day", "amount"]);
    expect(
      await rows(
        "with k as (select kind, sum(id) as s from orders group by kind) select * from k order by kind -- all",
      ),
    ).toEqual([
      [0n, "18"],
      [1n, "22"],
      [2n, "26"],
    ]);
    expect(data.artifacts.made.map((one) => one.key)).toEqual(["second", "output_data"]);
  });

  it.each([
    ["a list", "select count(*)::int as n from orders where id >= ? and day < ?", [3, "2024-01-11"], 7],
    [
      "names",
      "select count(*)::int as n from orders where id in (select unnest($ids)) or amount = $a",
      { ids: [1, 2], a: 15 },
      3,
    ],
    ["a text that is SQL", "select count(*)::int as n from orders where 'x' = $v or kind = 7", { v: "' or 1=1 --" }, 0],
    ["NULL", "select (($v::int) is null)::int as n", { v: null }, 1],
  ])("binds values given as %s", async (_, text, parameters, expected) => {
    expect(await rows(text, parameters)).toEqual([[expected]]);
  });

  it.each([
    [
      "a value that is missing",
      "select $from as a",
      { form: 1 },
      "$from of the SQL has no value",
      "Give the value of form as from",
    ],
    ["a value too many", "select 1 as a", { stray: 1 }, "the SQL has no $stray", "Give every $name"],
    [
      "a text where a number is needed",
      "select id from orders where kind >= $least",
      { least: "fifty" },
      'the value of $least is the text "fifty"',
      "Correct the value",
    ],
  ])("says of values that do not fit what is wrong: %s", async (_, text, parameters, message, hint) => {
    const refusal = await rows(text, parameters as never).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "DATAPY_SANDBOX_PARAMETER",
      exitCode: 20,
      message: expect.stringContaining(message) as unknown,
      hint: expect.stringContaining(hint) as unknown,
    });
  });

  it("says where a column is misspelt, what was meant, and what there is", async () => {
    const refusal = await sandbox
      .check("select id,\n  sum(amuont) as s from orders group by id")
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "DATAPY_SANDBOX_SQL",
      message: expect.stringMatching(/^the SQL is refused: there is no column "amuont"\nLINE 2: .*\n +\^$/) as unknown,
      hint: 'Did you mean "amount"? The table orders has id, kind, day, amount.',
      position: { line: 2, column: 7 },
    });
  });

  it("takes pivots whose columns come from the data", async () => {
    const text = "pivot orders on kind using sum(id)::int group by (id > 5) as late;";
    const checked = await sandbox.check("with o as (select kind, id from orders) pivot o on kind using count(*)");
    expect(checked.dynamicPivot).toBe(true);
    expect(checked.columns.map((one) => one.name)).toEqual(["id", "0", "1", "2"]);
    expect(await rows(text.replace("group by (id > 5) as late", "group by day")).then((all) => all.length)).toBe(12);
  });

  it.each([
    ["two statements", "select 1; select 2", "not one SELECT"],
    ["no statement", " -- nothing", "empty"],
    ["a write", "create table x as select 1", "not one SELECT"],
    ["a write beside a pivot", "create type t as enum ('a'); pivot orders on kind using sum(id)", "not one SELECT"],
    ["a copy", "copy orders to '/tmp/datapy-evil.csv'", "not one SELECT"],
    ["a copy out of a bracket", "select 1) to '/tmp/datapy-evil.csv'; --", "syntax error"],
    ["a setting", "set memory_limit = '1TB'", "not one SELECT"],
    ["a pragma", "pragma database_list", "not one SELECT"],
    ["an attached file", "attach '/tmp/datapy-evil.db'", "not one SELECT"],
    ["an extension", "load httpfs", "not one SELECT"],
    ["a transaction", "begin", "not one SELECT"],
    ["show", "show tables", "SUMMARIZE"],
    ["a file as a table", "select * from '/etc/passwd'", "no table"],
    ["a file by a function", "select * from read_text('/etc/passwd')", "read_text"],
    ["a file in a subquery", "select (select count(*) from read_csv('/etc/passwd')) as n", "read_csv"],
    [
      "a file in a lambda",
      "select [1].list_transform(lambda x : (select content from read_blob('/etc/passwd'))) as n",
      "read_blob",
    ],
    ["a folder", "from glob('/*')", "glob"],
    ["settings", "from duckdb_settings()", "duckdb_settings"],
    ["settings in a pivot", "pivot (from duckdb_settings()) on name using count(*)", "duckdb_settings"],
    ["a setting's value", "select current_setting('temp_directory') as t", "current_setting"],
    ["SQL out of a text", "from query('select 1')", "query"],
    ["SQL out of JSON", "from json_execute_serialized_sql('{}')", "json_execute_serialized_sql"],
    ["the catalog", "select * from information_schema.tables", "information_schema.tables"],
    ["a name of a later expression", "with a as (from duckdb_tables), duckdb_tables as (select 1) from a", "no table"],
    ["a table that is not there", "select * from ordres", "no table"],
    ["two columns of one name", "select id, kind as ID from orders", "two columns"],
  ])("refuses %s", async (_, text, word) => {
    const refusal = await sandbox.writeTable("output_data", text).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "DATAPY_SANDBOX_SQL", exitCode: 20 });
    expect((refusal as Error).message).toContain(word);
    expect(existsSync("/tmp/datapy-evil.csv") || existsSync("/tmp/datapy-evil.db")).toBe(false);
    expect((await data.files()).filter((file) => file.includes("output_data"))).toEqual([]);
  });

  it("points at the place, by the line that the user wrote", async () => {
    const at = (text: string): Promise<string> =>
      sandbox.check(text).then(String, (error: unknown) => (error as Error).message);
    expect(await at("select id,\n  idd\nfrom orders")).toContain("LINE 2:   idd\n          ^");
    expect(await at("select 1\nfrom nowhere n")).toContain("LINE 2: from nowhere n\n             ^");
    expect(await at("select 1\nfrm orders x")).toContain("LINE 2: frm orders x\n");
    const running = sandbox.writeTable("output_data", "select id,\n  cast('x' || id as int) as n\nfrom orders");
    await expect(running).rejects.toMatchObject({ code: "DATAPY_DATA_QUERY_FAILED", exitCode: 30 });
    await expect(running).rejects.toThrow("LINE 2:   cast(");
  });

  it("refuses a file that is no table, and values that the SQL does not use", async () => {
    const text = path.join(data.folder, "x.parquet");
    await writeFile(text, "no parquet");
    await expect(data.context.sandbox({ text })).rejects.toMatchObject({ code: "DATAPY_SANDBOX_SQL" });
    await expect(sandbox.check("select 1 as a", { b: 2 })).rejects.toThrow("no $b");
  });

  it("is canceled with the run, and closed with it", async () => {
    const long = sandbox.writeTable("output_data", "select count(*) as n from range(10000000000) a, orders");
    setTimeout(() => data.cancel.abort(new Error("enough")), 100);
    await expect(long).rejects.toThrow("enough");
    await data.close();
    await expect(async () => sandbox.check("select 1 as a")).rejects.toMatchObject({ code: "DATAPY_RUN_OVER" });
  });

  it("spills to disk past the memory limit", async () => {
    const made = await sandbox.writeTable(
      "output_data",
      "select i, repeat(hash(i)::varchar, 8) as pad from range(2000000) t(i) order by hash(i)",
    );
    expect(made.rows).toBe(2_000_000);
  });
});
