import fc from "fast-check";
import { JsonFault, readJson } from "../../src/json/json-reader.js";
import { parseJsonPath } from "../../src/json/json-path.js";
import { JsonNumber, jsonText } from "../../src/json/json-value.js";
import type { JsonValue } from "../../src/json/json-value.js";
import { decimalOf, isExactDouble, plainNumber } from "../../src/json/number-text.js";
import { linkTarget } from "../../src/pagination/link-header.js";
import { backoffDelay, retryAfter } from "../../src/http/retry-delay.js";

/** A JSON text of any value, with numbers of any length. */
const jsonNumber = fc.stringMatching(/^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?$/);
const { document } = fc.letrec((tie) => ({
  document: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
    jsonNumber,
    fc.constantFrom("true", "false", "null"),
    fc.array(tie("document"), { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
    fc
      .uniqueArray(fc.tuple(fc.string({ unit: "binary" }), tie("document")), {
        maxLength: 5,
        selector: ([name]) => name,
      })
      .map((fields) => `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${String(value)}`).join(",")}}`),
  ),
}));

test("every document comes back as it was", () => {
  fc.assert(fc.property(document, (text) => expect(jsonText(readJson(text).document)).toBe(text)));
});

test("every cut document is a fault, and never a shorter document", () => {
  fc.assert(
    fc.property(document, fc.nat(), (whole, at) => {
      const text = `[${whole},7]`;
      expect(() => readJson(text.slice(0, at % text.length))).toThrow(JsonFault);
    }),
  );
});

test("agrees with JSON.parse on what is JSON", () => {
  const text = fc.string({ unit: fc.constantFrom(...'[]{},:"\\ tfn0123456789.eE+-ua\u0000\n'), maxLength: 12 });
  fc.assert(
    fc.property(text, (given) => {
      const accepts = (parse: (text: string) => unknown): boolean => {
        try {
          parse(given);
          return true;
        } catch {
          return false;
        }
      };
      // Twice the same name and half a surrogate are refused here alone.
      if (accepts((one) => readJson(one))) expect(accepts((one) => JSON.parse(one) as unknown)).toBe(true);
      else if (!/"[^"]*"\s*:.*"[^"]*"\s*:|\\u/.test(given))
        expect(accepts((one) => JSON.parse(one) as unknown)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test("records are given one by one and not kept", () => {
  const found: JsonValue[] = [];
  const read = readJson('{"a":[{"x":1},2,null],"b":3}', {
    path: parseJsonPath("a", "path"),
    record: (value) => found.push(value),
  });
  expect(found.map((value) => jsonText(value))).toEqual(['{"x":1}', "2", "null"]);
  expect([jsonText(read.document), read.found]).toEqual(['{"a":[],"b":3}', true]);
});

test("numbers written plainly keep their value", () => {
  expect(["1e3", "-1.50", "0.00", "12e-3", "1.0", "-0"].map(plainNumber)).toEqual([
    "1000",
    "-1.5",
    "0",
    "0.012",
    "1",
    "0",
  ]);
  fc.assert(
    fc.property(jsonNumber, (text) => {
      const plain = plainNumber(text);
      expect({ ...decimalOf(plain), negative: false }).toEqual({ ...decimalOf(text), negative: false });
      expect(plain).toMatch(/^-?\d+(?:\.\d+)?$/);
    }),
  );
});

test("a double is exact when printing it gives the number back", () => {
  expect(["0.1", "1e300", "9007199254740992", "1.50"].map(isExactDouble)).toEqual([true, true, true, true]);
  expect(["9007199254740993", "0.1000000000000000055", "1e400"].map(isExactDouble)).toEqual([false, false, false]);
  expect(new JsonNumber("1").text).toBe("1");
});

test("links with commas, several relations, parameters without values", () => {
  const header =
    '<https://a.test/?x=1,2>; rel=prev, <https://b.test/;p>; crossorigin; title="a, <b>; rel=\\"next\\""; rel="first next"; rel="last"';
  expect(linkTarget(header, "next")).toBe("https://b.test/;p");
  expect(linkTarget(header, "prev")).toBe("https://a.test/?x=1,2");
  expect(linkTarget(header, "last")).toBeUndefined();
  expect(linkTarget(undefined, "next")).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (text) => {
      const target = linkTarget(text, "next");
      if (target !== undefined) expect(text).toContain(target);
    }),
  );
});

test("waits: exponential with a random part, Retry-After in seconds and as a date", () => {
  expect(backoffDelay(0, 1_000, () => 0)).toBe(500);
  expect(backoffDelay(3, 1_000, () => 1)).toBe(8_000);
  expect(backoffDelay(30, 1_000, () => 1)).toBe(60_000);
  const now = Date.parse("2024-01-01T00:00:00Z");
  expect(retryAfter("120", now)).toBe(120_000);
  expect(retryAfter("Mon, 01 Jan 2024 00:00:30 GMT", now)).toBe(30_000);
  expect(retryAfter("Sun, 31 Dec 2023 00:00:00 GMT", now)).toBe(0);
  expect([undefined, "", "soon", "-5"].map((text) => retryAfter(text, now))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
