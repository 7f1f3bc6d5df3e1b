import { Artifact, ByteSize, Duration, Path, Secret, Type } from "@datapy/mod-kit";
import type { TObject } from "@datapy/mod-kit";
import fc from "fast-check";
import { parameterFaults, validateParameters } from "../../src/contract/index.js";

/** `name: message | hint` of every fault of one value. */
function told(property: Parameters<typeof Type.Object>[0][string], value: unknown): string[] {
  const schema = Type.Object({ it: property });
  return parameterFaults({ schema, values: { it: value }, mod: "m" }).map(
    ({ error }) => `${error.message} | ${error.hint ?? ""}`,
  );
}

const schemaOf = (properties: Parameters<typeof Type.Object>[0]): TObject => Type.Object(properties);

describe("every fault is told at once", () => {
  const schema = schemaOf({
    input_path: Path({ description: "File to read" }),
    delimiter: Type.String({ minLength: 1, maxLength: 1, default: "," }),
    on_bad_row: Type.Union([Type.Literal("fail"), Type.Literal("quarantine")], { default: "fail" }),
    max_bad_rows: Type.Integer({ minimum: 0, default: 0 }),
    columns: Type.Optional(Type.Array(Type.Object({ name: Type.String() }, { additionalProperties: false }))),
  });
  const values = {
    delimeter: ";",
    delimiter: "||",
    on_bad_row: "quarantin",
    max_bad_rows: "5",
    columns: [{ nam: "x" }, 3],
  };

  test("with parameter, what was expected, what was given and what was meant", () => {
    const faults = parameterFaults({ schema, values, mod: "csv-reader" });
    expect(
      faults.map(({ pointer, error }) => `${pointer} ${error.code}: ${error.message}. ${error.hint ?? ""}`),
    ).toEqual([
      "/delimeter DATAPY_PARAMETER_UNKNOWN: csv-reader has no parameter delimeter. Did you mean delimiter?",
      "/input_path DATAPY_PARAMETER_MISSING: csv-reader needs input_path: the path of a file. File to read.",
      '/delimiter DATAPY_PARAMETER_INVALID: delimiter must be one character, not the text "||". Correct the value.',
      '/on_bad_row DATAPY_PARAMETER_INVALID: on_bad_row must be one of fail, quarantine, not the text "quarantin". Did you mean quarantine?',
      '/max_bad_rows DATAPY_PARAMETER_INVALID: max_bad_rows must be a whole number ≥ 0, not the text "5". Remove the quotes.',
      "/columns/0/name DATAPY_PARAMETER_MISSING: columns[0] needs name: text. See `datapy mods info csv-reader`.",
      "/columns/0/nam DATAPY_PARAMETER_UNKNOWN: columns[0] has no key nam. Did you mean name?",
      "/columns/1 DATAPY_PARAMETER_INVALID: columns[1] must be a mapping with name, not the number 3. Correct the value.",
    ]);
    expect(faults.every(({ error }) => error.exitCode === 20)).toBe(true);
  });

  test("in the order of the file, each with its place", () => {
    const lines: Readonly<Record<string, number>> = {
      "/max_bad_rows": 2,
      "/delimiter": 4,
      "/on_bad_row": 7,
      "/delimeter": 9,
      "/columns/1": 12,
    };
    const faults = parameterFaults({
      schema,
      values,
      locate: (pointer) => ({ file: "p.yaml", line: lines[pointer] ?? 1, column: 3 }),
    });
    const places = faults.map(({ error }) => error.location?.line);
    expect(places).toEqual([...places].sort((one, other) => (one ?? 0) - (other ?? 0)));
    expect(faults.find(({ pointer }) => pointer === "/delimiter")?.error.location).toEqual({
      file: "p.yaml",
      line: 4,
      column: 3,
    });
  });

  test("a flood of values that fit no branch of a union is counted, too", () => {
    const params = Type.Object({ list: Type.Array(Type.Union([Type.String(), Type.Integer()])) });
    const faults = validateParameters({ schema: params, values: { list: Array.from({ length: 20_000 }, () => ({})) } });
    expect(faults).toHaveLength(51);
    expect(faults[0]?.message).toContain("list[0]");
  });

  test("a flood is counted after the fiftieth", () => {
    const faults = validateParameters({ schema, values: { input_path: "x", columns: Array(1000).fill(1) } });
    // Fifty, and the three defaults that are not filled in here are among them.
    expect(faults).toHaveLength(51);
    expect(faults.at(-1)?.code).toBe("DATAPY_PARAMETER_FAULTS");
    expect(faults.at(-1)?.message).toMatch(/^\d+ more/);
  });
});

test("valid parameters have no fault", () => {
  const schema = schemaOf({
    a: Type.Number(),
    b: Type.Optional(Type.Null()),
    c: Type.Record(Type.String(), Type.Boolean()),
  });
  expect(validateParameters({ schema, values: { a: 1, b: null, c: { x: true } } })).toEqual([]);
});

