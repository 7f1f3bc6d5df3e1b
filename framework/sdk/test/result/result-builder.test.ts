import path from "node:path";
import { EnvelopeSchema, isDatapyError } from "@datapy/mod-kit";
import type { Envelope, ResultBuilder, SuccessEnvelope } from "@datapy/mod-kit";
import fc from "fast-check";
import { compileSchema } from "../../src/contract/index.js";
import { checkEnvelope, createResultBuilder, exitCodeOf, newRunId } from "../../src/result/index.js";

const schema = compileSchema(EnvelopeSchema);
const sessionId = "123e4567-e89b-42d3-a456-426614174000";
const notes: string[] = [];

function builder(): ResultBuilder {
  return createResultBuilder({
    mod: "csv-reader",
    sessionId,
    logFile: "/logs/x.log",
    runId: "csv-reader_0123abcd",
    cwd: "/work-here",
    onNote: (note) => notes.push(note),
  });
}

/** As it arrives at whoever reads the output. */
function received(envelope: Envelope): Envelope {
  expect(schema(envelope)).toEqual([]);
  return JSON.parse(JSON.stringify(envelope)) as Envelope;
}

function succeeded(result: ResultBuilder): SuccessEnvelope {
  const envelope = received(result.success());
  if (envelope.status === "error") throw new Error("it failed");
  return envelope;
}

/** The code of what `act` throws; undefined when it throws nothing. */
function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return isDatapyError(error) ? error.code : String(error);
  }
}

describe("the envelope has the keys of the specification and no others", () => {
  test("success", () => {
    const result = builder();
    result.addMetric("rows_output", 9876);
    result.addArtifact("output_data", "/data/out.parquet");
    result.addGlobal("batch_id", "B1");
    const envelope = result.success();
    expect(Object.keys(envelope)).toEqual([
      "status",
      "execution_time",
      "metrics",
      "artifacts",
      "globals",
      "warnings",
      "errors",
      "logs",
    ]);
    expect(received(envelope)).toEqual({
      status: "success",
      execution_time: expect.any(Number) as number,
      metrics: { rows_output: 9876 },
      artifacts: { output_data: path.resolve("/data/out.parquet") },
      globals: { batch_id: "B1" },
      warnings: [],
      errors: [],
      logs: { log_file: "/logs/x.log", session_id: sessionId, run_id: "csv-reader_0123abcd" },
    });
    expect(exitCodeOf(envelope)).toBe(0);
  });

  test("success with warnings is a warning", () => {
    const result = builder();
    result.addWarning("124 duplicates removed");
    expect(result.success()).toMatchObject({ status: "warning", warnings: ["124 duplicates removed"], errors: [] });
    expect(exitCodeOf(result.success())).toBe(10);
  });

  test("a warning without warnings", () => {
    expect(builder().warning()).toMatchObject({ status: "warning", warnings: [] });
  });

  test("error", () => {
    const result = builder();
    result.addMetric("rows_read", 3);
    result.addGlobal("batch_id", "B1");
    result.addError("File not found: /data/missing_file.csv");
    const envelope = result.error(20);
    expect(Object.keys(envelope)).toEqual(["status", "execution_time", "errors", "exit_code", "globals", "logs"]);
    expect(received(envelope)).toMatchObject({
      status: "error",
      errors: ["File not found: /data/missing_file.csv"],
      exit_code: 20,
      globals: {},
    });
    expect(exitCodeOf(envelope)).toBe(20);
    expect(exitCodeOf(result.error())).toBe(30);
  });
});

test("a run id is the mod's name and eight hexadecimal digits", () => {
  expect(newRunId("csv-reader")).toMatch(/^csv-reader_[0-9a-f]{8}$/);
  expect(newRunId("x")).not.toBe(newRunId("x"));
  const envelope = createResultBuilder({ mod: "csv-reader", sessionId, logFile: "" }).success();
  expect(envelope.logs.run_id).toMatch(/^csv-reader_[0-9a-f]{8}$/);
});

