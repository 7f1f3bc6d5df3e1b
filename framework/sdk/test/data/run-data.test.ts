import { existsSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { ident, literal, raw, sql, table } from "@datapy/mod-kit";
import type { RowBatch, Sql } from "@datapy/mod-kit";
import { fault } from "../../src/errors.js";
import { openData } from "./open-data.js";
import type { OpenedData } from "./open-data.js";

describe("ctx.data", () => {
  let data: OpenedData;
  beforeEach(async () => {
    data = await openData();
  });
  afterEach(() => data.end());

  const rows = (query: Sql): Promise<Record<string, unknown>[]> => data.context.query(query);

  describe("writeTable", () => {
    it("writes the result as one Parquet file and says what is in it", async () => {
      const made = await data.context.writeTable(
        "output_data",
        sql`select i as id, nullif(i % 3, 0) as rest, [i] as list from range(1000) t(i)`,
      );
      expect(made).toMatchObject({ kind: "table", key: "output_data", rows: 1000 });
      expect(made.columns).toEqual([
        { name: "id", type: "BIGINT", nullCount: 0 },
        { name: "rest", type: "BIGINT", nullCount: 334 },
        { name: "list", type: "BIGINT[]" },
      ]);
      expect(path.isAbsolute(made.uri)).toBe(true);
      expect((await stat(made.uri)).size).toBe(made.bytes);
      expect(await rows(sql`select count(*)::int as n, sum(id)::int as s from ${table(made)}`)).toEqual([
        { n: 1000, s: 499_500 },
      ]);
      expect(data.artifacts.made).toEqual([made]);
    });

    it("keeps the digits of sums, which are 128-bit numbers that Parquet does not have", async () => {
      const made = await data.context.writeTable(
        "output_data",
        sql`select sum(v) as total, interval 1 microsecond as step from (values (9007199254740993), (2)) t(v)`,
      );
      expect(await rows(sql`select * from ${table(made)}`)).toEqual([
        { total: "9007199254740995", step: "00:00:00.000001" },
      ]);
      expect(made.columns.map((one) => one.type)).toEqual(["DECIMAL(38,0)", "VARCHAR"]);
    });

    it("takes a query that ends in a comment or a semicolon", async () => {
      await data.context.writeTable("output_data", raw("select 1 as a -- one"));
      await data.context.writeTable("second", raw("select 1 as a;\n ;"));
      expect(data.artifacts.made).toHaveLength(2);
    });

    it("shows the finished file to verify before it has its final name, and keeps nothing when that throws", async () => {
      let seen: string | undefined;
      const writing = data.context.writeTable("output_data", sql`select 1 as a`, {
        verify: async (made) => {
          seen = made.uri;
          expect(await rows(sql`select * from ${table(made)}`)).toEqual([{ a: 1 }]);
          throw fault("DATAPY_INTERNAL", { detail: "not as it should be" });
        },
      });
      await expect(writing).rejects.toMatchObject({ code: "DATAPY_INTERNAL" });
      expect(seen).toBeDefined();
      expect(existsSync(seen ?? "")).toBe(false);
      expect(await data.files()).toEqual([]);
      // The key is free again.
      await data.context.writeTable("output_data", sql`select 1 as a`);
    });

    it("leaves nothing behind when the query fails halfway", async () => {
      const writing = data.context.writeTable(
        "output_data",
        sql`select if(i = 900000, error('broken row'), i) as a from range(1000000) t(i)`,
      );
      await expect(writing).rejects.toMatchObject({
        code: "DATAPY_DATA_QUERY_FAILED",
        message: expect.stringContaining("broken row"),
      });
      expect(await data.files()).toEqual([]);
    });

    it("refuses keys that the mod does not declare, of another kind, or twice", async () => {
      const write = (key: string): Promise<unknown> => data.context.writeTable(key, sql`select 1 as a`);
      await expect(write("other")).rejects.toMatchObject({ code: "DATAPY_ARTIFACT_UNDECLARED" });
      await expect(write("report")).rejects.toMatchObject({ code: "DATAPY_ARTIFACT_UNDECLARED" });
      await expect(write("toString")).rejects.toMatchObject({ code: "DATAPY_ARTIFACT_UNDECLARED" });
      await write("output_data");
      await expect(write("output_data")).rejects.toMatchObject({ code: "DATAPY_ARTIFACT_TWICE" });
    });

    it("keeps the lineage that the mod declares", async () => {
      const lineage = { a: [{ uri: "/in.csv", column: "b" }] };
      expect(await data.context.writeTable("output_data", sql`select 1 as a`, { lineage })).toMatchObject({ lineage });
    });

    it("says so when it may not write", async () => {
      await writeFile(path.join(data.folder, "artifacts"), "a file is in the way");
      await expect(data.context.writeTable("output_data", sql`select 1 as a`)).rejects.toMatchObject({
        code: "DATAPY_FILE_FAILED",
      });
    });
  });

  describe("table()", () => {
    it("reads exactly the file that is named, whatever its name", async () => {
      for (const name of ["a*b.parquet", "a?b.parquet", "[ab].parquet", "it's {x,y} é.parquet", "a\\b.parquet"]) {
        const file = path.join(data.folder, "year=2020", name);
        await mkdir(path.dirname(file), { recursive: true });
        await data.context.execute(sql`copy (select ${name} as name) to ${literal(file)} (format parquet)`);
        expect(await rows(sql`select * from ${table(file)}`)).toEqual([{ name }]);
      }
      // The pattern would match these.
      expect(await rows(sql`select * from ${table(path.join(data.folder, "year=2020", "a*b.parquet"))}`)).toHaveLength(
        1,
      );
    });
  });

  describe("query", () => {
    it("gives exact values", async () => {
      const [row] =
        await rows(sql`select 5::tinyint as tiny, 5::bigint as big, 170141183460469231731687303715884105727::hugeint as huge,
        1.10::decimal(4,2) as dec, date '2024-02-29' as day, timestamp '2024-02-29 10:00:00.123456' as ts,
        timestamptz '2024-02-29 10:00:00+02' as tz, timestamp_ns '2024-02-29 10:00:00.123456789' as ns, time '10:00:00.5' as t,
        'infinity'::date as forever, '-infinity'::timestamp as never, '0044-03-15 (BC)'::timestamptz as ides,
        interval '1 year 2 days' as span, uuid '00000000-0000-0000-0000-000000000001' as id, '\\x00\\xff'::blob as bytes,
        {a: 1::bigint, b: [date '2024-01-01']} as nested, map {'k': 1.5::double} as m, 'x'::enum('x', 'y') as e, null as nothing,
        'NaN'::double as nan, '101'::bit as bits`);
      expect(row).toEqual({
        tiny: 5,
        big: 5n,
        huge: 2n ** 127n - 1n,
        dec: "1.10",
        day: "2024-02-29",
        ts: "2024-02-29 10:00:00.123456",
        tz: "2024-02-29 08:00:00+00",
        ns: "2024-02-29 10:00:00.123456789",
        t: "10:00:00.5",
        forever: "infinity",
        never: "-infinity",
        ides: "0044-03-15 (BC) 00:00:00+00",
        span: "1 year 2 days",
        id: "00000000-0000-0000-0000-000000000001",
        bytes: new Uint8Array([0, 255]),
        nested: { a: 1n, b: ["2024-01-01"] },
        m: [{ key: "k", value: 1.5 }],
        e: "x",
        nothing: null,
        nan: Number.NaN,
        bits: "101",
      });
    });

    it("refuses more rows than it may give", async () => {
      await expect(rows(sql`select * from range(10001)`)).rejects.toMatchObject({
        code: "DATAPY_DATA_TOO_MANY_ROWS",
        message: expect.stringContaining("10000"),
      });
      expect(await rows(sql`select * from range(10000)`)).toHaveLength(10_000);
      await expect(data.context.query(sql`select * from range(6)`, { limit: 5 })).rejects.toMatchObject({
        code: "DATAPY_DATA_TOO_MANY_ROWS",
      });
      // The connection works on.
      expect(await rows(sql`select 1 as a`)).toEqual([{ a: 1 }]);
    });

    it("names DuckDB's own message in an error", async () => {
      await expect(rows(sql`select * from nowhere`)).rejects.toMatchObject({
        code: "DATAPY_DATA_QUERY_FAILED",
        message: expect.stringContaining("nowhere"),
      });
    });

    it("works in UTC on every machine", async () => {
      expect(await rows(sql`select '2024-01-01 00:00:00'::timestamptz::varchar as t`)).toEqual([
        { t: "2024-01-01 00:00:00+00" },
      ]);
    });
  });

  it("execute gives the number of changed rows", async () => {
    await data.context.execute(sql`create table t (i integer)`);
    expect(await data.context.execute(sql`insert into t values (1), (2), (3)`)).toBe(3);
    expect(await data.context.execute(sql`update t set i = 0 where i > ${1}`)).toBe(2);
  });

  it("describe gives names and types without running the query", async () => {
    expect(await data.context.describe(sql`select error('not run') as a, 1.5 as b`)).toMatchObject([
      { name: "a" },
      { name: "b", type: "DECIMAL(2,1)" },
    ]);
  });

  describe("batches", () => {
    const count = async (query: Sql): Promise<number> => {
      let total = 0;
      for await (const batch of data.context.batches(query)) {
        expect(batch.rows).toBeLessThanOrEqual(2048);
        expect(batch.columns.every((values) => values.length === batch.rows)).toBe(true);
        total += batch.rows;
      }
      return total;
    };

    it("gives every row, in order, also when the mod uses DuckDB in between", async () => {
      await data.context.execute(sql`create table kept (i bigint)`);
      let next = 0n;
      for await (const batch of data.context.batches(sql`select i, i::varchar as text from range(50000) t(i)`)) {
        expect(batch.names).toEqual(["i", "text"]);
        for (const value of batch.columns[0] ?? []) expect(value).toBe(next++);
        await data.context.execute(sql`insert into kept values (${batch.rows})`);
        await rows(sql`select 1`);
      }
      expect(next).toBe(50_000n);
      expect(await rows(sql`select sum(i)::int as n from kept`)).toEqual([{ n: 50_000 }]);
    });

    it("sees tables of the run, temporary tables and what its transaction has changed", async () => {
      await data.context.execute(sql`create table plain as select * from range(10)`);
      expect(await count(sql`from plain`)).toBe(10);
      await data.context.execute(sql`create temp table passing as select * from range(20)`);
      expect(await count(sql`from passing`)).toBe(20);
      await data.context.execute(sql`begin`);
      await data.context.execute(sql`insert into plain select * from range(5)`);
      expect(await count(sql`from plain`)).toBe(15);
      await data.context.execute(sql`rollback`);
      expect(await count(sql`from plain`)).toBe(10);
    });

    it("may be left before its end", async () => {
      for await (const batch of data.context.batches(sql`select * from range(1000000)`)) {
        expect(batch.rows).toBe(2048);
        break;
      }
      expect(await rows(sql`select 1 as a`)).toEqual([{ a: 1 }]);
    });
  });

  describe("writeBatches", () => {
    const batch = (names: string[], ...columns: RowBatch["columns"]): RowBatch => ({
      names,
      rows: columns[0]?.length ?? 0,
      columns,
    });

    it("writes rows that were made in JavaScript, in declared types", async () => {
      const columns = [
        { name: "id", type: "BIGINT" },
        { name: "amount", type: "DECIMAL(12,2)" },
        { name: "at", type: "TIMESTAMP" },
        { name: "ok", type: "BOOLEAN" },
        { name: "tags", type: "VARCHAR[]" },
        { name: "place", type: "STRUCT(x INTEGER, y DOUBLE)" },
        { name: "bytes", type: "BLOB" },
        { name: 'a "name"', type: "text" },
      ];
      const names = columns.map((one) => one.name);
      async function* source(): AsyncGenerator<RowBatch> {
        yield batch(
          names,
          [1, 2n ** 53n + 1n],
          ["1.10", null],
          ["2024-01-01 00:00:00.000001", null],
          [true, null],
          [["a", "it's"], null],
          [{ x: 1, y: 1.5 }, null],
          [new Uint8Array([0]), null],
          ["\0", ""],
        );
        await Promise.resolve();
        yield batch(names, [3], ["2"], ["2024-01-02"], [false], [[]], [{ x: 2, y: null }], [new Uint8Array()], [null]);
      }
      const made = await data.context.writeBatches("output_data", columns, source());
      expect(made.rows).toBe(3);
      expect(made.columns.map((one) => one.type)).toEqual([
        "BIGINT",
        "DECIMAL(12,2)",
        "TIMESTAMP",
        "BOOLEAN",
        "VARCHAR[]",
        "STRUCT(x INTEGER, y DOUBLE)",
        "BLOB",
        "VARCHAR",
      ]);
      expect(await rows(sql`select * from ${table(made)}`)).toEqual([
        {
          id: 1n,
          amount: "1.10",
          at: "2024-01-01 00:00:00.000001",
          ok: true,
          tags: ["a", "it's"],
          place: { x: 1, y: 1.5 },
          bytes: new Uint8Array([0]),
          'a "name"': "\0",
        },
        { id: 2n ** 53n + 1n, amount: null, at: null, ok: null, tags: null, place: null, bytes: null, 'a "name"': "" },
        {
          id: 3n,
          amount: "2.00",
          at: "2024-01-02 00:00:00",
          ok: false,
          tags: [],
          place: { x: 2, y: null },
          bytes: new Uint8Array(),
          'a "name"': null,
        },
      ]);
    });

    it("takes batches of any size and none at all", async () => {
      const values = Array.from({ length: 5000 }, (_, index) => index);
      const made = await data.context.writeBatches(
        "output_data",
        [{ name: "i", type: "INTEGER" }],
        [batch(["i"], values), batch(["i"], []), batch(["i"], values)],
      );
      expect(made.rows).toBe(10_000);
      const order = await rows(sql`select i from ${table(made)}`);
      expect(order.map((row) => row["i"])).toEqual([...values, ...values]);
      expect((await data.context.writeBatches("second", [{ name: "i", type: "INTEGER" }], [])).rows).toBe(0);
    });

    it.each<[string, string, RowBatch["columns"][number]]>([
      ["a fraction", "INTEGER", [1, 1.5]],
      ["a number past the range", "TINYINT", [1, 300]],
      ["a number that lost its digits", "BIGINT", [1, 2 ** 60]],
      ["text", "DOUBLE", [1, "1,5"]],
      ["a day that does not exist", "DATE", ["2024-01-01", "2024-02-30"]],
      ["half a character", "VARCHAR", ["a", "\ud800"]],
      ["too many digits", "DECIMAL(4,2)", ["1.10", "12345.6"]],
    ])("refuses %s instead of bending it", async (_, type, values) => {
      await expect(
        data.context.writeBatches("output_data", [{ name: "v", type }], [batch(["v"], values)]),
      ).rejects.toMatchObject({ exitCode: 30 });
      expect(await data.files()).toEqual([]);
    });

    it("refuses batches that do not fit the columns, and names of types that do not exist", async () => {
      const columns = [{ name: "a", type: "INTEGER" }];
      await expect(data.context.writeBatches("output_data", columns, [batch(["b"], [1])])).rejects.toMatchObject({
        code: "DATAPY_DATA_BAD_BATCH",
      });
      await expect(
        data.context.writeBatches("output_data", columns, [{ names: ["a"], rows: 2, columns: [[1]] }]),
      ).rejects.toMatchObject({ code: "DATAPY_DATA_BAD_BATCH" });
      await expect(
        data.context.writeBatches("output_data", [{ name: "a", type: "NUMBER OF THINGS" }], []),
      ).rejects.toMatchObject({ code: "DATAPY_DATA_QUERY_FAILED" });
    });

    it("keeps nothing when the source fails", async () => {
      async function* broken(): AsyncGenerator<RowBatch> {
        yield batch(["a"], [1]);
        await Promise.resolve();
        throw new Error("the service has gone");
      }
      await expect(
        data.context.writeBatches("output_data", [{ name: "a", type: "INTEGER" }], broken()),
      ).rejects.toThrow("the service has gone");
      expect(await data.files()).toEqual([]);
    });
  });

  describe("attach", () => {
    it("gives runs of one process the same file, and lets go of it when the last is done", async () => {
      const other = data.another();
      const file = path.join(data.folder, "some.duckdb");
      const first = await data.context.attach(file);
      const second = await other.context.attach(file);
      await data.context.execute(sql`create table ${ident(first, "main", "t")} as select 42 as answer`);
      expect(await other.context.query(sql`from ${ident(second, "main", "t")}`)).toEqual([{ answer: 42 }]);
      await data.close();
      await other.context.execute(sql`insert into ${ident(second, "main", "t")} values (43)`);
      await other.close();
      const third = data.another();
      const catalog = await third.context.attach(file, { readOnly: true });
      expect(await third.context.query(sql`select count(*)::int as n from ${ident(catalog, "main", "t")}`)).toEqual([
        { n: 2 },
      ]);
      await expect(third.context.execute(sql`delete from ${ident(catalog, "main", "t")}`)).rejects.toMatchObject({
        code: "DATAPY_DATA_QUERY_FAILED",
      });
      await expect(data.another().context.attach(file, { timeout: 0 })).rejects.toMatchObject({
        code: "DATAPY_DATABASE_LOCKED",
        retryable: true,
      });
    });

    it("means the project's own file when it is given none", async () => {
      const catalog = await data.context.attach();
      await data.context.execute(sql`create table ${ident(catalog, "main", "t")} as select 1 as a`);
      await data.close();
      expect(await data.files()).toEqual(["project.duckdb"]);
    });
  });

  it("keeps the tables of runs apart", async () => {
    const other = data.another();
    await data.context.execute(sql`create table t as select 1 as a`);
    await other.context.execute(sql`create table t as select 2 as a`);
    expect(await rows(sql`from t`)).toEqual([{ a: 1 }]);
    expect(await other.context.query(sql`from t`)).toEqual([{ a: 2 }]);
  });

  it("runs statements that were started together one after the other", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => rows(sql`select ${index} as a from range(3000)`)),
    );
    expect(results.map((result) => [result.length, result[0]?.["a"]])).toEqual(
      Array.from({ length: 20 }, (_, index) => [3000, index]),
    );
  });

  it("ends a statement when the run is canceled, with the reason of the cancellation", async () => {
    const endless = rows(
      sql`select count(*) from range(1000000000) a, range(1000000) b where (a.range * b.range) % 7 = 3`,
    );
    setTimeout(() => data.cancel.abort(fault("DATAPY_CANCELED", { cause: "SIGTERM" })), 100);
    await expect(endless).rejects.toMatchObject({ code: "DATAPY_CANCELED" });
    await expect(rows(sql`select 1`)).rejects.toMatchObject({ code: "DATAPY_CANCELED" });
  });

  it("leaves nothing of a table that was being written when the run was canceled", async () => {
    const writing = data.context.writeTable(
      "output_data",
      sql`select a.range, md5(b.range::varchar) as m from range(1000000000) a, range(1000) b`,
    );
    setTimeout(() => data.cancel.abort(fault("DATAPY_TIMEOUT", { mod: "x", limit: "1s" })), 300);
    await expect(writing).rejects.toMatchObject({ code: "DATAPY_TIMEOUT" });
    expect((await data.files()).filter((file) => file.startsWith("artifacts"))).toEqual([]);
  });

  it("gives each temporary path to one caller only, in a folder that goes with the run", async () => {
    const one = data.context.temporaryPath("x.csv");
    const other = data.context.temporaryPath("x.csv");
    expect(one).not.toBe(other);
    expect(path.basename(one)).toBe("x.csv");
    await writeFile(one, "a\n1\n");
    expect(await rows(sql`select * from read_csv(${literal(one)})`)).toEqual([{ a: 1n }]);
    expect(path.dirname(data.context.temporaryPath("../../etc/passwd"))).toContain(data.folder);
    await data.artifacts.close();
    await expect(readFile(one)).rejects.toThrow();
  });

  it("refuses to load or fetch extensions", async () => {
    await expect(rows(sql`select * from read_parquet('s3://bucket/x.parquet')`)).rejects.toMatchObject({
      code: "DATAPY_DATA_QUERY_FAILED",
    });
  });

  it("is over when the run is", async () => {
    await rows(sql`select 1`);
    await data.close();
    await expect(rows(sql`select 1`)).rejects.toMatchObject({ code: "DATAPY_RUN_OVER" });
  });

  it("says which setting DuckDB refuses", async () => {
    const odd = await openData({ memoryLimit: "lots" });
    await expect(odd.context.query(sql`select 1`)).rejects.toMatchObject({
      code: "DATAPY_DATA_SETTINGS",
      exitCode: 20,
      message: expect.stringContaining("Memory"),
    });
    await odd.end();
  });
});
