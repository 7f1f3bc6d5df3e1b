import { createHash } from "node:crypto";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { create } from "tar";
import { failed, openBench, put, succeeded } from "../../../framework/object-storage/test/servers/bench.js";
import type { Bench } from "../../../framework/object-storage/test/servers/bench.js";
import { STORE_NAMES, startStore } from "../../../framework/object-storage/test/servers/stores.js";
import { parseRecord } from "../src/csv-file.js";
import { zipOf, zstdOf } from "./support/archives.js";

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const validate = (
  input_path: string | string[],
  rules: Record<string, unknown>[],
  more: Record<string, unknown> = {},
) => bench.run("file-validator", { input_path, rules, ...more });

/** Faults of a run, each as `rule: message`; empty when all is well. */
async function faults(
  input_path: string | string[],
  rules: Record<string, unknown>[],
  more: Record<string, unknown> = {},
): Promise<string[]> {
  const envelope = await validate(input_path, rules, more);
  if (envelope.status === "error") {
    expect(envelope.exit_code).toBe(20);
    return envelope.errors.map((one) => {
      expect(one).toMatch(/^FILE_VALIDATOR_FAILED: /);
      return one.replace(/^FILE_VALIDATOR_FAILED: (?:\S+: )?(.*) \(rule (\S+)\)\..*$/s, "$2: $1");
    });
  }
  return envelope.warnings;
}

test("a good file: nothing to say, and a report that says so", async () => {
  const file = bench.file("good/orders_20240812.csv", 'id,amount,note\n1,1.50,\n2,2.25,"a, b\nc"\n');
  const sum = createHash("sha256").update(readFileSync(file)).digest("hex");
  writeFileSync(`${file}.sha256`, `${sum}  orders_20240812.csv\n`);
  const envelope = succeeded(
    await validate(file, [
      { check: "exists", max_files: 1 },
      { check: "size", min: "10B", max: "1KiB" },
      { check: "age", max: "1h" },
      { check: "name", pattern: "orders_\\d{8}\\.csv" },
      { check: "encoding", bom: "forbid" },
      { check: "checksum" },
      { check: "checksum", value: sum.toUpperCase() },
      { check: "header", columns: ["id", "amount", "note"] },
      { check: "column_count" },
      { check: "row_count", equals: 2 },
      { check: "schema", columns: { id: "BIGINT", amount: "DECIMAL(10,2)" } },
    ]),
  );
  expect(envelope.status).toBe("success");
  expect(envelope.metrics).toMatchObject({ files_read: 1, checks_passed: 11, checks_failed: 0 });
  const report = JSON.parse(readFileSync(envelope.artifacts["report"] ?? "", "utf8")) as Record<string, never>;
  expect(report).toMatchObject({ status: "success", summary: { files: 1, errors: 0 }, files: [{ uri: file }] });
});

test("every fault of every file at once; the report stands although the run fails", async () => {
  bench.file("bad/a.csv", "id,nme\n1,x\n2\n3,y,z\n,w\n");
  bench.file("bad/b.csv", Buffer.from("id,name\n1,caf\xe9\n", "latin1"));
  const envelope = await validate(path.join(bench.folder, "bad/*.csv"), [
    { check: "name", pattern: "[b-z]\\.csv" },
    { check: "header", columns: ["id", "name"] },
    { check: "column_count" },
    { check: "encoding" },
    { check: "row_count", min: 10, severity: "warn", name: "enough" },
  ]);
  const text = failed(envelope);
  expect(text).toMatch(/^20 FILE_VALIDATOR_FAILED/);
  expect(text).toMatch(/a\.csv: its name "a\.csv" does not match/);
  expect(text).toMatch(/a\.csv: it lacks "name"; it has "nme" besides/);
  expect(text).toMatch(/a\.csv: 1 rows have fewer than 2 columns, 1 rows have more than 2 columns \(row 2, 3\)/);
  expect(text).toMatch(/b\.csv: byte 13 \(line 2\) is not utf-8/);
  const file = /The report: (\S+)/.exec(text)?.[1] ?? "";
  const report = JSON.parse(readFileSync(file, "utf8")) as { summary: unknown };
  expect(report.summary).toMatchObject({ files: 2, errors: 5 });
});