describe("nothing that was said is lost", () => {
  test("success after an error is an error", () => {
    const result = builder();
    result.addError("half of it failed");
    expect(received(result.success())).toMatchObject({ status: "error", exit_code: 30, errors: ["half of it failed"] });
    expect(received(result.warning())).toMatchObject({ status: "error", exit_code: 30 });
  });

  test("an error without a reason says so", () => {
    expect(received(builder().error(40))).toMatchObject({
      exit_code: 40,
      errors: [expect.stringMatching(/^DATAPY_MOD_NO_REASON: csv-reader /)],
    });
  });

  test("an error that was caught may be added as it is", () => {
    const result = builder();
    for (const one of [new Error("boom"), new TypeError(""), 5, undefined] as unknown[]) result.addError(one as string);
    expect(received(result.error())).toMatchObject({ errors: ["boom", "TypeError", "the number 5", "nothing"] });
  });

  test.each([0, 10, 99, 20.5, "30", null])("the exit code %j is refused", (code) => {
    expect(codeOf(() => builder().error(code as 30))).toBe("DATAPY_RESULT_EXIT_CODE");
  });
});

test("methods may be taken off their object", () => {
  const { addMetric, addWarning, success } = builder();
  addMetric("a", 1);
  addWarning("w");
  expect(success()).toMatchObject({ metrics: { a: 1 }, warnings: ["w"] });
});

test("a value is copied when it is added", () => {
  const result = builder();
  const counts = { a: 1 };
  result.addMetric("counts", counts);
  counts.a = 2;
  const first = result.success() as { metrics: Record<string, unknown> };
  expect(first.metrics).toEqual({ counts: { a: 1 } });
  first.metrics["extra"] = 1;
  expect(result.success()).toMatchObject({ metrics: { counts: { a: 1 } } });
  expect(Object.keys((result.success() as { metrics: object }).metrics)).toEqual(["counts"]);
});

test.each(["memory_used_mb", "cpu_seconds", "rows_per_second"])(
  "%s is the host's to measure: noted, and no warning in the result",
  (key) => {
    notes.length = 0;
    const result = builder();
    result.addMetric(key, 1);
    expect(result.success()).toMatchObject({ status: "success", metrics: {} });
    expect(notes).toEqual([expect.stringContaining(key)]);
  },
);

