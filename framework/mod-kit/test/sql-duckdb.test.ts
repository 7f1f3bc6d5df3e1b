// The quoting rules of `sql`, held against a real database: whatever the text, it comes back equal and nothing of it is executed.
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import type { Sql, SqlDialect, SqlValue } from "../src/index.js";
import { ident, join, literal, renderSql, rowNumber, sql, strictCast, table } from "../src/index.js";

function literalText(value: SqlValue): string {
  if (Array.isArray(value)) return `[${(value as readonly SqlValue[]).map(literalText).join(", ")}]`;
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

const dialect: SqlDialect = {
  identifier: (name) => `"${name.replaceAll('"', '""')}"`,
  placeholder: (index) => `$${index}`,
  literal: literalText,
  table: (uri) => `read_parquet('${uri.replaceAll("'", "''")}')`,
};

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run("create table canary as select 1 as alive");
});

afterAll(async () => {
  const reader = await connection.runAndReadAll("select alive from canary");
  expect(reader.getRows()).toEqual([[1]]);
  connection.closeSync();
  instance.closeSync();
});

async function rows(statement: Sql, inline = false): Promise<{ names: string[]; rows: DuckDBValue[][] }> {
  const { text, values } = renderSql(statement, dialect, { inline });
  const reader = await connection.runAndReadAll(text, [...values] as DuckDBValue[]);
  return { names: reader.columnNames(), rows: reader.getRows() };
}

/** A text as the database has it. (DuckDB's driver itself drops a byte order mark at the start of a text that it reads.) */
function asText(hex: DuckDBValue | undefined): string {
  return Buffer.from(String(hex), "hex").toString("utf8");
}

/** Texts with everything in it that ever ended a quote; no NUL, and no half of a surrogate pair, which UTF-8 cannot hold. */
const nasty = fc.oneof(
  fc.constantFrom(
    "'",
    "''",
    '"',
    '""',
    "\\",
    "\\'",
    "--",
    "/*",
    "*/",
    ";",
    "$1",
    "$$",
    "${x}",
    "%s",
    "?",
    ":name",
    "`",
    "'; drop table canary; --",
    '"; drop table canary; --',
    "' or '1'='1",
    "\n",
    "\r\n",
    "\t",
    "\u2028",
    "ʼ",
    "𝕊",
    "ﷺ",
    "e\u0301",
    "\uFEFF",
    "\u202Eabc",
    " ",
    "null",
    "NULL",
  ),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom("'", '"', "\\", "-", "/", "*", ";", "$", "1", "a", " ", "\n", "`") }),
);
const text = nasty.filter((one) => !one.includes("\0") && Buffer.from(one).toString() === one);
const name = text.filter((one) => one !== "" && !one.startsWith("\uFEFF"));
const runs = { numRuns: 200 };

test("a bound text comes back equal", async () => {
  await fc.assert(
    fc.asyncProperty(text, async (one) => {
      expect(asText((await rows(sql`select hex(${one}::varchar)`)).rows[0]?.[0])).toBe(one);
    }),
    runs,
  );
});

test("a literal comes back equal, and so does an inlined value", async () => {
  await fc.assert(
    fc.asyncProperty(text, async (one) => {
      expect(asText((await rows(sql`select hex(${literal(one)})`)).rows[0]?.[0])).toBe(one);
      expect(asText((await rows(sql`select hex(${one})`, true)).rows[0]?.[0])).toBe(one);
    }),
    runs,
  );
});

test("an identifier names exactly that column", async () => {
  await fc.assert(
    fc.asyncProperty(name, text, async (column, one) => {
      const result = await rows(
        sql`select hex(${ident("t", column)}) as ${ident(column)} from (select ${one}::varchar as ${ident(column)}) as t`,
      );
      expect(result.names).toEqual([column]);
      expect(asText(result.rows[0]?.[0])).toBe(one);
    }),
    runs,
  );
});

test("names and values in any number keep to their places", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { minLength: 1, maxLength: 12, selector: (one) => one.toLowerCase().normalize("NFKC") }),
      async (names) => {
        const list = names.map((one) => sql`${one}::varchar as ${ident(one)}`);
        const result = await rows(sql`select ${join(list)}`);
        expect(result.names).toEqual(names);
        expect(result.rows).toEqual([names]);
      },
    ),
    runs,
  );
});

test("whole numbers keep every digit", async () => {
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), async (one) => {
      expect((await rows(sql`select ${one}::bigint`)).rows).toEqual([[one]]);
    }),
    runs,
  );
});

test("rows of a file are numbered from 1, also beside a column of the name that DuckDB gives", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-row-number-"));
  try {
    for (const name of ["id", "File_Row_Number"]) {
      const file = path.join(folder, `${name}.parquet`);
      await rows(
        sql`copy (select 100 - i as ${ident(name)} from range(3) t(i)) to ${literal(file)} (format parquet)`,
        true,
      );
      const query = sql`select r from (select ${rowNumber([{ name }])} as r, * from ${table(file)}) where ${ident(name)} < 100 order by r`;
      expect((await rows(query, true)).rows).toEqual([[2n], [3n]]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  [["%d/%m/%Y"], "31/12/2024", false],
  [["%d/%m/%Y"], "31/02/2024", true],
  [["%Y-%m-%d", "%Y-%m-%d %H:%M"], "2024-12-31 00:00", false],
  [["%Y-%m-%d", "%Y-%m-%d %H:%M"], "2024-12-31 12:00", true],
])("a text becomes a date only when no time of day is lost (%#)", async (formats, text, isBad) => {
  const { bad, value, soundValue } = strictCast(sql`x`, "VARCHAR", { type: "DATE", formats });
  const found = await rows(
    sql`select ${bad}, (${value}) is null, (${value}) is not distinct from (${soundValue}) from (select ${literal(text)} as x)`,
    true,
  );
  expect(found.rows[0]?.slice(0, 2)).toEqual([isBad, isBad]);
  if (!isBad) expect(found.rows[0]?.[2]).toBe(true);
});
