import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { raw, renderSql, rowMarks, sql } from "../src/index.js";
import type { Sql, SqlValue } from "../src/index.js";

const dialect = {
  identifier: (name: string): string => `"${name}"`,
  literal: (value: SqlValue): string => `'${String(value)}'`,
  table: (file: string): string => file,
  placeholder: (index: number): string => `$${String(index)}`,
};
const text = (query: Sql): string => renderSql(query, dialect, { inline: true }).text;

describe("marks of rows", () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  beforeAll(async () => {
    instance = await DuckDBInstance.create(":memory:");
    connection = await instance.connect();
  });
  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  async function marked(query: string, rows: number, bits?: number): Promise<number[]> {
    const marks = rowMarks("marked", sql`${raw(query)}`, rows, bits);
    for (const statement of marks.statements) await connection.run(text(statement));
    const found = await connection.runAndReadAll(
      `select r, ${text(marks.isMarked(raw("r")))} as is_marked from range(0, ${String(rows + 1)}) t(r) order by r`,
    );
    expect(found.getRows().every(([, is]) => typeof is === "boolean")).toBe(true);
    return found.getRows().flatMap(([row, is]) => (is === true ? [Number(row)] : []));
  }

  test.each([undefined, 1, 2, 7, 10, 11, 100])("a bit a row, %s a variable", async (bits) => {
    expect(await marked("select unnest([0, 1, 6, 7, 9, 10]::bigint[]) as n", 10, bits)).toEqual([0, 1, 6, 7, 9, 10]);
    // The variables of the marks before are of no account.
    expect(await marked("select 10::bigint as n", 10, bits)).toEqual([10]);
    expect(await marked("select 1::bigint as n where false", 10, bits)).toEqual([]);
  });

  test("a table past what DuckDB makes of bits", async () => {
    const rows = 3_000_000_001;
    const marks = rowMarks("many", sql`select unnest([1, 2999999999, 3000000001]::bigint[]) as n`, rows);
    expect(marks.statements).toHaveLength(6);
    // The variables of whole thousand millions take 125 MB each: what they ask for is looked at, and not made.
    expect(marks.statements.slice(1, -1).map(text)).toEqual(
      [999_999_999, 999_999_999, 999_999_999, 1].map(
        (last) => expect.stringContaining(`0::bigint, ${String(last)}::bigint`) as string,
      ),
    );
  });
});