describe("values", () => {
  test.each<[unknown, unknown]>([
    [5n, 5],
    [2n ** 60n, "1152921504606846976"],
    [-(2n ** 60n), "-1152921504606846976"],
    [-0, 0],
    [new Date("2026-08-12T00:00:00Z"), "2026-08-12T00:00:00.000Z"],
    [new Map([["a", 1n]]), { a: 1 }],
    [new Set([1, 2]), [1, 2]],
    [new Uint8Array([1, 2]), [1, 2]],
    [new Error("boom"), "boom"],
    [new URL("s3://b/k"), "s3://b/k"],
    [{ toJSON: () => ({ a: 1n }) }, { a: 1 }],
    [{ a: undefined, b: 1 }, { b: 1 }],
    [Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    ["\ud800", "\ud800"],
  ])("%p is kept as %p", (given, kept) => {
    const result = builder();
    result.addMetric("m", given);
    result.addGlobal("g", given);
    expect(received(result.success())).toMatchObject({ status: "success", metrics: { m: kept }, globals: { g: kept } });
  });

  test.each([Number.NaN, Infinity, -Infinity, undefined, new Date(Number.NaN)])("%p is null, and said", (value) => {
    const result = builder();
    result.addMetric("ratio", value);
    expect(received(result.success())).toMatchObject({
      status: "warning",
      metrics: { ratio: null },
      warnings: [expect.stringContaining("metric ratio was")],
    });
  });

  test("the warning says where inside", () => {
    const result = builder();
    result.addGlobal("g", { list: [1, Number.NaN] });
    expect(result.success()).toMatchObject({
      globals: { g: { list: [1, null] } },
      warnings: [expect.stringContaining("NaN at list[1]")],
    });
  });

  const circle: Record<string, unknown> = {};
  circle["self"] = { circle };
  let deep: unknown = 1;
  for (let level = 0; level < 200; level++) deep = [deep];

  test.each<[string, unknown]>([
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a circle", circle],
    ["nesting deeper than 100 levels", deep],
    ["a promise", Promise.resolve(1)],
    ["a function at a.b[0]", { a: { b: [() => 1] } }],
  ])("%s is refused where it is added", (what, value) => {
    const result = builder();
    expect(
      codeOf(() => {
        result.addMetric("m", value);
      }),
    ).toBe("DATAPY_RESULT_VALUE");
    expect(() => {
      result.addGlobal("g", value);
    }).toThrow(what);
    expect(result.success()).toMatchObject({ status: "success", metrics: {}, globals: {} });
  });

  test("one value may stand in several places", () => {
    const shared = { a: 1 };
    const result = builder();
    result.addMetric("m", [shared, shared]);
    expect(result.success()).toMatchObject({ metrics: { m: [{ a: 1 }, { a: 1 }] } });
  });

  test("a long list", () => {
    const result = builder();
    const list = Array.from({ length: 300_000 }, (_, index) => index);
    result.addMetric("list", list);
    expect(succeeded(result).metrics["list"]).toHaveLength(300_000);
  });

  test.each(["", undefined, 5])("a metric, artifact or global called %p is refused", (key) => {
    const result = builder();
    for (const add of [
      () => result.addMetric(key as string, 1),
      () => result.addArtifact(key as string, "x"),
      () => result.addGlobal(key as string, 1),
    ]) {
      expect(codeOf(add)).toBe("DATAPY_RESULT_VALUE");
    }
  });

  test("artifacts are absolute paths or URIs", () => {
    const result = builder();
    result.addArtifact("relative", "out/x.parquet");
    result.addArtifact("uri", "s3://bucket/x.parquet");
    result.addArtifact("url", new URL("https://example.com/x") as unknown as string);
    expect(result.success()).toMatchObject({
      artifacts: {
        relative: path.resolve("/work-here/out/x.parquet"),
        uri: "s3://bucket/x.parquet",
        url: "https://example.com/x",
      },
    });
    for (const uri of ["", null, 5, {}]) {
      expect(
        codeOf(() => {
          result.addArtifact("x", uri as string);
        }),
      ).toBe("DATAPY_RESULT_VALUE");
    }
  });

  test("a key may be called __proto__", () => {
    const result = builder();
    result.addMetric("__proto__", { polluted: true });
    result.addGlobal("g", JSON.parse('{"__proto__": {"polluted": true}}'));
    const { metrics, globals } = succeeded(result);
    expect(Object.keys(metrics)).toEqual(["__proto__"]);
    expect(Object.keys(globals["g"] as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });
});

test("whatever is called in whatever order, the result is valid and survives JSON", () => {
  const value = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
    }),
    fc.double(),
    fc.bigInt(),
  );
  const call = fc.oneof(
    fc.tuple(
      fc.constantFrom("addWarning" as const, "addError" as const),
      fc.oneof(fc.string({ unit: "binary" }), value),
    ),
    fc.tuple(fc.constantFrom("addMetric" as const, "addGlobal" as const), fc.string(), value),
    fc.tuple(fc.constant("addArtifact" as const), fc.string(), fc.string({ unit: "binary" })),
  );
  fc.assert(
    fc.property(
      fc.array(call, { maxLength: 12 }),
      fc.constantFrom("success" as const, "warning" as const, "error" as const),
      (calls, end) => {
        const result = builder();
        for (const [method, ...args] of calls) {
          try {
            (result[method] as (...all: unknown[]) => void)(...args);
          } catch (error) {
            expect(error).toMatchObject({ code: "DATAPY_RESULT_VALUE" });
          }
        }
        const envelope = result[end]();
        expect(schema(envelope)).toEqual([]);
        expect(JSON.parse(JSON.stringify(envelope))).toEqual(envelope);
        expect(checkEnvelope(envelope, { mod: "csv-reader" })).toEqual(envelope);
        expect(["success", "warning", "error"].indexOf(envelope.status)).toBe(
          [0, 10].includes(exitCodeOf(envelope)) ? exitCodeOf(envelope) / 10 : 2,
        );
      },
    ),
    { numRuns: 500 },
  );
});

describe("datasets that a mod names", () => {
  test("are handed on as they were, and refused without a URI or a role", () => {
    const told: unknown[] = [];
    const result = createResultBuilder({
      mod: "loader",
      sessionId,
      logFile: "",
      onDataset: (dataset) => told.push(dataset),
    });
    const dataset = { role: "output", uri: "postgresql://db:5432/shop/public.customers", rows: 3 } as const;
    result.addDataset(dataset);
    expect(told).toEqual([dataset]);
    expect(codeOf(() => result.addDataset({ role: "output", uri: "" }))).toBe("DATAPY_RESULT_VALUE");
    expect(codeOf(() => result.addDataset({ uri: "s3://bucket/key" } as never))).toBe("DATAPY_RESULT_VALUE");
    expect(codeOf(() => result.addDataset(undefined as never))).toBe("DATAPY_RESULT_VALUE");
  });
});
