import { DuckDBInstance } from "@duckdb/node-api";
import { readFileSync } from "node:fs";
import path from "node:path";
import { startFaultProxy } from "../../../framework/object-storage/test/servers/fault-proxy.js";
import { failed, openBench, put, succeeded } from "../../../framework/object-storage/test/servers/bench.js";
import type { Bench } from "../../../framework/object-storage/test/servers/bench.js";
import { STORE_NAMES, startStore } from "../../../framework/object-storage/test/servers/stores.js";
import type { TestStore } from "../../../framework/object-storage/test/servers/stores.js";

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STORE_NAMES)("files in %s", (name) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await startStore(name);
  });
  afterAll(async () => {
    await store.stop();
  });
  const check = (input_path: string, expectations: readonly unknown[], more: Record<string, unknown> = {}) => {
    const { bucket: _, ...parameters } = store.parameters();
    return bench.run("data-quality-checker", { ...parameters, input_path, expectations, ...more });
  };

  test("CSV with a trailer, JSON and Parquet are checked as files are, and named by their address", async () => {
    const parquet = path.join(bench.folder, "o.parquet");
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(`copy (select 1 as id, 'a' as kind union all select 2, 'b') to '${parquet}' (format parquet)`);
    connection.closeSync();
    instance.closeSync();
    await put(store, "in/orders 1%?.csv", "id,kind\n1,a\n2,b\nTRL,2\n");
    await put(store, "in/orders.ndjson", '{"id":1,"kind":"a"}\n{"id":2,"kind":"b"}\n');
    await put(store, "in/orders.PARQUET", readFileSync(parquet));
    await put(store, "in/orders.ctl", "rows=2\n");
    const common = [
      { check: "row_count", min: 2, max: 2 },
      { check: "uniqueness", columns: ["id"] },
      { check: "control_total", control_file: "s3://test/in/orders.ctl", pattern: "^rows=(\\d+)$" },
    ];
    for (const key of ["in/orders.ndjson", "in/orders.PARQUET"]) {
      const envelope = succeeded(await check(`s3://test/${key}`, common));
      expect(envelope.metrics).toMatchObject({ rows_read: 2, expectations_passed: 3, dataset: "orders" });
      const report = JSON.parse(readFileSync(envelope.artifacts["report"] ?? "", "utf8")) as { source: string };
      expect(report.source).toBe(`s3://test/${key}`);
    }
    const uri = "s3://test/in/orders 1%?.csv";
    const trailer = { check: "control_total", name: "trailer", control_file: uri, pattern: "^TRL,(\\d+)$" };
    // `?` in an address would stand for any character; the trailer is read from the same object.
    const csv = await check(uri, [...common, trailer], { skip_last_lines: 1, columns: { id: "INTEGER" } });
    expect(succeeded(csv).metrics).toMatchObject({ rows_read: 2, expectations_passed: 4 });
  });

  test("an object that two parameters name is fetched once", async () => {
    await put(store, "once/a.csv", "id\n1\nTRL|1\n");
    const proxy = await startFaultProxy(store.endpoint);
    try {
      const control_file = "s3://test/once/a.csv";
      const total = { check: "control_total", control_file, pattern: "^TRL\\|(\\d+)" };
      const more = { skip_last_lines: 1, endpoint_url: proxy.endpoint };
      succeeded(await check(control_file, [total], more));
      expect(proxy.seen.filter((one) => one.startsWith("GET /test/once/a.csv"))).toHaveLength(1);
    } finally {
      await proxy.stop();
    }
  });

  test("what is wrong is said of the address", async () => {
    await put(store, "bad/a.csv", "id,kind\n1\n");
    await put(store, "bad/b.csv", "id\n1\n");
    await put(store, "bad/c.parquet", "no parquet");
    await put(store, "bad/d.bin", "what");
    const one = [{ check: "row_count", min: 1 }];
    const cases: [string, RegExp][] = [
      ["s3://test/bad/none.csv", /^20 S3_OBJECT_MISSING: .*s3:\/\/test\/bad\/none\.csv/],
      ["s3://no-bucket/a.csv", /^20 S3_BUCKET_MISSING/],
      ["s3://test/bad/", /^20 QUALITY_BAD_INPUT: s3:\/\/test\/bad\/ names 4 objects, one is needed: .*a\.csv.*, …/],
      ["s3://test/bad/a.csv", /^20 QUALITY_BAD_INPUT: s3:\/\/test\/bad\/a\.csv: line 2 has 1 fields, the header has 2/],
      ["s3://test/bad/c.parquet", /^20 QUALITY_BAD_INPUT: s3:\/\/test\/bad\/c\.parquet cannot be read/],
      ["s3://test/bad/d.bin", /^20 QUALITY_BAD_INPUT: s3:\/\/test\/bad\/d\.bin has no extension/],
    ];
    for (const [uri, expected] of cases) expect(failed(await check(uri, one))).toMatch(expected);
    expect(failed(await check("s3://test/bad/b.csv", one, { secret_access_key: undefined }))).toMatch(
      /^20 S3_INPUT_INVALID/,
    );
    expect(
      failed(
        await check("s3://test/bad/b.csv", [
          { check: "control_total", control_file: "s3://test/bad/x.ctl", pattern: "(\\d+)" },
        ]),
      ),
    ).toMatch(/^20 S3_OBJECT_MISSING/);
  });
});
