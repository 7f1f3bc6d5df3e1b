import { EnvelopeSchema, isDatapyError } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import fc from "fast-check";
import { compileSchema } from "../../src/contract/index.js";
import { checkEnvelope } from "../../src/result/index.js";

const logs = { log_file: "", session_id: "123e4567-e89b-42d3-a456-426614174000", run_id: "m_0123abcd" };
const success = {
  status: "success",
  execution_time: 1.5,
  metrics: { a: 1 },
  artifacts: { x: "/x" },
  globals: {},
  warnings: [],
  errors: [],
  logs,
};
const error = { status: "error", execution_time: 0, errors: ["no"], exit_code: 20, globals: {}, logs };

function failure(value: unknown): DatapyError {
  try {
    checkEnvelope(value, { mod: "my-mod" });
  } catch (caught) {
    if (isDatapyError(caught)) return caught;
    throw caught;
  }
  throw new Error("it passed");
}

test.each([success, error])("a result that a mod made by hand, with the right keys, is one", (value) => {
  expect(checkEnvelope(value, { mod: "m" })).toEqual(value);
  expect(compileSchema(EnvelopeSchema)(checkEnvelope(value, { mod: "m" }))).toEqual([]);
});

test("its logs are the host's to say", () => {
  const made = { ...success, logs: { log_file: "nonsense", session_id: "x", run_id: "y" } };
  expect(checkEnvelope(made, { mod: "m", logs }).logs).toEqual(logs);
});

test("a success with warnings is a warning", () => {
  expect(checkEnvelope({ ...success, warnings: ["w"] }, { mod: "m" }).status).toBe("warning");
});

test.each<[string, unknown, string]>([
  ["nothing", undefined, "returned nothing"],
  ["null", null, "returned null"],
  ["true", true, "returned true"],
  ["a text", "ok", 'returned the text "ok"'],
  ["a list", [success], "returned a list of one value"],
  ["a function, not called", () => success, "returned a function"],
  ["the builder itself", { success: () => success }, "returned a mapping with success"],
  ["an empty object", {}, "returned an empty mapping"],
])("%s is no result", (_what, value, words) => {
  const fault = failure(value);
  expect(fault.code).toBe("DATAPY_MOD_NO_ENVELOPE");
  expect(fault.exitCode).toBe(30);
  expect(fault.message).toContain("my-mod");
  expect(fault.message).toContain(words);
});

const circle: Record<string, unknown> = {};
circle["self"] = circle;
const { metrics: _metrics, ...withoutMetrics } = success;
const { exit_code: _code, ...withoutCode } = error;

test.each<[string, unknown, string]>([
  ["an unknown status", { ...success, status: "ok" }, "status must be success, warning or error"],
  ["a missing key", withoutMetrics, "metrics is missing"],
  ["a key too many", { ...success, exit_code: 0 }, "a result with status success has no exit_code"],
  ["a NaN for a time", { ...success, execution_time: Number.NaN }, "execution_time is NaN"],
  [
    "a negative time",
    { ...success, execution_time: -1 },
    "execution_time must be seconds, a number ≥ 0, not the number -1",
  ],
  ["a circle", { ...success, metrics: circle }, "a circle"],
  ["a function inside", { ...success, globals: { f: () => 1 } }, "globals.f holds a function"],
  ["a metric that is NaN", { ...success, metrics: { ratio: Number.NaN } }, "metrics.ratio is NaN"],
  ["metrics that are a list", { ...success, metrics: [] }, "metrics must be an object"],
  ["artifacts that are no paths", { ...success, artifacts: { x: 5 } }, "artifacts must be an object of paths or URIs"],
  ["warnings that are no texts", { ...success, warnings: [5] }, "warnings must be a list of texts"],
  ["a success with errors", { ...success, errors: ["e"] }, "errors must be an empty list"],
  ["an error without a reason", { ...error, errors: [] }, "errors must be a list of one text or more"],
  ["an error without a code", withoutCode, "exit_code is missing"],
  ["exit code 1", { ...error, exit_code: 1 }, "exit_code must be 20, 30, 40 or 50, not the number 1"],
  ["exit code 0", { ...error, exit_code: 0 }, "exit_code must be 20, 30, 40 or 50"],
  [
    "logs of another shape",
    { ...success, logs: { file: "x" } },
    "logs must be an object with log_file, session_id and run_id",
  ],
  [
    "a getter that throws",
    {
      ...success,
      get metrics(): never {
        throw new Error("boom");
      },
    },
    "boom",
  ],
  ["a toJSON of its own", { ...success, toJSON: () => "text" }, 'turns into the text "text"'],
])("%s makes it malformed", (_what, value, words) => {
  const fault = failure(value);
  expect(fault.code).toBe("DATAPY_MOD_BAD_ENVELOPE");
  expect(fault.exitCode).toBe(30);
  expect(fault.message).toContain(words);
});

test("all that is wrong is said at once", () => {
  const { message } = failure({ ...success, execution_time: "1", warnings: "w", extra: 1 });
  for (const part of ["execution_time must be", "warnings must be", "has no extra"]) expect(message).toContain(part);
});

test("whatever a mod returns is a valid envelope or a fault with a code", () => {
  const schema = compileSchema(EnvelopeSchema);
  const part = fc.oneof(
    fc.anything({ withBigInt: true, withMap: true }),
    fc.constantFrom<unknown>(...Object.values(success), ...Object.values(error)),
  );
  const keys = [...new Set([...Object.keys(success), ...Object.keys(error)])];
  const value = fc.oneof(
    fc.anything(),
    fc.record(Object.fromEntries(keys.map((key) => [key, part])), { requiredKeys: [] }),
    fc
      .record(Object.fromEntries(keys.map((key) => [key, part])), { requiredKeys: [] })
      .map((some) => ({ ...success, ...some })),
    fc
      .record(Object.fromEntries(Object.keys(error).map((key) => [key, part])), { requiredKeys: [] })
      .map((some) => ({ ...error, ...some })),
  );
  fc.assert(
    fc.property(value, (returned) => {
      try {
        const envelope = checkEnvelope(returned, { mod: "m", logs });
        expect(schema(envelope)).toEqual([]);
        expect(JSON.parse(JSON.stringify(envelope))).toEqual(envelope);
      } catch (caught) {
        if (!isDatapyError(caught)) throw caught;
        expect(caught.code).toMatch(/^DATAPY_MOD_(NO|BAD)_ENVELOPE$/);
      }
    }),
    { numRuns: 1000 },
  );
});
