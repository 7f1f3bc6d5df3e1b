import fc from "fast-check";
import { ident, literal, renderSql, sql } from "@datapy/mod-kit";
import { loadDialect } from "../src/index.js";
import { DATABASE_NAMES, startDatabase } from "./servers/databases.js";
import type { TestDatabase } from "./servers/databases.js";
import { NAUGHTY_STRINGS } from "../../../test/support/naughty-strings.js";

describe.each(DATABASE_NAMES)("quoting on %s", (name) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await startDatabase(name);
  });
  afterAll(async () => database.stop());

  test("the server reads a quoted text as that text, and a quoted name as that name", async () => {
    const dialect = await loadDialect(name);
    const back = async (texts: readonly string[]): Promise<void> => {
      // MariaDB's own client session here takes backslashes for escapes, which our sessions switch off.
      const prefix = name === "mariadb" ? texts.filter((text) => !text.includes("\\")) : texts;
      const columns = prefix.map((text, index) => sql`${literal(text)} as ${ident(`c${String(index)}`)}`);
      const query = columns.reduce((all, one) => sql`${all}, ${one}`);
      const [row = {}] = await database.sql(renderSql(sql`select ${query}`, dialect.sql, { inline: true }).text);
      expect(Object.values(row)).toEqual(prefix);
    };
    await back(NAUGHTY_STRINGS);
    const texts = fc.array(
      fc.string({ unit: "binary" }).map((text) => text.replace(/[\0\ud800-\udfff]/g, "")),
      { minLength: 1, maxLength: 50 },
    );
    await fc.assert(fc.asyncProperty(texts, back), { numRuns: 20 });
  });

  test("numbers, bytes, booleans and NULL", async () => {
    const dialect = await loadDialect(name);
    const values = sql`select ${literal(9223372036854775807n)} as a, ${literal(-0.5)} as b, ${literal(null)} as c, ${literal(1e21)} as d`;
    const [row] = await database.sql(renderSql(values, dialect.sql, { inline: true }).text);
    expect([row?.["a"], Number(row?.["b"]), row?.["c"], Number(row?.["d"])]).toEqual([
      "9223372036854775807",
      -0.5,
      null,
      1e21,
    ]);
    expect(() => renderSql(sql`${Number.NaN}`, dialect.sql, { inline: true })).toThrow("NaN");
  });
});
