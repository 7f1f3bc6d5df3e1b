import { DuckDBInstance } from "@duckdb/node-api";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { open } from "yauzl";
import type { Entry, ZipFile } from "yauzl";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";

const MOD = path.join(__dirname, "..", "dist", "index.js");
const CSV_READER = path.join(__dirname, "..", "..", "mod-csv-reader", "dist", "index.js");

describe("file-writer", () => {
  let folder: string;
  let database: DuckDBInstance;
  let files = 0;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "datapy-writer-"));
    database = await DuckDBInstance.create(":memory:");
    setGlobalConfig({ work_path: path.join(folder, "work"), log_level: "error" });
  });
  afterAll(() => {
    database.closeSync();
    rmSync(folder, { recursive: true, force: true });
  });

  async function table(query: string): Promise<string> {
    const file = path.join(folder, `table-${String(++files)}.parquet`);
    await rows(`copy (${query}) to '${file}' (format parquet)`);
    return file;
  }
  async function rows(query: string): Promise<unknown[][]> {
    const connection = await database.connect();
    await connection.run("set TimeZone = 'UTC'");
    const result = (await connection.runAndReadAll(query)).getRowsJson() as unknown[][];
    connection.closeSync();
    return result;
  }
  const place = (name: string): string => path.join(folder, `out-${String(++files)}`, name);
  async function write(query: string, name: string, params: Record<string, unknown> = {}): Promise<string> {
    const output = place(name);
    succeeded(await runMod(MOD, { input_artifact: await table(query), output_path: output, ...params }));
    return output;
  }
  async function refusal(query: string, name: string, params: Record<string, unknown> = {}): Promise<string> {
    const output = place(name);
    const envelope = await runMod(MOD, { input_artifact: await table(query), output_path: output, ...params });
    expect(envelope).toMatchObject({ status: "error", exit_code: 20 });
    expect(existsSync(path.dirname(output)) ? readdirSync(path.dirname(output)) : []).toEqual([]);
    return envelope.errors.join("\n");
  }
  function succeeded(envelope: Envelope): Extract<Envelope, { status: "success" | "warning" }> {
    if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
    return envelope;
  }

  const ODD = `select * from (values (1, 'a,b'), (2, ''), (3, null), (4, 'say "x"'), (5, e'two\\nlines'), (6, ' pad '), (7, '00123'), (8, 'ż😀'), (9, '=1+1')) as v(id, t)`;

  describe("CSV", () => {
    test("keeps NULL and the empty text apart, and every odd text", async () => {
      const file = await write(ODD, "x.csv");
      expect(readFileSync(file, "utf8")).toBe(
        'id,t\n1,"a,b"\n2,""\n3,\n4,"say ""x"""\n5,"two\nlines"\n6, pad \n7,00123\n8,ż😀\n9,=1+1\n',
      );
      const back = succeeded(await runMod(CSV_READER, { input_path: file, columns: { t: "VARCHAR", id: "INTEGER" } }));
      expect(await rows(`from '${back.artifacts["output_data"] ?? ""}'`)).toEqual(await rows(ODD));
    });

    test.each([
      ["another dialect", { delimiter: ";", quote: "'", null_value: "NULL", quote_all: true }, "'id';'t'\n'1';'a,b'\n"],
      [
        "CRLF, which leaves the line ends inside of values",
        { line_ending: "crlf" },
        'id,t\r\n1,"a,b"\r\n2,""\r\n3,\r\n4,"say ""x"""\r\n5,"two\nlines"\r\n',
      ],
      ["guarded formulas", { formula_guard: true }, "9,'=1+1\n"],
      ["a byte order mark", { encoding: "utf-8-bom" }, "\ufeffid,t\n1"],
      ["no header", { header: false }, '1,"a,b"\n'],
      ["an escape", { escape: "\\" }, '4,"say \\"x\\""\n'],
      ["chosen columns", { columns: ["t", "id"] }, 't,id\n"a,b",1\n'],
    ])("writes %s", async (_, params, expected) => {
      expect(readFileSync(await write(ODD, "x.csv", params), "utf8")).toContain(expected);
    });

    test("TSV, other encodings, compression", async () => {
      expect(readFileSync(await write("select 1 as a, 'x' as b", "x.tsv"), "utf8")).toBe("a\tb\n1\tx\n");
      expect([...readFileSync(await write("select 'é€' as a", "x.csv", { encoding: "windows-1252" }))]).toEqual([
        0x61, 10, 0xe9, 0x80, 10,
      ]);
      expect(readFileSync(await write("select 'é' as a", "x.csv", { encoding: "utf-16le" })).toString("utf16le")).toBe(
        "\ufeffa\né\n",
      );
      expect(gunzipSync(readFileSync(await write("select 1 as a", "x.csv.gz"))).toString()).toBe("a\n1\n");
      expect(
        gunzipSync(readFileSync(await write("select 1 as a", "x.csv.gz", { line_ending: "crlf" }))).toString(),
      ).toBe("a\r\n1\r\n");
      expect(await rows(`from read_csv('${await write("select 1 as a", "x.csv.zst")}', compression = 'zstd')`)).toEqual(
        [["1"]],
      );
    });

    test("numbers, dates and nested values as they are", async () => {
      const query =
        "select 9007199254740993::bigint as i, 1.10::decimal(20, 2) as d, timestamp '2024-01-02 03:04:05.123456' as ts, [1, 2] as l, 0.1::float as f";
      expect(readFileSync(await write(query, "x.csv"), "utf8")).toBe(
        'i,d,ts,l,f\n9007199254740993,1.10,2024-01-02 03:04:05.123456,"[1,2]",0.1\n',
      );
      const dated = "select date '2024-01-02' as d, timestamp '2024-01-02 03:04:05' as ts";
      expect(
        readFileSync(await write(dated, "x.csv", { date_format: "%d.%m.%Y", timestamp_format: "%H:%M" }), "utf8"),
      ).toBe("d,ts\n02.01.2024,03:04\n");
    });

    test("refuses what would not come back", async () => {
      expect(await refusal("select 'a,b' as t", "x.csv", { quote: "" })).toContain("delimiter");
      expect(await refusal("select '' as t", "x.csv", { quote: "" })).toContain("NULL");
      expect(await refusal("select 'ż' as t", "x.csv", { encoding: "latin1" })).toContain("U+017C");
      expect(await refusal("select 1 as t", "x.csv", { delimiter: ";;" })).toContain("ASCII");
      expect(await refusal("select 1 as t", "x.csv", { encoding: "klingon" })).toContain("klingon");
      expect(await refusal("select 1 as t", "x.csv", { columns: ["T", "t", "t"] })).toContain("twice");
      expect(await refusal("select 1 as t", "x.unknown")).toContain("format");
      expect(await refusal("select 1 as t where false", "x.csv", { on_empty: "fail" })).toContain("no rows");
    });
  });

  describe("JSON", () => {
    const query = `select 9007199254740993::bigint as i, 12345678901234567890.12::decimal(38, 2) as d, 'ż"' as t, null as n, timestamp '2024-01-02 03:04:05.5' as ts, timestamptz '2024-01-02 03:04:05+00' as tz, {'a': [1, null]} as s`;
    const line =
      '{"i":9007199254740993,"d":12345678901234567890.12,"t":"ż\\"","n":null,"ts":"2024-01-02T03:04:05.5","tz":"2024-01-02T03:04:05Z","s":{"a":[1,null]}}';

    test("a list, or a line a row", async () => {
      expect(readFileSync(await write(query, "x.ndjson"), "utf8")).toBe(`${line}\n`);
      expect(readFileSync(await write(query, "x.json"), "utf8")).toBe(`[\n\t${line}\n]\n`);
      expect(JSON.parse(readFileSync(await write("select 1 as a where false", "x.json"), "utf8"))).toEqual([]);
      expect(gunzipSync(readFileSync(await write(query, "x.jsonl.gz"))).toString()).toBe(`${line}\n`);
    });

    test("keeps the digits of JSON in a column", async () => {
      const json = `select '{"x": 0.12345678901234567890,\n "y": 1.50}'::json as j, 2 as k`;
      const expected = '{"j":{"x": 0.12345678901234567890,  "y": 1.50},"k":2}';
      expect(readFileSync(await write(json, "x.ndjson"), "utf8")).toBe(`${expected}\n`);
      expect(readFileSync(await write(json, "x.json", { line_ending: "crlf" }), "utf8")).toBe(
        `[\r\n\t${expected}\r\n]\r\n`,
      );
    });

    test("NaN as configured", async () => {
      const nan = "select 'NaN'::double as a, 1.5::double as b";
      expect(await refusal(nan, "x.json")).toContain("NaN");
      expect(readFileSync(await write(nan, "x.ndjson", { non_finite: "null" }), "utf8")).toBe('{"a":null,"b":1.5}\n');
      expect(readFileSync(await write(nan, "x.ndjson", { non_finite: "text" }), "utf8")).toBe('{"a":"nan","b":1.5}\n');
    });
  });

  test("Parquet keeps types and NULLs", async () => {
    const query = "select 1::utinyint as a, null::date as b, [1.5::decimal(9, 2)] as c, '' as d";
    const file = await write(query, "x.parquet", { compression: "zstd" });
    expect(await rows(`describe from '${file}'`)).toEqual(await rows(`describe ${query}`));
    expect(await rows(`from '${file}'`)).toEqual(await rows(query));
  });

  describe("Excel", () => {
    async function part(file: string, name: string): Promise<string> {
      const zip = await new Promise<ZipFile>((resolve, reject) => {
        open(file, { lazyEntries: true }, (error, opened) => (error === null ? resolve(opened) : reject(error)));
      });
      return new Promise((resolve, reject) => {
        zip.on("error", reject);
        zip.on("end", () => reject(new Error(`no part ${name}`)));
        zip.on("entry", (entry: Entry) => {
          if (entry.fileName !== name) {
            zip.readEntry();
            return;
          }
          zip.openReadStream(entry, (error, stream) => {
            if (error === null) text(stream).then(resolve, reject);
            else reject(error);
          });
        });
        zip.readEntry();
      });
    }

    test("numbers, dates and texts; what Excel would change goes in as text", async () => {
      const file = await write(
        `select 42 as i, 1.25::decimal(9, 2) as d, 9007199254740993::bigint as long, '00123' as zip, date '2024-01-02' as day, timestamp '2024-01-02 12:00:00' as noon,
           timestamp '2024-01-02 12:00:00.000001' as micro, date '1800-01-01' as old, true as b, '' as e, null as n, '=1+1' as f, chr(1) || '<&_x0041_' as odd, 0.1::float as fl`,
        "x.xlsx",
        { sheet: "Data & more" },
      );
      const sheet = await part(file, "xl/worksheets/sheet1.xml");
      for (const piece of [
        '<c r="A2"><v>42</v></c>',
        '<c r="B2"><v>1.25</v></c>',
        '<t xml:space="preserve">9007199254740993</t>',
        '<t xml:space="preserve">00123</t>',
        '<c r="E2" s="2"><v>45293</v></c>',
        '<c r="F2" s="3"><v>45293.5</v></c>',
        ">2024-01-02T12:00:00.000001<",
        ">1800-01-01<",
        '<c r="I2" t="b"><v>1</v></c>',
        '<c r="J2" s="5" t="inlineStr"><is><t xml:space="preserve"></t></is></c>',
        '<c r="L2" s="5" t="inlineStr"><is><t xml:space="preserve">=1+1</t></is></c>',
        "_x0001_&lt;&amp;_x005F_x0041_",
        '<c r="N2"><v>0.1</v></c>',
      ])
        expect(sheet).toContain(piece);
      expect(sheet).not.toContain('r="K2"');
      expect(await part(file, "xl/workbook.xml")).toContain('name="Data &amp; more"');
    });

    test("more rows than a sheet holds are refused before anything is written", async () => {
      expect(await refusal("select range as a from range(1048576)", "x.xlsx")).toContain("1048577 lines");
      expect(await refusal("select repeat('x', 40000) as a", "x.xlsx")).toContain("40000");
      expect(await refusal("select 1 as a", "x.xlsx", { sheet: "a/b" })).toContain("a/b");
      expect(await refusal("select 1 as a", "x.xlsx", { partition_by: ["a"] })).toContain("partitioned");
    });
  });

  describe("partitions", () => {
    const query =
      "select i, case i % 3 when 0 then 'a/b' when 1 then null else 'ż' end as k, 'x,y' as t from range(9) as r(i)";

    test("a folder that reads back as it was", async () => {
      const input = await table(query);
      const output = place("parts");
      const params = {
        input_artifact: input,
        output_path: output,
        format: "csv",
        compression: "gzip",
        partition_by: ["k"],
        line_ending: "crlf",
      };
      const first = succeeded(await runMod(MOD, params));
      expect(first.metrics).toMatchObject({ rows_read: 9, rows_output: 9, files_written: 3 });
      expect(readdirSync(output).sort()).toEqual(["k=%C5%BC", "k=__HIVE_DEFAULT_PARTITION__", "k=a%2Fb"]);
      expect(
        await rows(`select i, k, t from read_csv('${output}/**/*.csv.gz', hive_partitioning = true) order by i`),
      ).toEqual(await rows(query));
      expect(await runMod(MOD, params)).toMatchObject({ status: "error", exit_code: 20 });
      succeeded(await runMod(MOD, { ...params, if_exists: "replace", compression: "none" }));
      expect(readdirSync(output, { recursive: true }).filter((one) => String(one).endsWith(".gz"))).toEqual([]);
      expect(readdirSync(path.dirname(output))).toEqual(["parts"]);
    });

    test("JSON with a column of JSON", async () => {
      const output = await write(`select '{"a": 1.50}'::json as j, 'p' as k`, "parts", {
        format: "json",
        partition_by: ["k"],
      });
      expect(readFileSync(path.join(output, "k=p", "data_0.json"), "utf8")).toBe('[\n\t{"j":{"a": 1.50}}\n]\n');
    });

    test("a folder with other things in it is not put aside", async () => {
      const output = place("home");
      mkdirSync(output, { recursive: true });
      writeFileSync(path.join(output, "thesis.txt"), "years of work");
      const envelope = await runMod(MOD, {
        input_artifact: await table(query),
        output_path: output,
        format: "csv",
        partition_by: ["k"],
        if_exists: "replace",
      });
      expect(envelope).toMatchObject({ status: "error", exit_code: 20 });
      expect(envelope.errors.join()).toContain("thesis.txt");
      expect(readFileSync(path.join(output, "thesis.txt"), "utf8")).toBe("years of work");
    });

    test("a table without rows is an empty folder", async () => {
      const output = await write(query.replace("range(9)", "range(0)"), "parts", {
        format: "csv",
        partition_by: ["k"],
        line_ending: "crlf",
      });
      expect(readdirSync(output)).toEqual([]);
    });
  });

  describe("the target", () => {
    test("is replaced when asked for, and otherwise left alone", async () => {
      const output = place("x.csv");
      const params = { input_artifact: await table("select 1 as a"), output_path: output };
      succeeded(await runMod(MOD, params));
      const again = await runMod(MOD, { ...params, input_artifact: await table("select 2 as a") });
      expect(again.errors.join()).toContain("if_exists: replace");
      expect(readFileSync(output, "utf8")).toBe("a\n1\n");
      succeeded(await runMod(MOD, { ...params, input_artifact: await table("select 2 as a"), if_exists: "replace" }));
      expect(readFileSync(output, "utf8")).toBe("a\n2\n");
    });

    test("of two runs at once one wins, and the file is whole", async () => {
      const output = place("x.csv");
      const inputs = await Promise.all(["select 1 as a from range(5000)", "select 2 as a from range(5000)"].map(table));
      const ended = await Promise.all(
        inputs.map((input_artifact) => runMod(MOD, { input_artifact, output_path: output })),
      );
      expect(ended.map((one) => one.status).sort()).toEqual(["error", "success"]);
      const lines = readFileSync(output, "utf8").trim().split("\n").slice(1);
      expect(lines).toHaveLength(5000);
      expect(new Set(lines).size).toBe(1);
      expect(readdirSync(path.dirname(output))).toEqual(["x.csv"]);
    });

    test("what a killed run left is cleared away, and a folder that it had put aside is put back", async () => {
      const output = place("parts");
      mkdirSync(path.dirname(output), { recursive: true });
      const host = os
        .hostname()
        .replace(/[^A-Za-z0-9]/g, "_")
        .slice(0, 40);
      // No process has this number: the greatest of Linux is four million.
      const left = path.join(path.dirname(output), `.parts.${host}-4999999-abc1`);
      mkdirSync(`${left}.unfinished`);
      mkdirSync(path.join(`${left}.old`, "k=1"), { recursive: true });
      writeFileSync(path.join(`${left}.old`, "k=1", "data_0.csv"), "a\n1\n");
      const params = {
        input_artifact: await table("select 1 as a, 2 as k"),
        output_path: output,
        format: "csv",
        partition_by: ["k"],
      };
      expect(await runMod(MOD, params)).toMatchObject({ status: "error", exit_code: 20 });
      expect(readdirSync(path.dirname(output))).toEqual(["parts"]);
      expect(readdirSync(output)).toEqual(["k=1"]);
    });

    test("a folder where a file is to be, and the other way round", async () => {
      const output = place("x.csv");
      mkdirSync(output, { recursive: true });
      const params = { input_artifact: await table("select 1 as a, 2 as b"), if_exists: "replace" };
      expect((await runMod(MOD, { ...params, output_path: output })).errors.join()).toContain("is a folder");
      writeFileSync(path.join(output, "file"), "");
      const inside = await runMod(MOD, { ...params, output_path: path.join(output, "file", "x.csv") });
      expect(inside).toMatchObject({ status: "error", exit_code: 20 });
      const onFile = await runMod(MOD, {
        ...params,
        output_path: path.join(output, "file"),
        format: "csv",
        partition_by: ["b"],
      });
      expect(onFile.errors.join()).toContain("is a file");
    });
  });
});
