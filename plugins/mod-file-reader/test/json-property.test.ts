import fc from "fast-check";
import { JsonFault, JsonParser } from "../src/json/json-parser.js";
import { RecordSplitter } from "../src/json/record-splitter.js";
import { isDoubleExactly } from "../src/transport/column-kinds.js";

function accepts(text: string): boolean {
  try {
    new JsonParser(Buffer.from(text)).parse(() => undefined, true);
    return true;
  } catch (error) {
    if (error instanceof JsonFault) return false;
    throw error;
  }
}

describe("JSON, strictly", () => {
  test("takes what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => accepts(text)),
      { numRuns: 300 },
    );
  });

  test("refuses whatever JSON.parse refuses", () => {
    const spoiled = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom("", ",", "}", "]", '"', "\\", "x", "0", ":", "\n", "-"),
      )
      .map(([text, at, with_]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + with_ + text.slice(place + 1);
      });
    fc.assert(
      fc.property(spoiled, (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        return isJson || !accepts(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test("finds the same records however the document comes in pieces", () => {
    const documents = fc.tuple(fc.array(fc.jsonValue({ maxDepth: 2 })), fc.jsonValue({ maxDepth: 2 }), fc.boolean());
    fc.assert(
      fc.property(documents, fc.integer({ min: 1, max: 9 }), ([records, other, pretty], size) => {
        const text = Buffer.from(
          JSON.stringify(
            { before: other, data: { items: records, items2: other }, after: [other] },
            undefined,
            pretty ? 1 : 0,
          ),
        );
        const splitter = new RecordSplitter(["data", "items"], 1e9);
        const found: unknown[] = [];
        for (let at = 0; at < text.length; at += size)
          for (const { bytes, offset } of splitter.push(text.subarray(at, at + size))) {
            expect(text.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true);
            found.push(JSON.parse(bytes.toString()));
          }
        for (const { bytes } of splitter.end()) found.push(JSON.parse(bytes.toString()));
        expect(found).toEqual(JSON.parse(JSON.stringify(records)));
      }),
      { numRuns: 200 },
    );
  });

  test("knows which numbers a DOUBLE keeps", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
        isDoubleExactly(String(Object.is(value, -0) ? 0 : value).replace("e+", "e")),
      ),
      { numRuns: 300 },
    );
    for (const text of ["9007199254740993", "0.12345678901234567890", "1e400", "123456789.123456789012"])
      expect(isDoubleExactly(text)).toBe(false);
    for (const text of ["0.1", "1.50", "9007199254740992", "1e22", "0", "0.000"])
      expect(isDoubleExactly(text)).toBe(true);
  });
});
