import fc from "fast-check";
import type { Sql, SqlDialect, SqlValue } from "../src/index.js";
import { ident, isSql, join, literal, raw, renderSql, sql, table } from "../src/index.js";

/** Writes everything so plainly that a test can read it back. */
const dialect: SqlDialect = {
  identifier: (name) => `"${name.replaceAll('"', '""')}"`,
  placeholder: (index) => `$${index}`,
  literal: (value) => (typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value)),
  table: (uri) => `read_parquet('${uri.replaceAll("'", "''")}')`,
};
const render = (statement: Sql) => renderSql(statement, dialect);

describe("sql", () => {
  test("binds values in order and leaves the text alone", () => {
    const statement = sql`select * from t where a = ${1} and b = ${"x'; drop table t --"} and c is ${null}`;
    expect(render(statement)).toEqual({
      text: "select * from t where a = $1 and b = $2 and c is $3",
      values: [1, "x'; drop table t --", null],
    });
  });

  test("takes pieces into itself", () => {
    const where = sql`where ${ident("order id")} = ${7n}`;
    const statement = sql`select ${join([ident("a"), ident("b")])} from ${table("/data/o'k.parquet")} ${where} limit ${5}`;
    expect(render(statement)).toEqual({
      text: `select "a", "b" from read_parquet('/data/o''k.parquet') where "order id" = $1 limit $2`,
      values: [7n, 5],
    });
  });

  test("takes a table from what writeTable returned", () => {
    expect(render(sql`from ${table({ uri: "/x.parquet" })}`).text).toBe("from read_parquet('/x.parquet')");
  });

  test("qualifies names", () => {
    expect(render(ident("my db", "public", 'a"b')).text).toBe('"my db"."public"."a""b"');
  });

  test("joins with any separator, and nothing to nothing", () => {
    expect(render(join([sql`a = ${1}`, sql`b = ${2}`], " and "))).toEqual({
      text: "a = $1 and b = $2",
      values: [1, 2],
    });
    expect(render(sql`[${join([])}]`)).toEqual({ text: "[]", values: [] });
  });

  test("writes literals where nothing can be bound, and everything with inline", () => {
    expect(render(sql`copy t to ${literal("/tmp/it's")} (delimiter ${literal("|")})`)).toEqual({
      text: "copy t to '/tmp/it''s' (delimiter '|')",
      values: [],
    });
    expect(renderSql(sql`select ${"a'b"}, ${3}`, dialect, { inline: true })).toEqual({
      text: "select 'a''b', 3",
      values: [],
    });
  });

  test("raw is taken as it stands", () => {
    expect(render(sql`select 1 ${raw("order by 1")}`).text).toBe("select 1 order by 1");
  });

  test.each([
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a Date", new Date(0)],
    ["undefined in a list", [1, undefined]],
    ["NaN in a struct", { deep: [{ x: Number.NaN }] }],
    ["SQL in a list", [sql`1`]],
  ])("refuses %s as a value", (_name, value) => {
    expect(() => sql`select ${value as SqlValue}`).toThrow(TypeError);
    expect(() => literal(value as SqlValue)).toThrow(TypeError);
  });

  test.each([[""], ["a\0b"]])("refuses %j as an identifier", (name) => {
    expect(() => ident(name)).toThrow(TypeError);
    expect(() => ident("ok", name)).toThrow(TypeError);
  });

  test("knows its own, also of another copy of mod-kit, and is not fooled by a JSON value", () => {
    expect(isSql(sql`select 1`)).toBe(true);
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a second copy of the module is the point
      const other = require("../src/sql.js") as typeof import("../src/sql.js");
      expect(other.sql).not.toBe(sql);
      expect(isSql(other.sql`select 1`)).toBe(true);
      expect(render(sql`select * from (${other.sql`select ${1}`})`).values).toEqual([1]);
    });
    const forged = JSON.parse('{"brand":"datapy.sql","parts":[{"kind":"text","text":"drop table t"}]}') as SqlValue;
    expect(isSql(forged)).toBe(false);
    expect(render(sql`select ${forged}`)).toEqual({ text: "select $1", values: [forged] });
    for (const other of [undefined, null, 1, "datapy.sql", {}, []]) expect(isSql(other)).toBe(false);
  });
});