describe("unknown parameters", () => {
  test.each([
    {},
    { additionalProperties: true },
    { additionalProperties: false },
    { additionalProperties: Type.String() },
  ])("are refused once, whatever the schema says (%j)", (options) => {
    const schema = Type.Object({ known: Type.Optional(Type.String()) }, options);
    const faults = parameterFaults({ schema, values: { knwon: "secret value" }, mod: "m" });
    expect(faults.map(({ error }) => error.code)).toEqual(["DATAPY_PARAMETER_UNKNOWN"]);
    // What a mistyped name holds may be a secret.
    expect(faults[0]?.error.message).not.toContain("secret value");
  });

  test("with nothing near, all that there is", () => {
    const [fault] = parameterFaults({
      schema: schemaOf({ a: Type.Optional(Type.String()), b: Type.Optional(Type.String()) }),
      values: { quite_different: 1 },
      mod: "m",
    });
    expect(fault?.error.hint).toBe("m takes a, b.");
  });

  test("base_path is the host's, and any mod may be given one", () => {
    expect(parameterFaults({ schema: schemaOf({}), values: { base_path: "/data" } })).toEqual([]);
  });

  test.each(["toString", "constructor", "__proto__", "hasOwnProperty"])(
    "%s is unknown, and missing where it is required",
    (name) => {
      const values = JSON.parse(`{"${name}": 1}`) as Record<string, unknown>;
      expect(parameterFaults({ schema: schemaOf({}), values }).map(({ error }) => error.code)).toEqual([
        "DATAPY_PARAMETER_UNKNOWN",
      ]);
      if (name === "__proto__") return;
      const required = { type: "object", required: [name], properties: { [name]: { type: "number" } } };
      expect(parameterFaults({ schema: required, values: {} }).map(({ error }) => error.code)).toEqual([
        "DATAPY_PARAMETER_MISSING",
      ]);
    },
  );

  test("those of an intersection are known", () => {
    const schema = {
      type: "object",
      allOf: [{ properties: { a: { type: "string" } } }],
      properties: { b: { type: "string" } },
    };
    expect(parameterFaults({ schema, values: { a: "x", b: "y" } })).toEqual([]);
  });
});

describe("what is expected, in words", () => {
  const kind = Type.Union([
    Type.Object({ kind: Type.Literal("range"), min: Type.Number() }),
    Type.Object({ kind: Type.Literal("regex"), pattern: Type.String() }),
  ]);

  const severity = Type.Optional(Type.Union([Type.Literal("error"), Type.Literal("warn")]));

  test.each<[string, Parameters<typeof told>[0], unknown, string]>([
    ["a number", Type.Number(), "x", 'it must be a number, not the text "x"'],
    [
      "limits",
      Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
      1,
      "it must be a number ≥ 0 and < 1, not the number 1",
    ],
    ["a multiple", Type.Integer({ multipleOf: 5 }), 3, "it must be a whole number, a multiple of 5, not the number 3"],
    ["a whole number", Type.Integer(), 1.5, "it must be a whole number, not the number 1.5"],
    ["true or false", Type.Boolean(), "true", 'true or false, not the text "true" | Remove the quotes.'],
    ["text", Type.String(), 5, "it must be text, not the number 5 | Put it in quotes."],
    [
      "text that is not empty",
      Type.String({ minLength: 1 }),
      "",
      "it must be text that is not empty, not an empty text",
    ],
    ["a pattern", Type.String({ pattern: "^a+$" }), "b", "text that matches /^a+$/"],
    [
      "a choice",
      Type.Union([Type.Literal("a"), Type.Literal(1), Type.Null()]),
      2,
      "it must be one of a, 1, or null, not the number 2",
    ],
    [
      "an enum",
      Type.Unsafe<string>({ type: "string", enum: ["append", "replace"] }),
      "replce",
      "Did you mean replace?",
    ],
    ["one constant", Type.Literal("x"), "y", "it must be x"],
    ["null", Type.Null(), 0, "it must be null, not the number 0"],
    [
      "a list",
      Type.Array(Type.String(), { minItems: 1 }),
      [],
      "it must be a list of at least one item, each item text, not a list of 0 values",
    ],
    ["no list", Type.Array(Type.String()), "a", 'not the text "a" | Write a list, such as [a, b].'],
    ["an item", Type.Array(Type.Integer()), [1, "x"], 'it[1] must be a whole number, not the text "x"'],
    ["repetitions", Type.Array(Type.String(), { uniqueItems: true }), ["a", "b", "a"], "Items 0 and 2 are alike"],
    ["a pair", Type.Tuple([Type.String(), Type.Number()]), ["a"], "it must be a list of 2 items (text; a number)"],
    [
      "a mapping",
      Type.Record(Type.String(), Type.Integer()),
      { a: "x" },
      'it.a must be a whole number, not the text "x"',
    ],
    [
      "a duration",
      Duration(),
      "30 seconds",
      "it must be a duration such as 30s or 1h 30m, or a number of seconds, not the text",
    ],
    ["no duration", Duration(), -1, "a duration such as"],
    ["a byte size", ByteSize(), "5XB", "it must be a size such as 64MiB or 2GB, or a number of bytes"],
    ["a path", Path({ target: "directory" }), 5, "it must be the path of a folder, not the number 5"],
    ["an artifact", Artifact(), [], "it must be a table artifact (its path or URI), not a list of 0 values"],
    ["a date", Type.String({ format: "date" }), "2026-02-30", "it must be a date such as 2026-08-12"],
    ["a URL", Type.String({ format: "uri" }), "no url", "a URL such as"],
    [
      "a union",
      Type.Union([Type.Boolean(), Type.Integer({ minimum: 0 })]),
      "yes",
      "it must be true or false, or a whole number ≥ 0",
    ],
    ["the branch that was meant", kind, { kind: "range", min: "x" }, 'it.min must be a number, not the text "x"'],
    [
      "a branch that there is not",
      kind,
      { kind: "regexp", pattern: "x" },
      'it.kind must be one of range, regex, not the text "regexp" | Did you mean regex?',
    ],
    [
      "a wrong choice within the branch that was meant",
      Type.Union([
        Type.Object({ check: Type.Literal("a"), severity, x: Type.Optional(Type.String()) }),
        Type.Object({ check: Type.Literal("b"), severity, y: Type.Optional(Type.String()) }),
      ]),
      { check: "b", severity: "warning" },
      'it.severity must be one of error, warn, not the text "warning"',
    ],
    [
      "no branch at all",
      kind,
      7,
      "it must be a mapping with kind, min, or a mapping with kind, pattern, not the number 7",
    ],
    [
      "a nullable duration",
      Type.Union([Duration(), Type.Null()]),
      "soon",
      "a duration such as 30s or 1h 30m, or a number of seconds, or null",
    ],
    [
      "a list of a union",
      Type.Array(Type.Union([Type.String(), Type.Array(Type.String())])),
      ["a", ["b", 3]],
      "it[1][1] must be text, not the number 3",
    ],
  ])("%s", (_what, property, value, words) => {
    const faults = told(property, value);
    // One fault each: a union does not tell of all its branches.
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(words);
  });

  test("a schema that refers to itself", () => {
    const tree = Type.Recursive((This) => Type.Object({ value: Type.Number(), children: Type.Array(This) }), {
      $id: "Tree",
    });
    expect(told(tree, { value: 1, children: [{ value: "x", children: [] }] })).toEqual([
      'it.children[0].value must be a number, not the text "x" | Correct the value.',
    ]);
  });
});

