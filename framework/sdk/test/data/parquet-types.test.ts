import { literal, raw, sql } from "@datapy/mod-kit";
import { parquetType } from "../../src/data/parquet-types.js";
import { openData } from "./open-data.js";
import type { OpenedData } from "./open-data.js";

/** A value of every type at its limits: the type, SQL of the value, and the type in a table artifact where that is another. */
const VALUES: readonly (readonly [type: string, value: string, kept?: string])[] = [
  ["BOOLEAN", "true"],
  ["TINYINT", "-128"],
  ["UTINYINT", "255"],
  ["SMALLINT", "-32768"],
  ["USMALLINT", "65535"],
  ["INTEGER", "-2147483648"],
  ["UINTEGER", "4294967295"],
  ["BIGINT", "'-9223372036854775808'"],
  ["UBIGINT", "'18446744073709551615'"],
  ["HUGEINT", "'12345678901234567890123456789012345678'", "DECIMAL(38,0)"],
  ["HUGEINT", "'-99999999999999999999999999999999999999'", "DECIMAL(38,0)"],
  ["UHUGEINT", "'9007199254740993'", "DECIMAL(38,0)"],
  ["UHUGEINT", "'99999999999999999999999999999999999999'", "DECIMAL(38,0)"],
  ["BIGNUM", "'-123456789012345678901234567890123456789012345678901234567890'", "VARCHAR"],
  ["FLOAT", "1.1"],
  ["DOUBLE", "0.1"],
  ["DOUBLE", "'-0.0'"],
  ["DOUBLE", "'nan'"],
  ["DOUBLE", "'-inf'"],
  ["DECIMAL(4,1)", "-999.9"],
  ["DECIMAL(9,3)", "999999.999"],
  ["DECIMAL(18,9)", "'-999999999.999999999'"],
  ["DECIMAL(38,0)", "'99999999999999999999999999999999999999'"],
  ["DECIMAL(38,37)", "'9.9999999999999999999999999999999999999'"],
  ["VARCHAR", "'a' || chr(0) || 'é😀 '"],
  ["BLOB", "'\\x00\\xFF'"],
  ["BIT", "'0010110'", "VARCHAR"],
  ["UUID", "'00000000-0000-0000-0000-00000000000f'"],
  ["JSON", `'{"a": 1.50}'`],
  ["DATE", "'2024-02-29'"],
  ["DATE", "'infinity'"],
  ["DATE", "'5877642-06-25 (BC)'"],
  ["TIME", "'23:59:59.999999'"],
  ["TIME", "'24:00:00'"],
  ["TIME_NS", "'12:34:56.123456789'"],
  ["TIME WITH TIME ZONE", "'12:34:56.789012+05:30'", "VARCHAR"],
  ["TIMESTAMP", "'2024-01-01 12:34:56.123456'"],
  ["TIMESTAMP", "'-infinity'"],
  ["TIMESTAMP", "'290309-12-22 (BC) 00:00:00'"],
  ["TIMESTAMP_S", "'294247-01-10 04:00:54'", "TIMESTAMP"],
  ["TIMESTAMP_MS", "'2024-01-01 12:34:56.123'", "TIMESTAMP"],
  ["TIMESTAMP_NS", "'2024-01-01 12:34:56.123456789'"],
  ["TIMESTAMP_NS", "'infinity'"],
  ["TIMESTAMP WITH TIME ZONE", "'2024-01-01 12:34:56.123456+02'"],
  ["INTERVAL", "'1 month 2 days 03:04:05.678901'", "VARCHAR"],
  ["INTERVAL", "'-1 month 1 day -00:00:00.000001'", "VARCHAR"],
  ["ENUM('a, (b', 'HUGEINT''s')", "'HUGEINT''s'", "VARCHAR"],
  ["UNION(n INTEGER, s VARCHAR)", "5::integer", "JSON"],
  ["UNION(n INTEGER, s VARCHAR)", "'5'::varchar", "JSON"],
  ["INTEGER[]", "[1, null, -3]"],
  ["INTEGER[]", "[]"],
  ["INTEGER[2]", "[1, 2]", "INTEGER[]"],
  ["INTEGER[2][]", "[[1, 2], [3, 4]]", "INTEGER[][]"],
  ["HUGEINT[]", "['12345678901234567890123456789', null]", "DECIMAL(38,0)[]"],
  ["STRUCT(a INTEGER)[]", "[{'a': 1}, null]"],
  [
    'STRUCT(hugeint HUGEINT, HUGEINT_ INTEGER, "a HUGEINT, (""INTERVAL""" INTERVAL)',
    "row('12345678901234567890123456789', 1, '00:00:00.000001')",
    'STRUCT(hugeint DECIMAL(38,0), HUGEINT_ INTEGER, "a HUGEINT, (""INTERVAL""" VARCHAR)',
  ],
  [
    "STRUCT(HUGEINT INTEGER, UHUGEINT TIME WITH TIME ZONE)",
    "row(1, '12:00:00+01')",
    "STRUCT(HUGEINT INTEGER, UHUGEINT VARCHAR)",
  ],
  ["STRUCT(u UNION(a HUGEINT, b VARCHAR), d DECIMAL(3,1))", "{'u': 'q', 'd': 1.5}", "STRUCT(u JSON, d DECIMAL(3,1))"],
  ["MAP(VARCHAR, INTERVAL)", "map(['k'], ['1 day 00:00:00.000001'])", "MAP(VARCHAR, VARCHAR)"],
  [
    "MAP(HUGEINT, STRUCT(t TIMESTAMP_S))",
    "map([1], [{'t': '2024-01-01 00:00:01'}])",
    "MAP(DECIMAL(38,0), STRUCT(t TIMESTAMP))",
  ],
  ["GEOMETRY", "'POINT (1 2)'", "GEOMETRY('OGC:CRS84')"],
  ["VARIANT", "{'a': [1, 2], 'b': 'x'}"],
];

