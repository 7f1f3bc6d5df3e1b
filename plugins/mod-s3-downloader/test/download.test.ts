import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { failed, noise, openBench, put, succeeded } from "../../../framework/object-storage/test/servers/bench.js";
import type { Bench } from "../../../framework/object-storage/test/servers/bench.js";
import { startFaultProxy } from "../../../framework/object-storage/test/servers/fault-proxy.js";
import type { FaultProxy } from "../../../framework/object-storage/test/servers/fault-proxy.js";
import { startMod } from "../../../framework/object-storage/test/servers/mod-process.js";
import { STORE_NAMES, startStore } from "../../../framework/object-storage/test/servers/stores.js";
import type { TestStore } from "../../../framework/object-storage/test/servers/stores.js";

const MIB = 1024 * 1024;
let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STORE_NAMES)("downloads from %s", (name) => {
  let store: TestStore;
  let proxy: FaultProxy;
  const large = noise(3 * MIB + 5, "large");
  beforeAll(async () => {
    store = await startStore(name);
    proxy = await startFaultProxy(store.endpoint);
    await put(store, "in/2024/a.csv", "id\n1\n");
    await put(store, "in/2024/b.csv", "id\n2\n");
    await put(store, "in/2024/empty.txt", "");
    await put(store, "in/2025/c.csv", "id\n3\n");
    await put(store, "large.bin", large);
  });
  beforeEach(() => proxy.use(() => undefined));
  afterAll(async () => {
    await proxy.stop();
    await store.stop();
  });

  let folders = 0;
  const fresh = (): string => path.join(bench.folder, name, `out${String((folders += 1))}`);
  const params = (more: Record<string, unknown>): Record<string, unknown> => ({
    ...store.parameters(proxy.endpoint),
    part_size: "1MiB",
    max_retries: 2,
    ...more,
  });
  const download = (more: Record<string, unknown>) => bench.run("s3-downloader", params(more));
  const tree = (folder: string): string[] =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: "utf8" })
          .filter((one) => !statSync(path.join(folder, one)).isDirectory())
          .sort()
      : [];
  const gets = (): string[] => proxy.seen.filter((one) => one.startsWith("GET /test/large.bin"));

  test("by prefix, pattern, key and address", async () => {
    const out = fresh();
    const envelope = succeeded(await download({ prefix: "in/", output_path: out }));
    expect(tree(out)).toEqual(["2024/a.csv", "2024/b.csv", "2024/empty.txt", "2025/c.csv"]);
    expect(readFileSync(path.join(out, "2024/b.csv"), "utf8")).toBe("id\n2\n");
    expect(envelope.metrics).toMatchObject({ files_read: 4, files_written: 4, bytes_read: 15, files_unverified: 0 });
    for (const [more, expected] of [
      [{ prefix: "in/", pattern: "*/*.csv" }, ["2024/a.csv", "2024/b.csv", "2025/c.csv"]],
      [{ prefix: "in/2024/", pattern: "{a,b}.csv" }, ["a.csv", "b.csv"]],
      [{ bucket: undefined, input_path: "s3://test/in/**/c.csv" }, ["2025/c.csv"]],
      [{ bucket: undefined, input_path: "s3://test/in/2024/[ab].csv" }, ["a.csv", "b.csv"]],
      [{ key: ["in/2024/a.csv", "in/2025/c.csv"] }, ["a.csv", "c.csv"]],
      [{ key: "in/2024/a.csv", file_name: "renamed.csv" }, ["renamed.csv"]],
      [{ prefix: "in/2024/b" }, ["b.csv"]],
    ] as [Record<string, unknown>, string[]][]) {
      const into = fresh();
      succeeded(await download({ output_path: into, ...more }));
      expect(tree(into)).toEqual(expected);
    }
  });

  test("in ranges, several at once; the same again is not fetched, other content is", async () => {
    const out = fresh();
    succeeded(await download({ key: "large.bin", output_path: out }));
    const file = path.join(out, "large.bin");
    expect(readFileSync(file).equals(large)).toBe(true);
    expect(gets()).toHaveLength(4);
    utimesSync(file, 0, 0);
    expect(succeeded(await download({ key: "large.bin", output_path: out })).metrics).toMatchObject({
      files_skipped: 1,
      files_written: 0,
    });
    const changed = Buffer.from(large);
    changed[9] = (changed[9] ?? 0) ^ 1;
    writeFileSync(file, changed);
    expect(failed(await download({ key: "large.bin", output_path: out, overwrite: "never" }))).toMatch(/^30 S3_EXISTS/);
    expect(succeeded(await download({ key: "large.bin", output_path: out, overwrite: "skip" })).metrics).toMatchObject({
      files_skipped: 1,
    });
    expect(readFileSync(file).equals(changed)).toBe(true);
    succeeded(await download({ key: "large.bin", output_path: out }));
    expect(readFileSync(file).equals(large)).toBe(true);
  });

  test("without a folder one object is an artifact", async () => {
    const envelope = succeeded(await download({ key: "in/2024/a.csv" }));
    expect(envelope.artifacts["output_file"]).toMatch(/output_file\.csv$/);
    expect(readFileSync(envelope.artifacts["output_file"] ?? "", "utf8")).toBe("id\n1\n");
    expect(failed(await download({ prefix: "in/" }))).toMatch(/^20 S3_INPUT_INVALID/);
  });

  test("into a table: Parquet of equal columns, JSON; other columns only when asked", async () => {
    const duckdb = await DuckDBInstance.create(":memory:");
    const connection = await duckdb.connect();
    for (const [key, query] of [
      ["t/1.parquet", "select 1 as id, 'a' as name"],
      ["t/2.parquet", "select 2 as id, 'b' as name"],
      ["u/1.parquet", "select 1 as id"],
      ["u/2.parquet", "select 2 as id, 'b' as name"],
    ] as const) {
      const file = path.join(bench.folder, "one.parquet");
      await connection.run(`copy (${query}) to '${file}' (format parquet)`);
      await put(store, key, readFileSync(file));
    }
    const rows = async (file: string | undefined): Promise<unknown> =>
      (await connection.runAndReadAll(`from read_parquet('${file ?? ""}') order by 1`)).getRowObjectsJson();
    const envelope = succeeded(await download({ prefix: "t/", output: "table" }));
    expect(await rows(envelope.artifacts["output_data"])).toEqual([
      { id: 1, name: "a" },
      { id: 2, name: "b" },
    ]);
    expect(envelope.metrics).toMatchObject({ rows_output: 2, files_read: 2 });
    expect(failed(await download({ prefix: "u/", output: "table" }))).toMatch(
      /^20 S3_INPUT_INVALID: .*differ in the columns name VARCHAR/,
    );
    const united = succeeded(await download({ prefix: "u/", output: "table", union_by_name: true }));
    expect(await rows(united.artifacts["output_data"])).toEqual([
      { id: 1, name: null },
      { id: 2, name: "b" },
    ]);
    await put(store, "j/1.ndjson", '{"id": 9007199254740993}\n{"id": 2}\n');
    const json = succeeded(await download({ key: "j/1.ndjson", output: "table" }));
    expect(await rows(json.artifacts["output_data"])).toEqual([{ id: "2" }, { id: "9007199254740993" }]);
    expect(failed(await download({ prefix: "in/", pattern: "**/*.csv", output: "table" }))).toMatch(
      /^20 S3_INPUT_INVALID: .*neither Parquet nor JSON/,
    );
    connection.closeSync();
    duckdb.closeSync();
  });

  test("an incremental run reads what is new, and what was replaced", async () => {
    const one = (): Promise<Record<string, unknown>> =>
      download({ prefix: "inc/", output_path: fresh(), incremental: true, on_empty: "ok" }).then(
        (envelope) => succeeded(envelope).metrics,
      );
    await put(store, "inc/a", "1");
    expect(await one()).toMatchObject({ files_read: 1 });
    expect(await one()).toMatchObject({ files_read: 0 });
    await put(store, "inc/b", "2");
    expect(await one()).toMatchObject({ files_read: 1 });
    await put(store, "inc/a", "one");
    expect(await one()).toMatchObject({ files_read: 1 });
    // A run that fails has read nothing.
    await put(store, "inc/c", "3");
    proxy.use(({ method, url }) =>
      method === "GET" && url.pathname === "/test/inc/c" ? { status: 500, code: "InternalError" } : undefined,
    );
    failed(await download({ prefix: "inc/", output_path: fresh(), incremental: true, max_retries: 0 }));
    proxy.use(() => undefined);
    expect(await one()).toMatchObject({ files_read: 1 });
    expect(
      succeeded(await download({ prefix: "inc/", output_path: fresh(), incremental: true, reset_state: true })).metrics,
    ).toMatchObject({ files_read: 3 });
  });

  test("nothing there, nothing new: as told", async () => {
    expect(succeeded(await download({ prefix: "none/", output_path: fresh() })).status).toBe("warning");
    expect(succeeded(await download({ prefix: "none/", output_path: fresh(), on_empty: "ok" })).status).toBe("success");
    expect(failed(await download({ prefix: "none/", output_path: fresh(), on_empty: "fail" }))).toMatch(/^20 S3_EMPTY/);
    expect(failed(await download({ key: "in/none", output_path: fresh() }))).toMatch(/^20 S3_OBJECT_MISSING/);
    expect(failed(await download({ prefix: "x", bucket: "no-such", output_path: fresh() }))).toMatch(
      /^20 S3_BUCKET_MISSING/,
    );
    expect(
      succeeded(await download({ prefix: "in/", modified_since: "2999-01-01", output_path: fresh() })).metrics,
    ).toMatchObject({ files_read: 0 });
    expect(
      succeeded(await download({ prefix: "in/", modified_before: "2999-01-01", output_path: fresh() })).metrics,
    ).toMatchObject({ files_read: 4 });
  });

  test("a body that is cut goes on where it was cut", async () => {
    const out = fresh();
    proxy.use(({ method, url, count }) =>
      method === "GET" && url.pathname === "/test/large.bin" && count === 1 ? { cutAfter: 700_000 } : undefined,
    );
    succeeded(await download({ key: "large.bin", output_path: out, concurrency: 1 }));
    expect(readFileSync(path.join(out, "large.bin")).equals(large)).toBe(true);
    expect(tree(out)).toEqual(["large.bin"]);
    proxy.use(({ method }) => (method === "GET" ? { cutAfter: 10 } : undefined));
    expect(failed(await download({ key: "large.bin", output_path: fresh(), max_retries: 1 }))).toMatch(
      /^30 S3_CONNECT: .*ended|^30 S3_CONNECT/,
    );
  });

  test("damaged content is fetched once more, then refused; nothing of it stays", async () => {
    const out = fresh();
    proxy.use(({ method, url, count }) =>
      method === "GET" && url.pathname === "/test/large.bin" && count === 1 ? { flipAt: 4_000 } : undefined,
    );
    succeeded(await download({ key: "large.bin", output_path: out, concurrency: 1 }));
    expect(readFileSync(path.join(out, "large.bin")).equals(large)).toBe(true);
    const none = fresh();
    proxy.use(({ method }) => (method === "GET" ? { flipAt: 3 } : undefined));
    expect(failed(await download({ key: "large.bin", output_path: none }))).toMatch(
      /^30 S3_CHECKSUM: s3:\/\/test\/large\.bin/,
    );
    expect(tree(none)).toEqual([]);
    expect(failed(await download({ key: ["in/2024/a.csv", "large.bin"], output_path: none }))).toMatch(
      /^30 S3_CHECKSUM/,
    );
    expect(tree(none)).toEqual([]);
  });

  test("an object that is replaced meanwhile is refused", async () => {
    await put(store, "moving.bin", large);
    let done = false;
    proxy.use(({ method }) => {
      if (method !== "GET" || done) return undefined;
      done = true;
      return { wait: () => put(store, "moving.bin", noise(3 * MIB + 5, "other")) };
    });
    const out = fresh();
    expect(failed(await download({ key: "moving.bin", output_path: out }))).toMatch(/^30 S3_(OBJECT_CHANGED|CHECKSUM)/);
    expect(existsSync(path.join(out, "moving.bin"))).toBe(false);
  });

  test("killed in the middle: no file; the next run goes on from there", async () => {
    const out = fresh();
    let passed = 0;
    let enough: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (enough = resolve));
    proxy.use(({ method, url }) => {
      if (method !== "GET" || url.pathname !== "/test/large.bin") return undefined;
      passed += 1;
      if (passed <= 2) return undefined;
      enough();
      return { wait: () => new Promise(() => undefined) };
    });
    const { child, ended } = startMod(
      bench,
      "s3-downloader",
      params({ key: "large.bin", output_path: out, concurrency: 1 }),
    );
    await reached;
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    expect(existsSync(path.join(out, "large.bin"))).toBe(false);
    proxy.use(() => undefined);
    expect(succeeded(await download({ key: "large.bin", output_path: out })).metrics).toMatchObject({
      bytes_resumed: 2 * MIB,
    });
    expect(gets()).toHaveLength(2);
    expect(readFileSync(path.join(out, "large.bin")).equals(large)).toBe(true);
    expect(tree(out)).toEqual(["large.bin"]);
  });

  test("a full disk: said so, nothing stays", async () => {
    const out = fresh();
    mkdirSync(out, { recursive: true });
    // The system refuses to let a file grow past this, as a full disk would; it takes no mount and no root.
    const { ended } = startMod(
      bench,
      "s3-downloader",
      params({ key: "large.bin", output_path: out }),
      "trap '' XFSZ; ulimit -f 2000",
    );
    const { code, output } = await ended;
    expect(output).toContain("S3_DISK_FULL: no room to write");
    expect(code).toBe(30);
    expect(tree(out)).toEqual([]);
  });

  test("keys that would leave the folder: refused, or written with %", async () => {
    // A server over a file system cannot hold such keys; they come by a listing that was tampered with.
    const out = fresh();
    mkdirSync(out, { recursive: true });
    symlinkSync(os.tmpdir(), path.join(out, "link"));
    await put(store, "esc/link/x", "x");
    expect(failed(await download({ prefix: "esc/", output_path: out }))).toMatch(
      /^20 S3_KEY_UNSAFE: .*leads out of the folder/,
    );
    expect(existsSync(path.join(os.tmpdir(), "x"))).toBe(false);
    await put(store, "both/a", "file");
    await put(store, "both2/a.csv", "1");
    await put(store, "both2/d/a.csv", "2");
    expect(failed(await download({ key: ["both2/a.csv", "both2/d/a.csv"], output_path: fresh() }))).toMatch(
      /^20 S3_NAME_COLLISION/,
    );
  });

  test("what cannot work is refused", async () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ key: "in/2024/a.csv", prefix: "in/" }, /^20 S3_INPUT_INVALID/],
      [{ input_path: "s3://test/x" }, /^20 S3_INPUT_INVALID/],
      [{ bucket: undefined, prefix: "in/" }, /^20 S3_INPUT_INVALID/],
      [{ bucket: "..", prefix: "in/" }, /^20 S3_URI_INVALID/],
      [{ prefix: "in/", modified_since: "2024-13-45" }, /^20 S3_INPUT_INVALID/],
      [{ key: "in/2024/a.csv", file_name: "../a.csv" }, /^20 S3_KEY_UNSAFE/],
      [{ prefix: "in/", file_name: "one.csv" }, /^20 S3_INPUT_INVALID/],
    ];
    for (const [more, expected] of cases)
      expect(failed(await download({ output_path: fresh(), ...more }))).toMatch(expected);
  });
});
