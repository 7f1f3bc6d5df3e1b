import { isDatapyError } from "@datapy/mod-kit";
import { parseYaml, readYaml } from "../../src/config/parse-yaml.js";
import { FaultList } from "../../src/faults.js";

/** `CODE:line:column` of each fault. */
function faultsOf(text: string): string[] {
  return readYaml(text, "/x.yaml").faults.map(
    ({ code, location }) => `${code}:${location?.line ?? 0}:${location?.column ?? 0}`,
  );
}

function json(text: string): unknown {
  return JSON.parse(JSON.stringify(parseYaml(text, "/x.yaml").toJson()));
}

describe("parseYaml reads what YAML 1.2 says", () => {
  test.each<[string, string, unknown]>([
    ["an empty text", "", null],
    ["a comment", "# nothing\n", null],
    [
      "scalars of the core types",
      "a: 1\nb: 1.5\nc: true\nd: null\ne: ~\nf:\ng: text\nh: 0x1F\ni: 0o17\nj: 1e3",
      { a: 1, b: 1.5, c: true, d: null, e: null, f: null, g: "text", h: 31, i: 15, j: 1000 },
    ],
    ["quoted scalars as text", `a: "1"\nb: 'true'\nc: "a\\tb"`, { a: "1", b: "true", c: "a\tb" }],
    [
      "yes, no, on, off and dates as text",
      "a: yes\nb: off\nc: 2024-08-12\nd: 12:30:45",
      { a: "yes", b: "off", c: "2024-08-12", d: "12:30:45" },
    ],
    ["blocks", "a: |\n  one\n  two\nb: >-\n  one\n  two\n", { a: "one\ntwo\n", b: "one two" }],
    ["flow collections", "a: [1, {b: 2}, [x]]", { a: [1, { b: 2 }, ["x"]] }],
    ["anchors and aliases", "a: &x {k: [1]}\nb: *x", { a: { k: [1] }, b: { k: [1] } }],
    [
      "merge keys; own keys win, earlier sources win",
      "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0",
      { x: { a: 1, b: 1 }, y: { b: 2, c: 2 }, z: { a: 0, b: 1, c: 2 } },
    ],
    ["a quoted << as an ordinary key", '"<<": 1', { "<<": 1 }],
    [
      "keys that look like other types, as written",
      "1: a\ntrue: b\n1.50: c\nnull: d",
      { 1: "a", true: "b", "1.50": "c", null: "d" },
    ],
    [
      "explicit core tags",
      '!!str 1: !!str 2\na: !!int "3"\nb: !!float 4\nc: !!bool "true"',
      { 1: "2", a: 3, b: 4, c: true },
    ],
    ["Windows line ends", "a: 1\r\nb:\r\n  - x\r\n", { a: 1, b: ["x"] }],
    [
      "integers up to 2^53 - 1",
      "a: 9007199254740991\nb: -9007199254740991",
      { a: 9007199254740991, b: -9007199254740991 },
    ],
    ["large numbers in scientific notation", "a: 1e300", { a: 1e300 }],
  ])("%s", (_name, text, expected) => {
    expect(json(text)).toEqual(expected);
  });

  test("objects have no prototype", () => {
    const value = parseYaml("a: {toString: 1}", "/x.yaml").toJson() as Record<string, object>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.getPrototypeOf(value["a"])).toBeNull();
    expect(Object.keys(value["a"]!)).toEqual(["toString"]);
  });
});

describe("every value knows its place", () => {
  const document = parseYaml('# head\na:\n  b: "x"\n  c:\n    - 1\n    - {d: 2}\n"e/f": 3\ng: |\n  text\n', "/x.yaml");
  test.each([
    ["/a/b", 3, 6],
    ["/a/c/0", 5, 7],
    ["/a/c/1/d", 6, 11],
    ["/e~1f", 7, 8],
    ["/a/absent/deep", 3, 3],
    ["", 2, 1],
  ])("%s", (pointer, line, column) => {
    expect(document.locate(pointer)).toEqual({ file: "/x.yaml", line, column });
  });
});