describe("what is given", () => {
  test("is shown short", () => {
    const [text = ""] = told(Type.Number(), "x".repeat(10_000));
    expect(text.length).toBeLessThan(150);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key_${index}`, index]));
    expect((told(Type.Number(), many)[0] ?? "").length).toBeLessThan(150);
  });

  test.each([
    ["declared", { value: Secret() }, { value: 77_123 }],
    ["declared in a union", { value: Type.Union([Secret(), Type.Null()]) }, { value: 77_123 }],
    ["declared in a list", { value: Type.Array(Secret()) }, { value: [77_123] }],
    ["declared in a mapping", { value: Type.Record(Type.String(), Secret()) }, { value: { a: 77_123 } }],
    ["by name", { db_password: Type.Null() }, { db_password: "77123" }],
    ["in a URL", { endpoint: Type.Null() }, { endpoint: "https://me:77123@host/x" }],
  ])("is never a secret's value (%s)", (_how, properties, values) => {
    const text = JSON.stringify(
      parameterFaults({ schema: schemaOf(properties), values }).map(({ error }) => [error.message, error.hint]),
    );
    expect(text).toContain("must be");
    expect(text).not.toContain("77123");
  });

  test("nor one that came from elsewhere", () => {
    const [fault] = parameterFaults({
      schema: schemaOf({ a: Type.Number() }),
      values: { a: "x hunter2 y" },
      secrets: ["hunter2"],
    });
    expect(fault?.error.message).not.toContain("hunter2");
  });

  test("may be any value at all", () => {
    const schema = schemaOf({
      a: Type.Union([Type.Object({ b: Type.Literal("x"), c: Type.Array(Type.Number()) }), Type.Null()]),
    });
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true }), (value) => {
        for (const { error } of parameterFaults({ schema, values: { a: value } }))
          expect(error.message.length).toBeLessThan(600);
      }),
    );
  });
});

test("a schema that is none is a fault of the mod, by name", () => {
  const schema = { type: "object", properties: { a: { type: "strnig" } } };
  expect(() => parameterFaults({ schema, values: {}, mod: "my-mod" })).toThrow(/parameter schema of my-mod is refused/);
});

test("unknown formats, annotations and the helpers' keyword are no fault of a schema", () => {
  const schema = {
    type: "object",
    deprecated: true,
    $schema: "https://json-schema.org/draft/2020-12/schema",
    properties: { a: { type: "string", format: "phone", "x-mine": 1, deprecated: true } },
  };
  expect(parameterFaults({ schema, values: { a: "x" } })).toEqual([]);
});
