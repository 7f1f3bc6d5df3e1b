import fc from "fast-check";
import { ident, literal, sql } from "@datapy/mod-kit";
import type { SqlValue } from "@datapy/mod-kit";
import { openData } from "./open-data.js";
import type { OpenedData } from "./open-data.js";

describe("values and names in statements for DuckDB", () => {
  let data: OpenedData;
  beforeAll(async () => {
    data = await openData();
  });
  afterAll(() => data.end());

  const back = async (value: SqlValue): Promise<unknown> =>
    (await data.context.query(sql`select ${value} as v`))[0]?.["v"];

  it("gives back any text, quotes, NUL and control characters included", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({
        unit: fc.constantFrom(
          "'",
          '"',
          "\\",
          "\0",
          "\n",
          "\r",
          "$",
          ";",
          "-",
          "/",
          "*",
          "%",
          "{",
          "}",
          "é",
          "😀",
          "\u2028",
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        expect(await back(value)).toBe(value);
        expect((await data.context.query(sql`select ${literal(value)} as v`))[0]?.["v"]).toBe(value);
      }),
      { numRuns: 300 },
    );
  });

  it("takes any text but the empty one and one with NUL as an identifier", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", minLength: 1 }).filter((name) => !name.includes("\0")),
        async (name) => {
          const rows = await data.context.query(sql`select ${ident(name)} from (select 7 as ${ident(name)})`);
          expect(rows).toEqual([{ [name]: 7 }]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("gives back every finite number exactly", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (value) => {
        const given = await back(value);
        expect(Object.is(typeof given === "bigint" ? Number(given) : given, value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("gives back whole numbers of up to 128 bits", async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 128n - 1n }), async (value) => {
        expect(BigInt((await back(value)) as bigint | number)).toBe(value);
      }),
    );
    for (const value of [2n ** 63n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 127n), 2n ** 127n - 1n, 2n ** 128n - 1n]) {
      expect(BigInt((await back(value)) as bigint | number)).toBe(value);
    }
  });

  it("gives back bytes, lists and objects", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (value) => {
        expect(await back(value)).toEqual(value);
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "binary" })),
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => !key.includes("\0") && key !== "__proto__"),
          fc.string(),
          { minKeys: 1 },
        ),
        async (list, object) => {
          expect(await back(list)).toEqual(list);
          const keys = Object.keys(object).map((key) => key.toLowerCase());
          fc.pre(new Set(keys).size === keys.length);
          expect(await back(object)).toEqual({ ...object });
        },
      ),
    );
    expect(await back([[1, 2], [], [null]])).toEqual([[1, 2], [], [null]]);
    expect(await back({ a: { b: [{ "c'": "\0" }] } })).toEqual({ a: { b: [{ "c'": "\0" }] } });
  });

  it("refuses a field that JavaScript would lose", async () => {
    const value = JSON.parse('{"a": [{"__proto__": "x"}]}') as SqlValue;
    await expect(back(value)).rejects.toThrow("a field called __proto__");
  });

  it("binds a value tighter than what stands round it", async () => {
    const rows = await data.context.query(
      sql`select 10 -${-1} as a, ${-1}::varchar as b, ${-1.5}::varchar as c, - ${-2n} as d`,
    );
    expect(rows).toEqual([{ a: 11, b: "-1", c: "-1.5", d: 2 }]);
  });

  it.each([
    ["a number without end", Number.POSITIVE_INFINITY],
    ["more than 128 bits", 2n ** 128n],
    ["half a character", "a\ud800b"],
    ["an object without keys", {}],
  ])("refuses %s", async (_, value) => {
    await expect(async () => back(value)).rejects.toThrow();
  });
});
