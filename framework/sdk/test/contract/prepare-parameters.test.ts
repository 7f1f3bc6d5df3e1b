import os from "node:os";
import path from "node:path";
import { Artifact, ByteSize, Duration, Path, Secret, Type } from "@datapy/mod-kit";
import fc from "fast-check";
import { parseByteSize, parseDuration, prepareParameters } from "../../src/contract/index.js";

const cwd = path.resolve("/work-here");

function prepared(property: Parameters<typeof Type.Object>[0][string], value: unknown, basePath?: string): unknown {
  return prepareParameters({ schema: Type.Object({ it: property }), values: { it: value }, cwd, basePath }).params[
    "it"
  ];
}

describe("paths", () => {
  test.each([
    ["customers.csv", undefined, path.join(cwd, "customers.csv")],
    ["customers.csv", "/data/2024", path.resolve("/data/2024/customers.csv")],
    ["../x/*.csv", "/data/2024", path.resolve("/data/x/*.csv")],
    ["customers.csv", "data", path.join(cwd, "data/customers.csv")],
    ["/abs/x.csv", "/data", path.resolve("/abs/x.csv")],
    ["~/x.csv", "/data", path.join(os.homedir(), "x.csv")],
    ["~other.csv", "/data", path.resolve("/data/~other.csv")],
    ["s3://bucket/key", "/data", "s3://bucket/key"],
    ["https://example.com/x?y=../z", "/data", "https://example.com/x?y=../z"],
    ["file:///tmp/a%20b.csv", "/data", "/tmp/a b.csv"],
    ["x.csv", "s3://bucket/prefix/", "s3://bucket/prefix/x.csv"],
    ["./x.csv", "s3://bucket/prefix", "s3://bucket/prefix/x.csv"],
    ["/abs/x.csv", "s3://bucket/prefix", path.resolve("/abs/x.csv")],
  ])("%s with base_path %s is %s", (given, basePath, expected) => {
    expect(prepared(Path(), given, basePath)).toBe(expected);
    expect(prepared(Artifact(), given, basePath)).toBe(expected);
  });

  test("a base_path that the mod declares is taken from the working directory, not from itself", () => {
    const schema = Type.Object({ base_path: Path({ target: "directory" }), input_path: Path() });
    const { params, inputs } = prepareParameters({
      schema,
      values: { base_path: "data", input_path: "x" },
      cwd,
      basePath: path.join(cwd, "data"),
    });
    expect(params).toEqual({ base_path: path.join(cwd, "data"), input_path: path.join(cwd, "data/x") });
    // The folder itself is nothing that the mod reads: lineage would else take it for a source.
    expect(inputs.map(({ parameter }) => parameter)).toEqual(["input_path"]);
  });

  test("text that is no path is left alone", () => {
    expect(prepared(Type.String(), "customers.csv", "/data")).toBe("customers.csv");
  });
});

describe("at every depth", () => {
  test.each<[string, Parameters<typeof prepared>[0], unknown, unknown]>([
    ["a list", Type.Array(Path()), ["a", "/b"], [path.join(cwd, "a"), path.resolve("/b")]],
    ["one or many", Type.Union([Path(), Type.Array(Path())]), ["a"], [path.join(cwd, "a")]],
    ["one of one or many", Type.Union([Path(), Type.Array(Path())]), "a", path.join(cwd, "a")],
    ["null or a path", Type.Union([Type.Null(), Path()]), "a", path.join(cwd, "a")],
    ["null", Type.Union([Type.Null(), Path()]), null, null],
    ["a keyword or a path", Type.Union([Type.Literal("auto"), Path()]), "auto", "auto"],
    ["a keyword or a duration", Type.Union([Type.Literal("never"), Duration()]), "never", "never"],
    ["a duration in a union", Type.Union([Type.Literal("never"), Duration()]), "1m", 60_000],
    ["a mapping", Type.Record(Type.String(), Duration()), { a: "1s", b: 2 }, { a: 1000, b: 2000 }],
    [
      "a nested object",
      Type.Object({ in: Type.Object({ size: ByteSize() }) }),
      { in: { size: "1KiB" } },
      { in: { size: 1024 } },
    ],
    ["a pair", Type.Tuple([Path(), Type.String()]), ["a", "a"], [path.join(cwd, "a"), "a"]],
    [
      "the branch of a union that fits",
      Type.Array(
        Type.Union([
          Type.Object({ kind: Type.Literal("file"), at: Path() }),
          Type.Object({ kind: Type.Literal("text"), at: Type.String() }),
        ]),
      ),
      [
        { kind: "text", at: "a" },
        { kind: "file", at: "a" },
      ],
      [
        { kind: "text", at: "a" },
        { kind: "file", at: path.join(cwd, "a") },
      ],
    ],
    [
      "a schema that refers to itself",
      Type.Recursive((This) => Type.Object({ at: Path(), inner: Type.Array(This) }), { $id: "Node" }),
      { at: "a", inner: [{ at: "b", inner: [] }] },
      { at: path.join(cwd, "a"), inner: [{ at: path.join(cwd, "b"), inner: [] }] },
    ],
  ])("%s", (_what, property, value, expected) => {
    expect(prepared(property, value)).toEqual(expected);
  });
});