test("warnings alone make a warning", async () => {
  const file = bench.file("warn.csv", "a\n1\n");
  utimesSync(file, new Date(0), new Date(0));
  const envelope = succeeded(await validate(file, [{ check: "age", max: "1d", severity: "warn" }]));
  expect(envelope.status).toBe("warning");
  expect(envelope.warnings[0]).toMatch(/more than 86400 s/);
});

test("files that are not there, and rules that cannot be", async () => {
  expect(await faults(path.join(bench.folder, "none.csv"), [{ check: "size", min: 1 }])).toEqual([
    expect.stringMatching(/^exists: there is no file .*none\.csv\. The folder .* holds .*warn\.csv/),
  ]);
  expect(await faults(path.join(bench.folder, "none*"), [{ check: "exists", min_files: 0 }])).toEqual([]);
  expect(failed(await validate("x", [{ check: "name", pattern: "(" }, { check: "size" }]))).toMatch(
    /^20 FILE_VALIDATOR_BAD_RULE: .*no regular expression.*; size needs/,
  );
  expect(failed(await validate("x", [{ check: "size", mim: 1 }]))).toMatch(/^20 /);
});

test("texts: encodings, marks, where they end", async () => {
  const utf8 = bench.file("text/utf8.txt", "Grüße 漢字\n");
  const cut = bench.file("text/cut.txt", Buffer.from("Grüße 漢字").subarray(0, -1));
  const marked = bench.file("text/marked.txt", "\ufeffid\n1\n");
  const utf16 = bench.file("text/utf16.txt", Buffer.from("\ufeffa,b\n1,2\n", "utf16le"));
  // A character lies across the chunks that files are read in.
  const long = bench.file(
    "text/long.txt",
    Buffer.concat([Buffer.alloc(262_143, "x"), Buffer.from("é\nx"), Buffer.from([0xff])]),
  );
  expect(await faults(utf8, [{ check: "encoding" }])).toEqual([]);
  expect(await faults(utf8, [{ check: "encoding", encoding: "ascii" }])).toEqual([
    expect.stringContaining("byte 2 (line 1) is not ascii"),
  ]);
  expect(await faults(cut, [{ check: "encoding" }])).toEqual([expect.stringContaining("within a character")]);
  expect(
    await faults(marked, [
      { check: "encoding", bom: "forbid" },
      { check: "header", columns: ["id"] },
    ]),
  ).toEqual([expect.stringContaining("byte order mark (utf-8)")]);
  expect(await faults(utf8, [{ check: "encoding", bom: "require" }])).toHaveLength(1);
  expect(
    await faults(
      utf16,
      [{ check: "encoding" }, { check: "column_count", equals: 2 }, { check: "row_count", equals: 1 }],
      { encoding: "utf-16le" },
    ),
  ).toEqual([]);
  expect(await faults(long, [{ check: "encoding" }])).toEqual([
    expect.stringContaining("byte 262147 (line 2) is not utf-8"),
  ]);
  expect(await faults(utf8, [{ check: "encoding", encoding: "klingon" }])).toEqual([
    expect.stringContaining("is no encoding that is known"),
  ]);
});

test("checksums: lists beside the file, wrong ones, none", async () => {
  const file = bench.file("sum/data.bin", "content");
  const md5 = createHash("md5").update("content").digest("hex");
  const list = bench.file("sum/list.md5", `00000000000000000000000000000000  other.bin\n${md5} *./data.bin\n`);
  expect(await faults(file, [{ check: "checksum", algorithm: "md5", checksum_file: list }])).toEqual([]);
  expect(await faults(file, [{ check: "checksum", algorithm: "crc32", value: "e55dca9c" }])).toHaveLength(1);
  expect(await faults(file, [{ check: "checksum", value: "12345678" }])).toEqual([
    expect.stringContaining("is no sha256"),
  ]);
  expect(await faults(file, [{ check: "checksum" }])).toEqual([
    expect.stringContaining("there is no list of checksums"),
  ]);
});

