import fc from "fast-check";
import { runningOrder } from "../../src/jobs/plan/step-graph.js";

const graphs = fc
  .integer({ min: 1, max: 40 })
  .chain((count) =>
    fc.array(fc.array(fc.nat({ max: count - 1 }), { maxLength: 4 }), { minLength: count, maxLength: count }),
  );

function order(needs: readonly (readonly number[])[]): number[] {
  return runningOrder({ ids: needs.map((_, index) => `s${index}`), needs: needs.map((own) => new Set(own)) });
}

test("every step comes after all that it needs, and else in the order of the file", () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (drawn, keys) => {
      // Edges from lower to higher keys: no circle.
      const before = (one: number, other: number): boolean =>
        (keys[one] ?? 0) < (keys[other] ?? 0) || (keys[one] === keys[other] && one < other);
      const needs = drawn.map((own, index) => own.filter((need) => before(need, index)));
      const found = order(needs);
      expect([...found].sort((a, b) => a - b)).toEqual(needs.map((_, index) => index));
      const place = new Map(found.map((index, at) => [index, at]));
      needs.forEach((own, index) => {
        for (const need of own) expect(place.get(need)).toBeLessThan(place.get(index) ?? -1);
      });
      // Of two neighbours, the later declared one is first only where the other needs it.
      found.slice(1).forEach((index, at) => {
        const earlier = found[at] ?? 0;
        if (earlier > index) expect(needs[index]).toContain(earlier);
      });
    }),
  );
});

test("a circle is told with its steps", () => {
  expect(() => order([[], [3], [1], [2]])).toThrow(/s\d → s\d → s\d → s\d/);
});