test("inputs and secrets are found", () => {
  const schema = Type.Object({
    input_path: Path(),
    output_path: Path({ access: "write" }),
    input_artifacts: Type.Array(Artifact()),
    login: Type.Object({ user: Type.String(), password: Secret() }),
    token: Type.Union([Type.Null(), Secret()]),
  });
  const values = {
    input_path: "a",
    output_path: "b",
    input_artifacts: ["/c", "s3://d"],
    login: { user: "u", password: "p" },
    token: "t",
  };
  const found = prepareParameters({ schema, values, cwd });
  expect(found.inputs).toEqual([
    { uri: path.join(cwd, "a"), parameter: "input_path", kind: "path" },
    { uri: path.resolve("/c"), parameter: "input_artifacts", kind: "artifact" },
    { uri: "s3://d", parameter: "input_artifacts", kind: "artifact" },
  ]);
  expect(found.secrets).toEqual(["p", "t"]);
});

test("the result is plain, frozen at every depth, and no part of what was given", () => {
  const inner = Object.assign(Object.create(null) as Record<string, unknown>, {
    list: [{ a: 1 }],
    ["__proto__"]: "data",
  });
  const values = Object.assign(Object.create(null) as Record<string, unknown>, { it: inner });
  const { params } = prepareParameters({ schema: Type.Object({ it: Type.Any() }), values, cwd });
  const it = params["it"] as { readonly list: readonly object[] };
  expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
  expect(Object.getPrototypeOf(it)).toBe(Object.prototype);
  expect(Object.keys(it)).toEqual(["list", "__proto__"]);
  expect([params, it, it.list, it.list[0]].every((one) => Object.isFrozen(one))).toBe(true);
  expect(Object.isFrozen(inner)).toBe(false);
});

describe("durations and sizes", () => {
  test.each([
    [60, 60_000],
    [0.5, 500],
    [0.1, 100],
    [0, 0],
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5m", 90_000],
    ["1h 30m", 5_400_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["0.1s", 100],
    ["", undefined],
    ["5", undefined],
    ["-5s", undefined],
    ["5 parsecs", undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [null, undefined],
  ])("the duration %j is %j ms", (given, expected) => {
    expect(parseDuration(given)).toBe(expected);
  });

  test.each([
    [1_048_576, 1_048_576],
    ["1kB", 1000],
    ["1KB", 1000],
    ["1KiB", 1024],
    ["1.5 MiB", 1_572_864],
    ["2GB", 2e9],
    ["1TiB", 2 ** 40],
    ["0.1kB", 100],
    ["7B", 7],
    ["5", undefined],
    ["5 gb", undefined],
    [-1, undefined],
  ])("the size %j is %j bytes", (given, expected) => {
    expect(parseByteSize(given)).toBe(expected);
  });

  test("all that the schemas take can be read", () => {
    const amount = fc
      .tuple(fc.nat(99_999), fc.option(fc.nat(999), { nil: undefined }))
      .map(([whole, part]) => (part === undefined ? `${whole}` : `${whole}.${part}`));
    const duration = fc.array(fc.tuple(amount, fc.constantFrom("ms", "s", "m", "h", "d"), fc.constantFrom("", " ")), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(duration, (parts) => {
        expect(prepared(Duration(), parts.map((part) => part.join("")).join(""))).toEqual(expect.any(Number));
      }),
    );
    fc.assert(
      fc.property(
        amount,
        fc.constantFrom("B", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"),
        (number, unit) => {
          expect(Number.isInteger(prepared(ByteSize(), `${number}${unit}`))).toBe(true);
        },
      ),
    );
  });
});