test("rows: types, empty files, Parquet, JSON, compressed CSV, tabs", async () => {
  const csv = bench.file("rows/a.csv", "id,day\n1,2024-02-28\nx,2024-02-30\n1.5,\n");
  expect(await faults(csv, [{ check: "schema", columns: { id: "INTEGER", day: "DATE", gone: "TEXT" } }])).toEqual([
    'schema: it has no column "gone"; 2 values of "id" are no INTEGER (row 2, 3); 1 values of "day" are no DATE (row 2)',
  ]);
  const empty = bench.file("rows/empty.csv", "");
  expect(await faults(empty, [{ check: "row_count", min: 1 }])).toEqual(["row_count: it cannot be read: it is empty"]);
  const packed = bench.file("rows/a.tsv.gz", gzipSync("id\tname\n1\ta,b\n2\tc\n"));
  expect(
    await faults(packed, [
      { check: "header", columns: ["name", "id"], order: "any" },
      { check: "row_count", equals: 2 },
      { check: "column_count", equals: 2 },
    ]),
  ).toEqual([]);
  const zst = bench.file("rows/a.csv.zst", zstdOf("id\n1\n2\n3\n"));
  expect(await faults(zst, [{ check: "row_count", equals: 3 }])).toEqual([]);
  const json = bench.file("rows/a.ndjson", '{"id": 1, "name": "x"}\n{"id": 2, "name": null}\n');
  expect(
    await faults(json, [
      { check: "row_count", equals: 2 },
      { check: "header", columns: ["id"], order: "contains" },
      { check: "schema", columns: { id: "BIGINT" } },
    ]),
  ).toEqual([]);
  const duckdb = await DuckDBInstance.create(":memory:");
  const connection = await duckdb.connect();
  const parquet = path.join(bench.folder, "rows/a.parquet");
  await connection.run(`copy (select 1::bigint as id, 1.5::decimal(10,2) as amount) to '${parquet}' (format parquet)`);
  connection.closeSync();
  duckdb.closeSync();
  expect(
    await faults(parquet, [
      { check: "schema", columns: { id: "INTEGER", amount: "decimal(10, 2)" } },
      { check: "column_count", min: 3 },
    ]),
  ).toEqual(['schema: "id" is BIGINT, not INTEGER', "column_count: it has 2 columns, fewer than 3"]);
  const damaged = bench.file("rows/b.parquet", readFileSync(parquet).subarray(0, 100));
  expect(await faults(damaged, [{ check: "row_count", min: 1 }])).toEqual([
    expect.stringMatching(/^row_count: it cannot be read/),
  ]);
});

