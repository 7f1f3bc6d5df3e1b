import { spawnSync } from "node:child_process";
import path from "node:path";
import { DATABASE_NAMES, startDatabase } from "../../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../../framework/database/test/servers/databases.js";
import { NAUGHTY_STRINGS } from "../../../test/support/naughty-strings.js";
import { failed, openWorkbench, succeeded } from "../../mod-database-writer/test/support/workbench.js";
import type { Workbench } from "../../mod-database-writer/test/support/workbench.js";

const TYPES = `select * from (values
  (1::bigint, true, 127::tinyint, 32767::smallint, 2147483647::integer, 9223372036854775807::bigint, '99999999999999999999999999999999999999'::decimal(38,0), '12345678901234567890123456.123456789012'::decimal(38,12), 0.1::double, date '2024-02-29', time '23:59:59.999999', timestamp '2024-03-10 02:30:00.123456', timestamptz '2024-11-03 06:30:00.5+00', 'aabbccdd-0011-2233-4455-66778899aabb'::uuid, '\\x00\\xFF\\x10'::blob, '{"b":1, "a":[1,2]}'::json, 18446744073709551615::ubigint, 1.5::decimal(4,2)),
  (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (3, false, -128, -32768, -2147483648, (-9223372036854775808)::bigint, '-99999999999999999999999999999999999999', '-0.000000000001', 1.7976931348623157e308, date '0001-01-01', time '00:00:00', timestamp '0001-01-01 00:00:00', timestamptz '1900-01-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', ''::blob, '[]', 0, -99.99),
  (4, true, 0, 0, 0, 9007199254740993, 0, 0, 5e-324, date '9999-12-31', time '12:00:00', timestamp '9999-12-31 23:59:59.999999', timestamptz '2038-01-20 00:00:00+00', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '\\x5C\\x2C\\x22'::blob, 'null', 1, 0)
  ) t(id, b, t1, s2, i4, i8, d38, d12, f8, d, tm, ts, tz, u, bl, j, ub, dec)`;
const TEXTS =
  "id, b::varchar as b, t1::varchar, s2::varchar, i4::varchar, i8::varchar, d38::varchar, d12::varchar, f8::varchar, d::varchar, tm::varchar, ts::varchar, tz::varchar, u::varchar, hex(bl) as bl, j::varchar, ub::varchar, dec::varchar";

