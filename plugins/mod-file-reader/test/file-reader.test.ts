import { DuckDBInstance } from "@duckdb/node-api";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";

const MOD = path.join(__dirname, "..", "dist", "index.js");
const WRITER = path.join(__dirname, "..", "..", "mod-file-writer", "dist", "index.js");

describe("file-reader", () => {
  let folder: string;
  let database: DuckDBInstance;
  let files = 0;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "datapy-reader-"));
    database = await DuckDBInstance.create(":memory:");
    setGlobalConfig({ work_path: path.join(folder, "work"), log_level: "error" });
  });
  afterAll(() => {
    database.closeSync();
    rmSync(folder, { recursive: true, force: true });
  });

  function file(name: string, content: string | Uint8Array): string {
    const at = path.join(folder, `in-${String(++files)}`, name);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, content);
    return at;
  }
  async function rows(query: string): Promise<unknown[][]> {
    const connection = await database.connect();
    await connection.run("set TimeZone = 'UTC'");
    const result = (await connection.runAndReadAll(query)).getRowsJson() as unknown[][];
    connection.closeSync();
    return result;
  }
  interface Read {
    readonly envelope: Envelope;
    readonly types: string[];
    readonly rows: unknown[][];
    readonly quarantine: unknown[][];
  }
  async function read(input: string | string[], params: Record<string, unknown> = {}): Promise<Read> {
    const envelope = await runMod(MOD, { input_path: input, ...params });
    if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
    const output = `'${envelope.artifacts["output_data"] ?? ""}'`;
    const described = await rows(`describe from ${output}`);
    const aside = envelope.artifacts["quarantine"];
    return {
      envelope,
      types: described.map(([name, type]) => `${String(name)} ${String(type)}`),
      rows: await rows(`from ${output}`),
      quarantine: aside === undefined ? [] : await rows(`select * exclude (source_file) from '${aside}' order by line`),
    };
  }
  async function refusal(input: string | string[], params: Record<string, unknown> = {}): Promise<string> {
    const envelope = await runMod(MOD, { input_path: input, ...params });
    expect(envelope).toMatchObject({ status: "error", exit_code: 20 });
    return envelope.errors.join("\n");
  }

  describe("NDJSON", () => {
    test("every kind of value, exactly", async () => {
      const found = await read(
        file(
          "x.ndjson",
          '{"i":1,"big":9007199254740993,"huge":123456789012345678901234567890,"d":0.1,"long":12345678901234567.89,"b":true,"t":"a\\"\\u017c\\n","n":null,"o":{"k": 0.10000000000000000001},"e":""}\r\n' +
            '\n{"i":-2,"e":"x","late":"y","d":1e3}\n',
        ),
      );
      expect(found.types).toEqual([
        "i BIGINT",
        "big BIGINT",
        "huge DECIMAL(38,0)",
        "d DOUBLE",
        "long DECIMAL(38,2)",
        "b BOOLEAN",
        "t VARCHAR",
        "n VARCHAR",
        "o JSON",
        "e VARCHAR",
        "late VARCHAR",
      ]);
      expect(found.rows).toEqual([
        [
          "1",
          "9007199254740993",
          "123456789012345678901234567890",
          0.1,
          "12345678901234567.89",
          true,
          'a"ż\n',
          null,
          '{"k": 0.10000000000000000001}',
          "",
          null,
        ],
        ["-2", null, null, 1000, null, null, null, null, null, "x", "y"],
      ]);
      expect(found.envelope).toMatchObject({
        metrics: { files_read: 1, rows_read: 2, rows_output: 2, rows_rejected: 0 },
      });
    });

    test("values of several kinds in one column stay what they are", async () => {
      const found = await read(file("x.ndjson", '{"a":1}\n{"a":"1"}\n{"a":[1.50]}\n{"a":null}\n'));
      expect(found.types).toEqual(["a JSON"]);
      expect(found.rows).toEqual([["1"], ['"1"'], ["[1.50]"], [null]]);
      expect(found.envelope.status === "warning" && found.envelope.warnings.join()).toContain("numbers, texts");
    });

    test("flattened", async () => {
      const found = await read(
        file("x.ndjson", '{"id":1,"a":{"b":{"c":2},"d":[1]},"e":{}}\n{"id":2,"a":{"b":{"x":"y"}}}\n'),
        { nested: "flatten" },
      );
      expect(found.types).toEqual(["id BIGINT", "a.b.c BIGINT", "a.d JSON", "e JSON", "a.b.x VARCHAR"]);
      expect(found.rows).toEqual([
        ["1", "2", "[1]", "{}", null],
        ["2", null, null, null, "y"],
      ]);
      expect(await refusal(file("x.ndjson", '{"a.b":1,"a":{"b":2}}\n'), { nested: "flatten" })).toContain("two values");
    });

    test("damaged lines are set aside with line, offset, reason and their text", async () => {
      const bytes = Buffer.concat([
        Buffer.from('{"a":1}\n{"a":2,}\n{"a":NaN}\n{"a":1,"a":2}\n{"a":"\\ud800"}\n'),
        Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d, 0x0a]),
        Buffer.from('{"a":01}\n{"a":3} x\n{"a":4'),
      ]);
      const input = file("x.ndjson", bytes);
      expect(await refusal(input)).toContain("line 2: a key in quotes is expected (byte 8 of the line)");
      const found = await read(input, { on_bad_row: "quarantine" });
      expect(found.rows).toEqual([["1"]]);
      expect(found.quarantine.map(([line, offset, , reason, raw]) => [line, offset, reason, raw])).toEqual([
        ["2", "8", "a key in quotes is expected (byte 8 of the line)", '{"a":2,}'],
        ["3", "17", "no JSON value (byte 6 of the line)", '{"a":NaN}'],
        ["4", "27", 'the key "a" stands there twice (byte 8 of the line)', '{"a":1,"a":2}'],
        ["5", "41", "half a character (a lone surrogate) (byte 7 of the line)", '{"a":"\\ud800"}'],
        ["6", "56", "bytes that are not UTF-8 (byte 7 of the line)", '{"a":"\\xff"}'],
        ["7", "66", "a number that begins with 0 (byte 6 of the line)", '{"a":01}'],
        ["8", "75", "something follows the value (byte 9 of the line)", '{"a":3} x'],
        [
          "9",
          "85",
          "a comma or the end of the object is expected: the text ends too early (byte 7 of the line)",
          '{"a":4',
        ],
      ]);
      expect(await refusal(input, { on_bad_row: "quarantine", max_bad_rows: 7 })).toContain("max_bad_rows");
      expect(await refusal(input, { on_bad_row: "quarantine", max_bad_fraction: 0.5 })).toContain("max_bad_fraction");
    });

    test("declared types, and the rows that do not fit", async () => {
      const input = file("x.ndjson", '{"d":"31.01.2024","n":"7"}\n{"d":"x","n":"8"}\n{"d":null,"n":"1.5"}\n');
      const params = { columns: { d: { type: "DATE", formats: ["%d.%m.%Y"] }, n: "INTEGER", more: "BIGINT" } };
      const found = await read(input, { ...params, on_bad_row: "quarantine" });
      expect(found.types).toEqual(["d DATE", "n INTEGER", "more BIGINT"]);
      expect(found.rows).toEqual([["2024-01-31", 7, null]]);
      expect(found.quarantine).toEqual([
        ["2", "27", "d", "not a value of type DATE", '{"d":"x","n":"8"}'],
        ["3", "45", "n", "not a value of type INTEGER", '{"d":null,"n":"1.5"}'],
      ]);
      expect(await refusal(input, { columns: { d: "DATE2" } })).toContain("DATE2");
    });

    test("compressed, in other encodings, several files", async () => {
      const packed = file("a.ndjson.gz", gzipSync('{"a":1}\n'));
      const wide = file("b.ndjson", Buffer.from('\ufeff{"a":2,"b":"ż"}\n', "utf16le"));
      const found = await read([packed, wide], { source_file: true });
      expect(found.rows).toEqual([
        ["1", null, packed],
        ["2", "ż", wide],
      ]);
      expect(
        (await read(file("c.ndjson", Buffer.from('{"a":"\xe9\x80"}', "latin1")), { encoding: "windows-1252" })).rows,
      ).toEqual([["é€"]]);
      await rows(
        `copy (select range as a, repeat('x', 50) as t from range(5000)) to '${folder}/z.ndjson.zst' (format json, compression zstd)`,
      );
      expect((await read(`${folder}/z.ndjson.zst`)).rows).toHaveLength(5000);
      expect(await refusal(file("d.ndjson.gz", gzipSync('{"a":1}\n'.repeat(100)).subarray(0, 30)))).toContain(
        "unpacked",
      );
      expect(await refusal(file("e.ndjson", Buffer.from([0x50, 0x4b, 3, 4, 0])))).toContain("zip");
    });

    test("patterns, folders of Hive, and files that are not there", async () => {
      const root = path.join(folder, "hive");
      for (const [part, value] of [
        ["k=a%2Fb", 1],
        ["k=__HIVE_DEFAULT_PARTITION__", 2],
      ] as const) {
        mkdirSync(path.join(root, part), { recursive: true });
        writeFileSync(path.join(root, part, "data_0.ndjson"), `{"v":${String(value)}}\n`);
      }
      const found = await read(path.join(root, "**", "*.{ndjson,jsonl}"), { hive_partitioning: true });
      expect(found.types).toEqual(["v BIGINT", "k VARCHAR"]);
      expect(found.rows.sort()).toEqual([
        ["1", "a/b"],
        ["2", null],
      ]);
      expect(await refusal(path.join(root, "*.ndjson"))).toContain("no file matches");
      expect(await refusal(root)).toContain("directory");
      expect(await refusal("s3://bucket/x.ndjson")).toContain("s3-downloader");
      expect(await refusal(file("x.bin", "a"))).toContain("format");
      expect(await refusal(file("x.ndjson", '{"Id":1,"id":2}\n'))).toContain("upper and lower case");
    });

    test("nothing at all, as configured", async () => {
      const input = file("x.ndjson", "\n \n");
      expect(await runMod(MOD, { input_path: input })).toMatchObject({
        status: "warning",
        metrics: { rows_output: 0 },
      });
      expect(await runMod(MOD, { input_path: input, on_empty: "ok" })).toMatchObject({ status: "success" });
      expect(await refusal(input, { on_empty: "fail" })).toContain("no rows");
      expect((await read(input, { columns: { a: "DATE" } })).types).toEqual(["a DATE"]);
    });
  });

  describe("JSON", () => {
    test.each([
      ["a list", '[{"a":1}, {"a":2}\n]', {}],
      ["one object", '{"a":1}', {}],
      [
        "a list further in",
        '{"meta":{"items":[9]},"data":{"odd.key":[{"a":1},{"a":2}]},"z":[[]]}',
        { records_path: 'data["odd.key"]' },
      ],
      ["a path with a star", '{"items":[{"a":1},{"a":2}]}', { records_path: "$.items[*]" }],
      ["values", '[1, "x", null, 2.5]', {}],
      ["no rows", "[]", { on_empty: "ok" }],
    ])("%s", async (_, text, params) => {
      const found = await runMod(MOD, { input_path: file("x.json", text), ...params });
      expect(found).toMatchObject({ status: text.startsWith("[1") ? "warning" : "success" });
      const count = text === "[]" ? 0 : text === '{"a":1}' ? 1 : text.startsWith("[1") ? 4 : 2;
      expect(found.status !== "error" && found.metrics["rows_output"]).toBe(count);
    });

    test.each([
      ["cut", '[{"a":1},\n{"a":', {}, "too early"],
      ["with a fault in a record", '[{"a":1},\n{"a" 2}]', {}, "line 2 (byte offset 15)"],
      ["with a fault between records", '[{"a":1}\n{"a":2}]', {}, "line 2"],
      ["with wrong brackets", '{"x":[1},"a":[]}', { records_path: "a" }, "brackets"],
      ["of lines", '{"a":1}\n{"a":2}', {}, "ndjson"],
      ["without the list", '{"b":1,"c":2}', { records_path: "a" }, "keys b, c"],
      ["with a path that is none", "[]", { records_path: "a[0]" }, "no path"],
    ])("%s", async (_, text, params, words) => {
      expect(await refusal(file("x.json", text), params)).toContain(words);
    });
  });

  describe("fixed width", () => {
    const fields = [
      { name: "id", width: 4, type: "INTEGER" },
      { name: "name", width: 6, trim: "right" },
      { name: "day", start: 12, width: 8, type: "DATE", formats: ["%Y%m%d"] },
    ];
    test("fields at their places, with types, and bad lines set aside", async () => {
      const input = file(
        "x.txt",
        "HEAD\n  12  Ann  20240131\n  13żółw😀  20240201   \n\n  1x Bob   20240101\n  14 Cut\n  15 Max   20240101!\n          \nEND\n",
      );
      const params = { format: "fixed", fields, skip_rows: 1, skip_footer: 1, on_bad_row: "quarantine" };
      const found = await read(input, params);
      expect(found.types).toEqual(["id INTEGER", "name VARCHAR", "day DATE"]);
      expect(found.rows).toEqual([
        [12, "  Ann", "2024-01-31"],
        [13, "żółw😀", "2024-02-01"],
      ]);
      expect(found.quarantine.map(([line, , column, reason]) => [line, column, reason])).toEqual([
        ["5", "id", "not a value of type INTEGER"],
        ["6", null, "8 characters where 19 are expected"],
        ["7", null, "20 characters where 19 are expected"],
        ["8", null, "10 characters where 19 are expected"],
      ]);
      const padded = await read(file("y.txt", "  14 Cut\n"), { format: "fixed", fields, short_lines: "pad" });
      expect(padded.rows).toEqual([[14, " Cut", null]]);
    });
    test("fields that do not fit together", async () => {
      expect(await refusal(file("x.txt", "a"), { format: "fixed" })).toContain("fields");
      const overlapping = [
        { name: "a", width: 3 },
        { name: "A", start: 2, width: 1 },
      ];
      const errors = await refusal(file("x.txt", "abc"), { format: "fixed", fields: overlapping });
      expect(errors).toContain("overlap");
      expect(errors).toContain("two fields");
    });
  });

  describe("Parquet", () => {
    const make = async (name: string, query: string): Promise<string> => {
      const at = path.join(folder, name);
      await rows(`copy (${query}) to '${at}' (format parquet)`);
      return at;
    };
    test("types as they are, several files", async () => {
      const one = await make("p1.parquet", "select 1::utinyint as a, [1.5::decimal(9, 2)] as l, '' as t");
      const two = await make("p2.parquet", "select 2::utinyint as a, null::decimal(9, 2)[] as l, null::varchar as t");
      const found = await read([one, two], { source_file: true });
      expect(found.types).toEqual(["a UTINYINT", "l DECIMAL(9,2)[]", "t VARCHAR", "source_file VARCHAR"]);
      expect(found.rows).toEqual([
        [1, ["1.50"], "", one],
        [2, null, null, two],
      ]);
    });
    test("columns that differ, and types that do not fit", async () => {
      const one = await make("q1.parquet", "select 1 as a, 'x' as b");
      const two = await make("q2.parquet", "select 'y' as b, 2.5 as c");
      expect(await refusal([one, two])).toContain("union");
      expect((await read([one, two], { union: "by_name" })).rows).toEqual([
        [1, "x", null],
        [null, "y", "2.5"],
      ]);
      expect(await refusal([one, await make("q3.parquet", "select 'z' as a, 'x' as b")])).toContain(
        "VARCHAR and not INTEGER",
      );
      const texts = await make("q4.parquet", "select * from (values ('1'), ('x')) as v(n)");
      const cast = await read(texts, { columns: { n: "BIGINT" }, on_bad_row: "quarantine" });
      expect(cast.rows).toEqual([["1"]]);
      expect(cast.quarantine).toEqual([["2", null, "n", "not a value of type BIGINT", '{"n":"x"}']]);
      expect(await refusal(texts, { columns: { m: "BIGINT" } })).toContain('"m"');
      expect(await refusal(file("x.parquet", "no parquet"))).toContain("no whole Parquet file");
    });
  });

  describe("Excel", () => {
    test("gives back what file-writer wrote", async () => {
      const query = `select * from (values
        (1, 1.25::double, '00123', date '2024-01-31', timestamp '2024-01-31 10:00:00.123', time '01:02:03.004', true, '', e'two\\nlines <&> _x0041_' || chr(1)),
        (-2, 0.1::double, '9007199254740993', date '1900-03-01', timestamp '1999-12-31 23:59:59.999', time '23:59:59.999', false, '=1+1', null),
        (null, null, null, null, null, null, null, null, 'ż😀')) as v(i, d, z, day, ts, ti, b, e, t)`;
      const table = path.join(folder, "excel.parquet");
      await rows(`copy (${query}) to '${table}' (format parquet)`);
      const book = path.join(folder, "book.xlsx");
      const written = await runMod(WRITER, { input_artifact: table, output_path: book });
      expect(written.errors).toEqual([]);
      const found = await read(book);
      expect(found.types).toEqual([
        "i BIGINT",
        "d DOUBLE",
        "z VARCHAR",
        "day DATE",
        "ts TIMESTAMP",
        "ti TIME",
        "b BOOLEAN",
        "e VARCHAR",
        "t VARCHAR",
      ]);
      expect(found.rows).toEqual(await rows(query.replace("(1, ", "(1::bigint, ")));
      expect((await read(book, { range: "A2:B3", header: false })).rows).toEqual([
        ["1", 1.25],
        ["-2", 0.1],
      ]);
      expect(await refusal(book, { sheet: "Nope" })).toContain('"Sheet1"');
      expect(await refusal(file("x.xlsx", "no workbook"))).toContain("no whole Excel workbook");
    });
  });
});