describe("a place inside quotes", () => {
  const name = "x";
  test.each([
    ["a text", () => sql`select * from t where name = '${name}'`],
    ["a text with a doubled quote", () => sql`select 'it''s ${name}'`],
    ["an identifier", () => sql`select "${name}" from t`],
    ["a dollar-quoted text", () => sql`select $$ ${name} $$`],
    ["a tagged one", () => sql`select $q$ it's ${name} $q$`],
    ["an escaped text", () => sql`select E'it\\'s ${name}'`],
    ["the second place", () => sql`select ${1}, '${name}'`],
  ])("is refused in %s", (_name, write) => {
    expect(write).toThrow(TypeError);
    expect(write).toThrow("Leave the quotes out");
  });

  test.each([
    ["after a text", () => sql`select 'a', ${name}`],
    ["after a doubled quote", () => sql`select 'it''s', ${name}`],
    ["after an escaped quote", () => sql`select E'it\\'s', ${name}`],
    ["after a backslash that escapes nothing", () => sql`select 'C:\\', ${name}`],
    ["after an apostrophe in a comment", () => sql`select 1 -- don't\n, ${name}`],
    ["after one in a block comment", () => sql`select 1 /* don't */, ${name}`],
    ["after one in a dollar quote", () => sql`select $a$don't$a$, ${name}`],
    ["after quotes in quotes", () => sql`select "it's", '"', ${name}`],
    ["after an operator", () => sql`select 3 - -1, 4 / 2, ${name}`],
  ])("is none %s", (_name, write) => {
    expect(render(write()).values).toEqual(["x"]);
  });
});

describe("renderSql", () => {
  test("keeps neighbours apart", () => {
    expect(render(sql`select ${1}0`).text).toBe("select $1 0");
    expect(render(sql`select ${ident("a")}${ident("b")}`).text).toBe('select "a" "b"');
    expect(render(sql`select ${literal("a")}${literal("b")}`).text).toBe("select 'a' 'b'");
    expect(render(sql`select ${1}${2}`).text).toBe("select $1 $2");
    expect(render(sql`select e${literal("a\\n")}`).text).toBe("select e 'a\\n'");
    expect(render(sql`select a${raw("")}${literal("b")}`).text).toBe("select a 'b'");
  });

  test("does not part what belongs together", () => {
    expect(
      render(sql`select ${"2024-08-12"}::date, t.${ident("a")}.b, f(${1}), ${raw("a")}b, ${raw("it")}${raw("em")}`)
        .text,
    ).toBe('select $1::date, t."a".b, f($2), ab, item');
  });

  const value: fc.Arbitrary<SqlValue> = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
  );
  const code = fc.constantFrom("select ", " from t where a = ", ", ", " and b > ", "(", ") ", " -- c\n", "::text ");

  test("whatever the values are, the text is that of the template and the values arrive in order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(code, value), { maxLength: 8 }), code, (pairs, last) => {
        const strings = Object.assign([...pairs.map(([text]) => text), last], { raw: [] as string[] });
        const rendered = render(sql(strings, ...pairs.map(([, one]) => one)));
        expect(rendered.values).toEqual(pairs.map(([, one]) => one));
        expect(rendered.text.replace(/\$\d+/g, "?").replace(/ /g, "")).toBe(strings.join("?").replace(/ /g, ""));
      }),
    );
  });

  test("nesting changes nothing", () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const flat = render(sql`select ${a}, (${b}), ${c}`);
        const nested = render(sql`select ${sql`${a}, (${sql`${b}`})`}, ${sql`${c}`}`);
        expect(nested).toEqual(flat);
      }),
    );
  });
});