describe.each(DATABASE_NAMES)("round trip through %s", (name) => {
  let database: TestDatabase;
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
    database = await startDatabase(name);
  });
  afterAll(async () => {
    await database.stop();
    bench.close();
  });

  const through = async (table: string, file: string): Promise<string> => {
    succeeded(await bench.write(database, { input_artifact: file, table_name: table, write_mode: "replace" }));
    return succeeded(await bench.read(database, { table_name: table })).artifacts["output_data"] ?? "";
  };

  test("every type keeps every value", async () => {
    const file = await bench.artifact("types", TYPES);
    const query = `select ${TEXTS} from input order by id`;
    const wanted = await bench.rows(file, query);
    expect(await bench.rows(await through("types", file), query)).toEqual(wanted);
  });

  test.each(["UTC", "America/Chicago", "Asia/Kolkata"])(
    "dates and times keep in a process of time zone %s",
    async (zone) => {
      const file = await bench.artifact("times", TYPES);
      const table = `times_${zone.replace(/\W/g, "_")}`;
      const script = `
      const { runMod, setGlobalConfig } = require("@datapy/sdk");
      setGlobalConfig({ work_path: ${JSON.stringify(path.join(bench.folder, "work"))}, log_level: "error" });
      const connection_string = ${JSON.stringify(database.connectionString)};
      const plugins = ${JSON.stringify(path.join(__dirname, "..", ".."))};
      (async () => {
        const written = await runMod(plugins + "/mod-database-writer/dist/index.js", { connection_string, input_artifact: ${JSON.stringify(file)}, table_name: ${JSON.stringify(table)}, write_mode: "replace" });
        if (written.status === "error") throw new Error(written.errors.join());
        const read = await runMod(plugins + "/mod-database-reader/dist/index.js", { connection_string, table_name: ${JSON.stringify(table)} });
        if (read.status === "error") throw new Error(read.errors.join());
        process.stdout.write("ARTIFACT " + read.artifacts.output_data + "\\n");
      })();`;
      const done = spawnSync(process.execPath, ["-e", script], {
        cwd: __dirname,
        encoding: "utf8",
        env: { ...process.env, TZ: zone, NODE_OPTIONS: "" },
      });
      const output = /ARTIFACT (.*)/.exec(done.stdout)?.[1];
      expect({ output: output !== undefined, errors: output === undefined ? done.stderr : "" }).toEqual({
        output: true,
        errors: "",
      });
      const query =
        "select id, d::varchar as d, tm::varchar as tm, ts::varchar as ts, tz::varchar as tz from input order by id";
      expect(await bench.rows(output ?? "", query)).toEqual(await bench.rows(file, query));
    },
  );

  test("naughty strings are values, and nothing more", async () => {
    const literals = NAUGHTY_STRINGS.map((text, index) => `(${String(index)}, '${text.replaceAll("'", "''")}')`).join(
      ", ",
    );
    const file = await bench.artifact("naughty", `select * from (values ${literals}, (-1, null)) t(id, "text")`);
    const rows = await bench.rows(await through("naughty", file), "select id, text from input order by id");
    expect(rows.map((row) => row["text"])).toEqual([null, ...NAUGHTY_STRINGS]);
    // What is in the database is the same, seen by its own client.
    const seen = await database.sql(`select id, text from naughty order by id`);
    expect(seen.map((row) => row["text"])).toEqual([null, ...NAUGHTY_STRINGS]);
  });

  test("naughty strings are names of columns and tables, or are refused by name", async () => {
    // MySQL has no names beyond U+FFFF or with white space at the end; the others take any. PostgreSQL's end at 63 bytes.
    const impossible = (text: string): boolean =>
      name === "mariadb" && /[ \t\n\v\f\r]$|[\u{10000}-\u{10ffff}]/u.test(text);
    const usable = NAUGHTY_STRINGS.filter((text) => text !== "" && Buffer.byteLength(text) <= 60 && !impossible(text));
    // Names that differ in case only are one column to a table artifact, and those that differ in accents only to MariaDB's catalog.
    const folded = (text: string): string =>
      (name === "mariadb" ? text.normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("ı", "i") : text).toLowerCase();
    const columns = [...new Map(usable.map((text) => [folded(text), text])).values()];
    expect(columns.length).toBeGreaterThan(90);
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const wide = await bench.artifact(
      "wide",
      `select ${columns.map((text, index) => `${String(index)} as ${quoted(text)}`).join(", ")}`,
    );
    const rows = await bench.rows(await through("wide", wide));
    const found = Object.entries(rows[0] ?? {}).map(([key, value]) => [Number(value), key]);
    expect(found.sort(([a], [b]) => Number(a) - Number(b))).toEqual(columns.map((text, index) => [index, text]));

    const one = await bench.artifact("one", "select 1 as id");
    for (const text of usable.filter((_, index) => index % 8 === 0)) {
      expect(await bench.rows(await through(text, one))).toHaveLength(1);
      expect(await database.sql(`select * from ${database.quote(text)}`)).toEqual([{ id: "1" }]);
    }
    const refused = name === "mariadb" ? ["ends with space ", "😀"] : name === "postgresql" ? ["x".repeat(64)] : [];
    for (const text of refused) {
      expect(failed(await bench.write(database, { input_artifact: one, table_name: text }))).toContain(
        "DATABASE_IDENTIFIER_INVALID",
      );
    }
  }, 300_000);

  test("an empty result keeps its columns and types", async () => {
    const file = await bench.artifact("types", TYPES);
    succeeded(await bench.write(database, { input_artifact: file, table_name: "empty", write_mode: "replace" }));
    const read = succeeded(await bench.read(database, { table_name: "empty", where: "id < 0" }));
    expect(read.metrics).toMatchObject({ rows_output: 0 });
    const described = await bench.rows(read.artifacts["output_data"] ?? "", "describe from input");
    expect(described).toHaveLength(18);
    expect(failed(await bench.read(database, { table_name: "empty", where: "id < 0", on_empty: "fail" }))).toContain(
      "no rows",
    );
  });
});
