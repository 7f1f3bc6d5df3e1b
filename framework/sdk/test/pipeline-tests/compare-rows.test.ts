import fc from "fast-check";
import { isSame, rowDifferences } from "../../src/pipeline-tests/compare-rows.js";

it("takes numbers for the texts that write them, and nothing else for something else", () => {
  expect(isSame(1, "1")).toBe(true);
  expect(isSame(1.5, "1.50")).toBe(true);
  expect(isSame("1", 1)).toBe(true);
  expect(isSame("01", "1")).toBe(false);
  expect(isSame(0, "")).toBe(false);
  expect(isSame(null, "")).toBe(false);
  expect(isSame(null, undefined)).toBe(true);
  expect(isSame("true", true)).toBe(false);
  expect(isSame([1, { a: 2 }], ["1", { a: 2, b: 3 }])).toBe(true);
  expect(isSame([1], [1, 2])).toBe(false);
});

it("says which rows are missing and which are too many", () => {
  const actual = [
    { id: 1, name: "a" },
    { id: 2, name: "b" },
  ];
  expect(rowDifferences([{ name: "b" }, { id: 1 }], actual, false, "t")).toEqual([]);
  expect(rowDifferences([{ id: 1 }, { id: 3 }], actual, false, "t")).toEqual([
    "t lacks the row { id: 3 }",
    "t has a row that is not expected: { id: 2 }",
  ]);
  expect(rowDifferences([{ id: 2 }, { id: 1 }], actual, true, "t")).toEqual([
    "t, row 1: expected { id: 2 }, got { id: 1 }",
    "t, row 2: expected { id: 1 }, got { id: 2 }",
  ]);
  expect(rowDifferences([{ nmae: "a" }], actual, false, "t")).toEqual(["t has no column nmae; it has id, name"]);
});

it("finds no difference in the same rows in another order, and always one in others", () => {
  const row = fc.record({ a: fc.integer({ min: 0, max: 3 }), b: fc.constantFrom("x", "y", null) });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), fc.array(row, { maxLength: 8 }), (one, other) => {
      expect(rowDifferences(one, [...one].reverse(), false, "t")).toEqual([]);
      const sorted = (rows: readonly object[]): string =>
        rows
          .map((each) => JSON.stringify(each))
          .sort()
          .join();
      expect(rowDifferences(one, other, false, "t").length === 0).toBe(sorted(one) === sorted(other));
    }),
  );
});