describe("types through a Parquet file", () => {
  let data: OpenedData;
  beforeEach(async () => {
    data = await openData();
  });
  afterEach(() => data.end());

  const text = (column: string): string => (column.includes("JSON") ? column : `${column}::varchar`);
  const textOf = async (from: ReturnType<typeof sql>): Promise<unknown> =>
    (await data.context.query<{ v: string }>(sql`select ${raw(text("v"))} as v from ${from}`))[0]?.v;

  test.each(VALUES.map(([type, value, kept = type]) => [type, value, kept] as const))(
    "%s keeps %s",
    async (type, value, kept) => {
      const query = sql`select cast(${raw(value)} as ${raw(type)}) as v`;
      const [column] = await data.context.describe(query);
      expect(column?.type).toBe(type);
      const given = await textOf(sql`(${query})`);

      const written = await data.context.writeTable("output_data", query);
      expect(written.columns[0]?.type).toBe(kept);
      const isUnion = type.includes("UNION");
      if (!isUnion) expect(await textOf(sql`read_parquet(${literal(written.uri)})`)).toBe(given);

      // What is written down for a while comes back as what it was.
      const spooled = await data.context.spool(query);
      const type_ = sql`select typeof(v) as t from ${spooled}`;
      expect((await data.context.query<{ t: string }>(type_))[0]?.t).toBe(type);
      expect(await textOf(spooled)).toBe(given);
    },
  );

  test("every type that DuckDB has is among them", async () => {
    const types = await data.context.query<{ t: string }>(sql`select distinct logical_type as t from duckdb_types()`);
    const tested = new Set(VALUES.map(([type]) => type.replace(/\(.*|\[.*/s, "")));
    const lists = VALUES.map(([type]) => type).join();
    expect(lists).toMatch(/\w\[\].*\w\[2\]/s);
    // A type is no value of a table, and NULL has no type until something is known of it.
    const others = ["LIST", "ARRAY", "TYPE", "NULL", '"NULL"'];
    expect(types.map(({ t }) => t).filter((t) => !tested.has(t) && !others.includes(t))).toEqual([]);
  });

  test("a member of a union keeps its name", async () => {
    const query = sql`select unnest([5::union(n hugeint, s varchar), '5'::varchar::union(n hugeint, s varchar), null]) as v`;
    const { uri } = await data.context.writeTable("output_data", query);
    const rows = await data.context.query<{ v: string }>(
      sql`select v::varchar as v from read_parquet(${literal(uri)})`,
    );
    expect(rows.map(({ v }) => v)).toEqual(['{"n":5}', '{"s":"5"}', null]);
  });

  test.each([
    ["HUGEINT", "170141183460469231731687303715884105727"],
    ["HUGEINT", "-170141183460469231731687303715884105728"],
    ["UHUGEINT", "340282366920938463463374607431768211455"],
  ])("a %s of 39 digits is refused, and nothing remains", async (type, value) => {
    const query = sql`select 1 as one, cast(${literal(value)} as ${raw(type)}) as v, [cast(1 as hugeint)] as w`;
    const refused = {
      code: "DATAPY_DATA_NUMBER_TOO_LONG",
      exitCode: 20,
      message: expect.stringContaining(value) as string,
    };
    await expect(data.context.writeTable("output_data", query)).rejects.toMatchObject(refused);
    await expect(data.context.spool(query)).rejects.toMatchObject({
      message: expect.stringContaining('"v"') as string,
    });
    expect((await data.files()).filter((file) => file.startsWith("artifacts"))).toEqual([]);
    expect(
      (await data.context.writeTable("output_data", sql`select v::varchar as v from (${query})`)).columns[0]?.type,
    ).toBe("VARCHAR");
  });

  test.each(["INTERVAL '1 month'", "'0101'::bit", "'18446744073709551615'::ubigint", "'12:00:00+01'::timetz"])(
    "a variant that Parquet cannot hold is refused: %s",
    async (value) => {
      await expect(
        data.context.writeTable("output_data", sql`select (${raw(value)})::variant as v`),
      ).rejects.toMatchObject({ code: "DATAPY_DATA_QUERY_FAILED" });
      expect((await data.files()).filter((file) => file.startsWith("artifacts"))).toEqual([]);
    },
  );

  test("types are read as DuckDB writes them", () => {
    expect(parquetType("STRUCT(HUGEINT, TIME WITH TIME ZONE, TIME WITH TIME ZONE[])")).toBe(
      "STRUCT(DECIMAL(38,0), VARCHAR, VARCHAR[])",
    );
    expect(parquetType(`ENUM('HUGEINT', 'a,b)')[3]`)).toBe(`ENUM('HUGEINT', 'a,b)')[3]`);
  });
});
