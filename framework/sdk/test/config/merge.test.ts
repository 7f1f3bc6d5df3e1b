import fc from "fast-check";
import { mergeLayers, mergeTraced, traceJson, untrace } from "../../src/config/traced-value.js";
import type { TracedObject, TracedValue } from "../../src/config/traced-value.js";
import type { LayerName } from "../../src/config/configuration-types.js";

const key = fc.constantFrom("a", "b", "c", "toString");
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 1, "x", ""),
    fc.array(fc.integer(), { maxLength: 2 }),
    tie("object"),
    tie("object"),
  ),
  object: fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
}));
const layer = fc.tuple(json.object, fc.constantFrom<LayerName>("project", "globals", "params"));

function traced([value, name]: readonly [Record<string, unknown>, LayerName]): TracedObject {
  return traceJson(value, name) as TracedObject;
}

/** The rule as the specification has it, written the plainest way. */
function plainMerge(lower: unknown, upper: unknown): unknown {
  if (!isObject(lower) || !isObject(upper)) return upper;
  const result: Record<string, unknown> = { ...lower };
  for (const [name, value] of Object.entries(upper))
    result[name] = Object.hasOwn(lower, name) ? plainMerge(lower[name], value) : value;
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keysAt(value: unknown, path = ""): string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${path}/${name}`, ...keysAt(inner, `${path}/${name}`)]);
}

const plain = (value: TracedValue): unknown => JSON.parse(JSON.stringify(untrace(value)));

describe("merging", () => {
  test("follows the rule: objects key by key, all else replaces", () => {
    fc.assert(
      fc.property(layer, layer, (lower, upper) => {
        expect(plain(mergeTraced(traced(lower), traced(upper)))).toEqual(plainMerge(lower[0], upper[0]));
      }),
    );
  });

  test("is associative: layers may be merged in any grouping", () => {
    fc.assert(
      fc.property(layer, layer, layer, layer, (a, b, c, d) => {
        const [one, two, three, four] = [a, b, c, d].map(traced) as [
          TracedObject,
          TracedObject,
          TracedObject,
          TracedObject,
        ];
        const fromLeft = mergeTraced(mergeTraced(mergeTraced(one, two), three), four);
        const fromRight = mergeTraced(one, mergeTraced(two, mergeTraced(three, four)));
        const inPairs = mergeTraced(mergeTraced(one, two), mergeTraced(three, four));
        expect(plain(fromRight)).toEqual(plain(fromLeft));
        expect(plain(inPairs)).toEqual(plain(fromLeft));
        expect(plain(mergeLayers([one, two, three, four]))).toEqual(plain(fromLeft));
      }),
      { numRuns: 500 },
    );
  });

  test("never changes what it is given", () => {
    fc.assert(
      fc.property(layer, layer, (lower, upper) => {
        const [below, above] = [traced(lower), traced(upper)];
        const before = JSON.stringify([plain(below), plain(above)]);
        mergeTraced(below, above);
        expect(JSON.stringify([plain(below), plain(above)])).toBe(before);
      }),
    );
  });

  test("never invents a key, and never loses one of the upper layer", () => {
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 5 }), (layers) => {
        const merged = keysAt(plain(mergeLayers(layers.map(traced))));
        const given = new Set(layers.flatMap(([value]) => keysAt(value)));
        expect(merged.filter((one) => !given.has(one))).toEqual([]);
        const last = layers.at(-1);
        expect(keysAt(last?.[0]).filter((one) => !merged.includes(one))).toEqual([]);
      }),
    );
  });

  test("keeps for each value the layer that it came from, and remembers what it replaced", () => {
    const merged = mergeLayers([
      traced([{ a: 1, o: { x: 1 } }, "default"]),
      traced([{ a: 2, o: 5 }, "project"]),
      traced([{ a: 3, o: { y: 2 } }, "params"]),
    ]);
    expect(plain(merged)).toEqual({ a: 3, o: { y: 2 } });
    expect(merged.entries.get("a")).toMatchObject({
      layer: "params",
      overrode: [
        { layer: "project", value: 2 },
        { layer: "default", value: 1 },
      ],
    });
    expect(merged.entries.get("o")?.overrode.map(({ layer: name }) => name)).toEqual(["project", "default"]);
  });
});