test("archives: whole ones, and every kind of damage", async () => {
  const folder = path.join(bench.folder, "arc");
  bench.file("arc/in/a.txt", "hello hello hello hello");
  bench.file("arc/in/b.txt", "second".repeat(1000));
  const tar = path.join(folder, "x.tar");
  await create({ file: tar, cwd: folder }, ["in"]);
  const bytes = readFileSync(tar);
  const archive = [{ check: "archive", min_entries: 2, required_entries: ["in/*.txt"] }];
  const good: [string, Buffer][] = [
    ["good.tar", bytes],
    ["good.tar.gz", gzipSync(bytes)],
    ["good.tar.zst", zstdOf(bytes)],
    ["good.zip", zipOf({ "in/a.txt": "hello hello hello", "in/b.txt": "x".repeat(5000) })],
  ];
  for (const [name, content] of good) {
    expect([name, await faults(bench.file(`arc/${name}`, content), archive)]).toEqual([name, []]);
    // Cut anywhere it is not whole any more.
    for (const length of [content.length - 600, Math.floor(content.length / 2), 600].filter(
      (one) => one > 0 && one < content.length,
    ))
      expect([
        name,
        length,
        (await faults(bench.file(`arc/cut-${name}`, content.subarray(0, length)), archive)).length,
      ]).toEqual([name, length, 1]);
    if (name === "good.tar") continue;
    const flipped = Buffer.from(content);
    // In a zip file within the first entry's content: its headers hold also what nobody reads.
    const at = name.endsWith(".zip") ? 42 : Math.floor(content.length / 3);
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    expect([name, (await faults(bench.file(`arc/flipped-${name}`, flipped), archive)).length]).toEqual([name, 1]);
  }
  const header = Buffer.from(bytes);
  header[3] = (header[3] ?? 0) ^ 1;
  expect(await faults(bench.file("arc/header.tar", header), archive)).toHaveLength(1);
  expect(await faults(bench.file("arc/plain.txt.gz", gzipSync("text")), [{ check: "archive" }])).toEqual([]);
  expect(await faults(bench.file("arc/no.gz", "text"), [{ check: "archive" }])).toEqual([
    expect.stringContaining("no gzip file"),
  ]);
  expect(await faults(bench.file("arc/no.zip", "text"), [{ check: "archive" }])).toHaveLength(1);
  expect(await faults(bench.file("arc/slip.zip", zipOf({ "../../etc/x": "x" })), [{ check: "archive" }])).toHaveLength(
    1,
  );
});

test("a record of CSV comes apart as it was put together", () => {
  const form = { delimiter: ",", quote: '"', escape: '"', header: true, encoding: "utf-8" };
  const value = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é") });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      const text = `${values.map((one) => `"${one.replaceAll('"', '""')}"`).join(",")}\n1,2\n`;
      expect(parseRecord(text, form, false)).toEqual(values);
    }),
  );
});

test("rows of any shape are counted as a reader of CSV counts them", async () => {
  const rows = fc.array(
    fc.array(fc.constantFrom("", "a", '"q"', '"x,y"', '"l\nm"', '""'), { minLength: 1, maxLength: 4 }),
    { minLength: 1, maxLength: 6 },
  );
  for (const sample of fc.sample(rows, { numRuns: 12, seed: 7 })) {
    const lines = sample.map((row) => (row.length === 1 && row[0] === "" ? ["a"] : row));
    const file = bench.file("shape.csv", `h1,h2,h3\n${lines.map((row) => row.join(",")).join("\n")}\n`);
    const wrong = lines.flatMap((row, index) => (row.length === 3 ? [] : [index + 1]));
    const found = await faults(file, [{ check: "column_count" }]);
    if (wrong.length === 0) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringContaining(`(row ${wrong.slice(0, 5).join(", ")})`)]);
  }
});

test.each(STORE_NAMES)("files in %s", async (name) => {
  const store = await startStore(name);
  try {
    const { bucket: _, ...parameters } = store.parameters();
    await put(store, "drop/a.csv", "id\n1\n");
    await put(store, "drop/a.csv.md5", `${createHash("md5").update("id\n1\n").digest("hex")}  a.csv\n`);
    await put(store, "drop/b.zip", zipOf({ a: "b" }));
    const rules = [
      { check: "exists", min_files: 1 },
      { check: "row_count", equals: 1 },
      { check: "checksum", algorithm: "md5" },
      { check: "age", max: "1h" },
    ];
    expect(await faults("s3://test/drop/*.csv", rules, parameters)).toEqual([]);
    expect(await faults("s3://test/drop/b.zip", [{ check: "archive" }], parameters)).toEqual([]);
    expect(await faults("s3://test/drop/c.csv", [{ check: "exists" }], parameters)).toHaveLength(1);
    expect(failed(await validate("s3://no-bucket/c.csv", [{ check: "exists" }], parameters))).toMatch(
      /^20 S3_BUCKET_MISSING/,
    );
  } finally {
    await store.stop();
  }
});
