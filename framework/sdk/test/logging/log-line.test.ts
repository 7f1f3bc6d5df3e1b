import fc from "fast-check";
import { parseLogLine, readRecord, renderJson, renderPretty } from "../../src/logging/log-line.js";
import type { LogInput } from "../../src/logging/log-line.js";

const AT = new Date("2024-08-12T14:30:22.123Z");
const asIs = (text: string): string => text;

function record(message: unknown, fields?: unknown, mask = asIs): ReturnType<typeof readRecord> {
  // A program may hand over anything, whatever the types say.
  const input = {
    at: AT,
    level: "info",
    message,
    context: { mod: "csv-reader", run_id: "csv-reader_0a1b2c3d", session_id: "s" },
    fields,
  };
  return readRecord(input as LogInput, mask);
}

function json(message: unknown, fields?: unknown, mask = asIs): Record<string, unknown> {
  return JSON.parse(renderJson(record(message, fields, mask))) as Record<string, unknown>;
}

describe("a JSON log line", () => {
  it("carries time with milliseconds and offset, level by its name, message, context and fields", () => {
    const line = json("Processing started", { rows: 1000, component: "csv_reader" });
    expect(line).toEqual({
      timestamp: expect.stringMatching(/^2024-08-1[123]T\d\d:\d\d:22\.123[+-]\d\d:\d\d$/) as string,
      level: "INFO",
      message: "Processing started",
      mod: "csv-reader",
      run_id: "csv-reader_0a1b2c3d",
      session_id: "s",
      rows: 1000,
      component: "csv_reader",
    });
    expect(new Date(String(line["timestamp"]))).toEqual(AT);
  });

  it("does not let a field take the place of the line's own keys", () => {
    const line = json("m", { message: "mine", level: "x", run_id: "other", session_id: 1 });
    expect(line).toMatchObject({ message: "m", level: "INFO", run_id: "csv-reader_0a1b2c3d", session_id: "s" });
    expect(line).toMatchObject({ field_message: "mine", field_level: "x", field_run_id: "other", field_session_id: 1 });
  });

  it("keeps whole numbers past 2^53, dates, maps, sets and bytes readable", () => {
    expect(
      json("m", {
        big: 2n ** 70n,
        small: 7n,
        at: AT,
        map: new Map([["a", 1]]),
        set: new Set([1, 2]),
        bytes: new Uint8Array(5),
        nan: NaN,
        url: new URL("https://example.org/x"),
        none: undefined,
        action: function load() {
          return 1;
        },
      }),
    ).toMatchObject({
      big: "1180591620717411303424",
      small: 7,
      at: "2024-08-12T14:30:22.123Z",
      map: { a: 1 },
      set: [1, 2],
      bytes: "[5 bytes]",
      nan: "NaN",
      url: "https://example.org/x",
      action: "[function load]",
    });
    expect(json("m", { none: undefined })).not.toHaveProperty("none");
  });

  it("keeps an error's stack, cause and own properties, wherever it is handed over", () => {
    const error = Object.assign(new Error("outer", { cause: new TypeError("inner") }), { code: "E_X" });
    const expected = {
      name: "Error",
      message: "outer",
      code: "E_X",
      stack: expect.stringContaining("log-line.test.ts") as string,
      cause: { name: "TypeError", message: "inner", stack: expect.stringContaining("inner") as string },
    };
    expect(json("failed", { error })).toMatchObject({ message: "failed", error: expected });
    expect(json("failed", error)).toMatchObject({ message: "failed", error: expected });
    expect(json(error)).toMatchObject({ message: "outer", error: expected });
    expect(json("m", { error: new AggregateError([new Error("a")], "many") })).toMatchObject({
      error: { errors: [{ message: "a" }] },
    });
  });

  it("cuts cycles and what is huge or deep, and says so", () => {
    const cyclic: Record<string, unknown> = { a: 1 };
    cyclic["self"] = cyclic;
    let deep: unknown = "end";
    for (let level = 0; level < 100; level += 1) deep = { deep };
    expect(json("m", { cyclic })).toMatchObject({ cyclic: { a: 1, self: "[circular]" } });
    expect(JSON.stringify(json("m", { deep }))).toContain("[too deep]");
    expect(JSON.stringify(json("m", { text: "x".repeat(1_000_000) }))).toContain("more characters]");
    const huge = renderJson(record("m", { list: Array.from({ length: 1_000_000 }, (_, n) => ({ n })) }));
    expect(huge.length).toBeLessThan(100_000);
    expect(huge).toMatch(/\[\d+ more\]/);
    expect(
      renderJson(record("m", Object.fromEntries(Array.from({ length: 500 }, (_, n) => [n, "y".repeat(30_000)]))))
        .length,
    ).toBeLessThan(400_000);
  });

  it("survives objects that cannot be read", () => {
    const hostile = {
      get bad(): never {
        throw new Error("no");
      },
      good: 1,
      toString: () => {
        throw new Error("no");
      },
    };
    expect(json("m", { hostile })).toMatchObject({ hostile: { good: 1, bad: "[getter failed: no]" } });
    expect(
      json("m", {
        broken: {
          toJSON: () => {
            throw new Error("no");
          },
        },
      }),
    ).toMatchObject({ broken: "[not readable: no]" });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(json("m", { proxy })).toHaveProperty("proxy");
    expect(json("m", { ["__proto__"]: 1 })).toEqual(expect.objectContaining({}));
    expect(json(Object.create(null))).toHaveProperty("message");
    expect(json(undefined)).toMatchObject({ message: "" });
    expect(json("m", "a text")).toMatchObject({ value: "a text" });
  });

  it("masks every text before it is cut, so that no half of a secret is left, and never its ids", () => {
    const mask = (text: string): string => text.replaceAll("hunter2", "***");
    const line = json("with hunter2", { a: { "hunter2 key": ["x hunter2"] }, e: new Error("hunter2") }, mask);
    expect(JSON.stringify(line)).not.toContain("hunter2");
    expect(line).toMatchObject({ message: "with ***", a: { "*** key": ["x ***"] } });
    expect(JSON.stringify(json(`${"x".repeat(32_765)}hunter2`, undefined, mask))).not.toContain("hun");
    expect(json("m", undefined, (text) => text.replaceAll("csv-reader", "***"))).toMatchObject({
      run_id: "csv-reader_0a1b2c3d",
    });
  });

  it("is one line that parses, without control characters, whatever is logged", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true }),
        fc.string({ unit: "binary" }),
        (value, message) => {
          const text = renderJson(record(message, { value, [message]: value }));

          expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
          expect((JSON.parse(text) as { level: string }).level).toBe("INFO");
          expect(parseLogLine(text)?.message).toBe((JSON.parse(text) as { message: string }).message);
          const pretty = renderPretty(record(message, { value }), false);

          expect(pretty).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a pretty log line", () => {
  it("reads time, level, mod, message, fields", () => {
    expect(renderPretty(record("Processing started", { rows: 1000, file: "a b.csv" }), false)).toMatch(
      /^\d\d:\d\d:22\.123 INFO {4}csv-reader Processing started rows=1000 file="a b.csv"$/,
    );
  });

  it("puts stack traces on lines below, with their causes", () => {
    const error = new Error("outer", { cause: new Error("inner") });
    const [head, ...rest] = renderPretty(record("failed", { error }), false).split("\n");
    expect(head).toContain('failed error="outer"');
    expect(rest[0]).toBe("    Error: outer");
    expect(rest).toContain("    caused by: Error: inner");
    expect(renderPretty(record("failed", { stack: "Error: outer\n    at here", n: 1 }), false)).toMatch(
      /failed n=1\n {4}Error: outer\n {8}at here$/,
    );
  });

  it("cannot move the cursor or change colours", () => {
    const text = renderPretty(record("a\u001b[2Jb\nc\u009b1m", { "k\u001b": "\u001b]0;x\u0007" }), false);
    expect(text.split("\n")).toHaveLength(1);
    expect(text).toContain("a\\x1b[2Jb\\nc\\x9b1m");
  });

  it("has colours only when asked", () => {
    expect(renderPretty(record("m", { a: 1 }), true)).toContain("\u001b[36mINFO");
    expect(renderPretty(record("m", { a: 1 }), false)).not.toContain("\u001b");
  });
});