describe("faults are found all at once, each with its place", () => {
  test.each([
    [
      "two duplicate keys",
      "a: 1\na: 2\nb: {c: 1, c: 2}\n",
      ["DATAPY_YAML_DUPLICATE_KEY:2:1", "DATAPY_YAML_DUPLICATE_KEY:3:11"],
    ],
    [
      "prototype keys",
      "__proto__: {x: 1}\na: {constructor: 1}\nb: [prototype: 1]",
      ["DATAPY_YAML_KEY:1:1", "DATAPY_YAML_KEY:2:5", "DATAPY_YAML_KEY:3:5"],
    ],
    [
      "tags",
      'a: !!js/function "x"\nb: !<tag:yaml.org,2002:js/regexp> x\nc: !mine {}\nd: !!binary aGk=\ne: !!set {a}',
      [
        "DATAPY_YAML_TAG:1:4",
        "DATAPY_YAML_TAG:2:4",
        "DATAPY_YAML_TAG:3:4",
        "DATAPY_YAML_TAG:4:4",
        "DATAPY_YAML_TAG:5:4",
      ],
    ],
    [
      "numbers that cannot be kept",
      "a: 9007199254740992\nb: -9007199254740993\nc: 12345678901234567890\nd: .inf\ne: .nan\nf: 1e999\ng: 0xFFFFFFFFFFFFFFFF\nh: 12345678901234567890.0",
      [
        "DATAPY_YAML_NUMBER:1:4",
        "DATAPY_YAML_NUMBER:2:4",
        "DATAPY_YAML_NUMBER:3:4",
        "DATAPY_YAML_NUMBER:4:4",
        "DATAPY_YAML_NUMBER:5:4",
        "DATAPY_YAML_NUMBER:6:4",
        "DATAPY_YAML_NUMBER:7:4",
        "DATAPY_YAML_NUMBER:8:4",
      ],
    ],
    ["two documents", "a: 1\n---\nb: 2\n", ["DATAPY_YAML_DOCUMENTS:2:1"]],
    ["an alias without an anchor", "a: *b", ["DATAPY_YAML_ALIAS:1:4"]],
    ["an alias inside its own anchor", "a: &b [1, *b]", ["DATAPY_YAML_ALIAS:1:11"]],
    ["a merge of something else", "a:\n  <<: 5", ["DATAPY_YAML_ALIAS:2:3"]],
    ["a mapping as a key", "? {a: 1}\n: 2", ["DATAPY_YAML_KEY:1:3"]],
    ["syntax", "a:\n  b: 1\n c: 2\n", ["DATAPY_YAML_SYNTAX:3:2"]],
    ["a tab as indentation", "a:\n\tb: 1\n", ["DATAPY_YAML_SYNTAX:2:1"]],
    ["an unclosed quote", 'a: "x\nb: 1\n', ["DATAPY_YAML_SYNTAX:2:1"]],
    ["a %TAG directive", "%TAG !! tag:evil,2000:\n---\na: !!str 1", ["DATAPY_YAML_TAG:1:1"]],
  ])("%s", (_name, text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });

  test("parseYaml throws them with exit code 20", () => {
    expect.assertions(3);
    try {
      parseYaml("a: 1\na: 2\n", "/x.yaml");
    } catch (error) {
      expect(error).toBeInstanceOf(FaultList);
      const [first] = (error as FaultList).faults;
      expect(isDatapyError(first)).toBe(true);
      expect(first?.exitCode).toBe(20);
    }
  });
});

describe("hostile texts end in a clear error, soon", () => {
  const bomb = Array.from({ length: 30 }, (_, index) =>
    index === 0
      ? "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
      : `a${index}: &a${index} [${`*a${index - 1}, `.repeat(9)}*a${index - 1}]`,
  ).join("\n");
  const chain = Array.from({ length: 200 }, (_, index) =>
    index === 0 ? "- &a0 [x]" : `- &a${index} [*a${index - 1}]`,
  ).join("\n");
  test.each([
    ["an alias bomb", bomb, "DATAPY_YAML_TOO_MANY_NODES"],
    ["depth through aliases", chain, "DATAPY_YAML_TOO_DEEP"],
    ["lists 10,000 deep", "[".repeat(10_000), "DATAPY_YAML_TOO_DEEP"],
    ["mappings 10,000 deep", "{a: ".repeat(10_000), "DATAPY_YAML_TOO_DEEP"],
    ["dashes 10,000 deep", "- ".repeat(10_000), "DATAPY_YAML_TOO_DEEP"],
    [
      "indentation 1,000 deep",
      Array.from({ length: 1_000 }, (_, index) => `${" ".repeat(index)}a:`).join("\n"),
      "DATAPY_YAML_TOO_DEEP",
    ],
    ["450,000 items", "- 1\n".repeat(450_000), "DATAPY_YAML_TOO_MANY_NODES"],
    ["5 MiB", "# comment\n".repeat(500_000), "DATAPY_YAML_TOO_LARGE"],
    ["5 MiB in few characters", `a: "${"\u20ac".repeat(1_700_000)}"`, "DATAPY_YAML_TOO_LARGE"],
    ["a NUL", "a: \0", "DATAPY_YAML_SYNTAX"],
    ["a flood of anchors", "- &a x\n".repeat(450_000), "DATAPY_YAML_TOO_MANY_NODES"],
    ["a flood of aliases", `a: &a x\nb:\n${"  - *a\n".repeat(450_000)}`, "DATAPY_YAML_TOO_MANY_NODES"],
  ])("%s", (_name, text, code) => {
    const faults = readYaml(text, "/x.yaml").faults;
    expect(faults.map((one) => one.code)).toEqual([code]);
    expect(faults[0]?.exitCode).toBe(20);
  });
});

test("tells of a thousand faults at most, and that there are more", () => {
  const { faults } = readYaml("a: 1\n".repeat(100_000), "flood.yaml");
  expect(faults).toHaveLength(1001);
  expect([faults[0]?.code, faults.at(-1)?.code]).toEqual(["DATAPY_YAML_DUPLICATE_KEY", "DATAPY_YAML_TOO_MANY_FAULTS"]);
  expect(faults.at(-1)?.location?.line).toBe(1001);
});
