import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import type { Envelope } from "@datapy/mod-kit";

const MOD = path.join(__dirname, "..", "dist", "index.js");

describe("sql-transform", () => {
  let folder: string;
  let database: DuckDBInstance;
  let orders: string;
  let customers: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "datapy-sql [1]-"));
    database = await DuckDBInstance.create(":memory:");
    setGlobalConfig({ work_path: folder, log_level: "error" });
    orders = await make(
      "orders",
      "select i as id, i % 3 as customer, date '2024-01-01' + (i % 2)::int as day, (i * 1.25)::decimal(18, 2) as amount from range(10) t(i)",
    );
    customers = await make("cust [1]", "select i as id, 'name ' || i as name from range(3) t(i)");
  });
  afterAll(() => {
    database.closeSync();
    rmSync(folder, { recursive: true, force: true });
  });

  async function make(name: string, query: string): Promise<string> {
    const file = path.join(folder, `${name}.parquet`);
    const connection = await database.connect();
    await connection.run(`copy (${query}) to '${file}' (format parquet)`);
    connection.closeSync();
    return file;
  }
  async function read(envelope: Envelope): Promise<unknown[][]> {
    if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
    const connection = await database.connect();
    const result = await connection.runAndReadAll(`from read_parquet('${envelope.artifacts["output_data"] ?? ""}')`);
    connection.closeSync();
    return [result.columnNames(), ...result.getRowsJson()];
  }
  const failure = (envelope: Envelope): string => {
    expect(envelope).toMatchObject({ status: "error", exit_code: 20 });
    return envelope.status === "error" ? envelope.errors.join("\n") : "";
  };

  test("joins and aggregates its tables, with values bound, and says where the columns come from", async () => {
    const envelope = await runMod(MOD, {
      input_artifacts: { orders, customers },
      query: `
        with late as (select * from orders where day >= $from)
        select name, sum(amount) as total, count(*) as n
        from late join customers on customers.id = late.customer
        group by name order by name;`,
      parameters: { from: "2024-01-02" },
    });
    expect(await read(envelope)).toEqual([
      ["name", "total", "n"],
      ["name 0", "15.00", "2"],
      ["name 1", "10.00", "2"],
      ["name 2", "6.25", "1"],
    ]);
    expect(envelope).toMatchObject({ metrics: { rows_read: 13, rows_output: 3, columns_without_lineage: 0 } });
    const [day = ""] = readdirSync(path.join(folder, "runs")).filter((name) => /^\d/.test(name));
    const ledger = readdirSync(path.join(folder, "runs", day))
      .map((name) => readFileSync(path.join(folder, "runs", day, name), "utf8"))
      .join("");
    expect(ledger).toContain('"columnLineage"');
    expect(ledger).toContain(path.basename(customers));
  });

  test("pivots by the data, and takes one table as input", async () => {
    const envelope = await runMod(MOD, {
      input_artifact: orders,
      query: "pivot (select customer, day, amount from input) on customer using sum(amount) order by day",
    });
    const [columns, ...rows] = await read(envelope);
    expect(columns).toEqual(["day", "0", "1", "2"]);
    expect(rows).toHaveLength(2);
  });

  test("reads the query from a file", async () => {
    const file = path.join(folder, "query.sql");
    writeFileSync(file, "\ufeffselect max(id) as m from input -- the last\n");
    expect(await read(await runMod(MOD, { input_artifact: orders, query_path: file }))).toEqual([["m"], ["9"]]);
  });

  test("keeps the columns of an empty result, or refuses it", async () => {
    const params = { input_artifact: orders, query: "select id from input where false" };
    expect(await read(await runMod(MOD, params))).toEqual([["id"]]);
    expect(await runMod(MOD, { ...params, on_empty: "warn" })).toMatchObject({ status: "warning" });
    expect(failure(await runMod(MOD, { ...params, on_empty: "fail" }))).toContain("no rows");
  });

  test("shows the line and a caret for what it refuses", async () => {
    const errors = failure(await runMod(MOD, { input_artifact: orders, query: "select id,\n  amout\nfrom input" }));
    expect(errors).toContain("LINE 2:   amout\n          ^");
    expect(
      failure(await runMod(MOD, { input_artifact: orders, query: "select * from read_text('/etc/passwd')" })),
    ).toContain("read_text");
  });

  test.each([
    ["no table", { query: "select 1 as a" }, "no table to read"],
    ["no query", { input_artifact: "x.parquet" }, "no query"],
    ["two queries", { input_artifact: "x.parquet", query: "select 1", query_path: "x.sql" }, "both"],
    ["a query file that is not there", { input_artifact: "x.parquet", query_path: "nowhere.sql" }, "nowhere.sql"],
    [
      "a table that is not there",
      { input_artifact: "/nowhere/x.parquet", query: "from input" },
      "/nowhere/x.parquet: there is no such file (",
    ],
    ["two tables of one name", { input_artifacts: { a: "x.parquet", A: "y.parquet" }, query: "from a" }, '"A"'],
  ])("refuses %s", async (_, params, words) => {
    expect(failure(await runMod(MOD, params))).toContain(words);
  });
});
