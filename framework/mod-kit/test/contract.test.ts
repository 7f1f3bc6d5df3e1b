import Ajv from "ajv";
import fc from "fast-check";
import type { Envelope } from "../src/index.js";
import {
  Artifact,
  ByteSize,
  CONTRACT_VERSION,
  DatapyError,
  defineMod,
  Duration,
  EnvelopeSchema,
  EXIT_CODES,
  isDatapyError,
  isModDefinition,
  MetadataSchema,
  MOD_BRAND,
  Path,
  Secret,
  SEMANTIC_KEYWORD,
  Type,
} from "../src/index.js";

const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
ajv.addKeyword(SEMANTIC_KEYWORD);

/** A schema as the host keeps it: TypeBox marks its own by symbols, which JSON leaves out. */
function plain(schema: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
}

const metadata = { name: "csv-reader", version: "1.0.0", description: "Reads CSV files" };

describe("defineMod", () => {
  const mod = defineMod({
    metadata,
    params: Type.Object({ limit: Type.Integer({ default: 5 }) }),
    artifacts: { output_data: { kind: "table", description: "Rows" } },
    run: (_params, ctx) => ctx.result.success(),
  });

  test("gives what it was given, with brand and contract", () => {
    expect(mod).toMatchObject({
      brand: "datapy.mod",
      contract: 1,
      metadata,
      artifacts: { output_data: { kind: "table" } },
    });
    expect(mod.params.properties.limit.default).toBe(5);
    expect([MOD_BRAND, CONTRACT_VERSION]).toEqual(["datapy.mod", 1]);
  });

  test("gives an empty list of artifacts where there is none", () => {
    expect(
      defineMod({ metadata, params: Type.Object({}), run: (_params, ctx) => ctx.result.success() }).artifacts,
    ).toEqual({});
  });

  test("never throws, however wrong the definition: the host reports it when it loads the mod", () => {
    const define = defineMod as (input: unknown) => unknown;
    for (const wrong of [{}, { metadata: null }, { params: "none" }, { metadata, params: Type.Object({}), run: 5 }]) {
      expect(isModDefinition(define(wrong))).toBe(true);
    }
  });

  test("is recognised by its brand, also when another copy of mod-kit made it", () => {
    expect(isModDefinition(mod)).toBe(true);
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a second copy of the module is the point
      const other = require("../src/define-mod.js") as typeof import("../src/define-mod.js");
      expect(other.defineMod).not.toBe(defineMod);
      expect(
        isModDefinition(
          other.defineMod({ metadata, params: Type.Object({}), run: (_params, ctx) => ctx.result.success() }),
        ),
      ).toBe(true);
    });
    for (const value of [undefined, null, 0, "datapy.mod", {}, { brand: "other" }, defineMod])
      expect(isModDefinition(value)).toBe(false);
  });
});

describe("metadata", () => {
  const valid = ajv.compile(plain(MetadataSchema));

  test.each([
    [{}],
    [{ author: "Data Team", tags: ["csv"], category: "source" }],
    [{ name: "csv_reader" }],
    [{ name: "s3-uploader-2" }],
    [{ version: "2.0.0-rc.1+build.5" }],
  ])("accepts %j", (change) => {
    expect(valid({ ...metadata, ...change })).toBe(true);
  });

  test.each([
    [{ name: undefined }],
    [{ version: undefined }],
    [{ description: undefined }],
    [{ name: "" }],
    [{ name: "CSV Reader" }],
    [{ name: "-csv" }],
    [{ name: "csv--reader" }],
    [{ name: "../csv" }],
    [{ version: "1.0" }],
    [{ version: "v1.0.0" }],
    [{ version: "01.0.0" }],
    [{ description: "" }],
    [{ category: "extractor" }],
    [{ tags: "csv" }],
    [{ licence: "MIT" }],
  ])("refuses %j", (change) => {
    expect(valid(JSON.parse(JSON.stringify({ ...metadata, ...change })))).toBe(false);
  });
});

describe("schema helpers", () => {
  const valid = (schema: object, value: unknown) => ajv.validate(plain(schema), value);

  test("carry their meaning through JSON", () => {
    const through = (schema: object) => plain(schema)["x-datapy"];
    expect(through(Path())).toEqual({ kind: "path", access: "read", target: "file" });
    expect(through(Path({ access: "write", target: "directory" }))).toEqual({
      kind: "path",
      access: "write",
      target: "directory",
    });
    expect(through(Artifact())).toEqual({ kind: "artifact", artifact: "table" });
    expect(through(Artifact({ artifact: "any" }))).toEqual({ kind: "artifact", artifact: "any" });
    expect(through(Secret())).toEqual({ kind: "secret" });
    expect(through(Duration())).toEqual({ kind: "duration" });
    expect(through(ByteSize())).toEqual({ kind: "byte_size" });
  });

  test("keep descriptions, defaults and limits", () => {
    expect(Path({ description: "Where", examples: ["a.csv"], pattern: "csv$" })).toMatchObject({
      description: "Where",
      examples: ["a.csv"],
      pattern: "csv$",
    });
    expect(Path({ access: "write" })).not.toHaveProperty("access");
    expect(Artifact({ artifact: "file" })).not.toHaveProperty("artifact");
    expect(Duration({ default: "30s", description: "How long" })).toMatchObject({
      default: "30s",
      description: "How long",
    });
  });

  test("stay what they are inside Type.Optional", () => {
    const schema = Type.Object({ at: Type.Optional(Duration()), to: Type.Optional(Path()) });
    expect(schema.required ?? []).toEqual([]);
    expect(schema.properties.at).toHaveProperty(SEMANTIC_KEYWORD);
  });

  test("a path or artifact is never empty", () => {
    expect(valid(Path(), "")).toBe(false);
    expect(valid(Artifact(), "")).toBe(false);
    expect(valid(Path(), "a")).toBe(true);
  });

  test.each([[0], [60], [0.5], ["500ms"], ["30s"], ["5m"], ["1h 30m"], ["1h30m"], ["2d"], ["1.5h"], ["5 m"]])(
    "%j is a duration",
    (value) => {
      expect(valid(Duration(), value)).toBe(true);
    },
  );

  test.each([[-1], [""], ["5"], ["s"], ["5 minutes"], ["-5s"], ["1h, 2m"], [null], [true], ["5S"]])(
    "%j is none",
    (value) => {
      expect(valid(Duration(), value)).toBe(false);
    },
  );

  test.each([[0], [1048576], ["10B"], ["8MiB"], ["8 MiB"], ["1.5GB"], ["5kB"], ["5KB"], ["2TiB"]])(
    "%j is an amount of data",
    (value) => {
      expect(valid(ByteSize(), value)).toBe(true);
    },
  );

  test.each([[-1], [""], ["5"], ["MB"], ["5 bytes"], ["-5MB"], ["5mb"], [null], ["1GB 5MB"]])("%j is none", (value) => {
    expect(valid(ByteSize(), value)).toBe(false);
  });
});

describe("DatapyError", () => {
  test("has everything that was said, and sound defaults", () => {
    const cause = new Error("ECONNREFUSED");
    const full = new DatapyError({
      code: "API_UNREACHABLE",
      message: "the server did not answer",
      hint: "Is it up?",
      exitCode: 20,
      location: { file: "/job.yaml", line: 3, column: 5 },
      retryable: true,
      cause,
    });
    expect(full).toMatchObject({
      name: "DatapyError",
      code: "API_UNREACHABLE",
      hint: "Is it up?",
      exitCode: 20,
      retryable: true,
      location: { line: 3 },
    });
    expect(full.message).toBe("the server did not answer");
    expect(full.cause).toBe(cause);
    expect(full.stack).toContain("contract.test");
    const plain = new DatapyError({ code: "X", message: "no" });
    expect(plain).toMatchObject({ exitCode: 30, retryable: false });
    expect([plain.hint, plain.location, plain.cause]).toEqual([undefined, undefined, undefined]);
    expect("cause" in plain).toBe(false);
  });

  test("is recognised whatever copy made it, and nothing else is", () => {
    expect(isDatapyError(new DatapyError({ code: "X", message: "no" }))).toBe(true);
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a second copy of the module is the point
      const other = require("../src/datapy-error.js") as typeof import("../src/datapy-error.js");
      expect(isDatapyError(new other.DatapyError({ code: "X", message: "no" }))).toBe(true);
    });
    for (const value of [undefined, null, "x", new Error("x"), { brand: "datapy.error" }, { code: "X", message: "no" }])
      expect(isDatapyError(value)).toBe(false);
  });
});

describe("envelope", () => {
  const valid = ajv.compile<Envelope>(plain(EnvelopeSchema));
  const logs = {
    log_file: "/logs/a.log",
    session_id: "0b9cbb2e-9f5c-4a1e-8c8e-4b8f7a0d2c11",
    run_id: "csv-reader_0a1b2c3d",
  };
  // The two of the specification, with ids as this edition writes them.
  const success = {
    status: "success",
    execution_time: 2.34,
    metrics: { rows_processed: 10000, rows_output: 9876, memory_used_mb: 45.2 },
    artifacts: {
      output_data: "/data/processed/customers_clean.parquet",
      metadata: "/data/processed/customers_clean.metadata.json",
    },
    globals: { batch_id: "BATCH_20240812_001", total_records: 10000, processing_date: "2024-08-12" },
    warnings: ["Found 124 duplicate records, removed automatically"],
    errors: [],
    logs,
  };
  const failure = {
    status: "error",
    execution_time: 0.5,
    errors: ["File not found: /data/missing_file.csv"],
    exit_code: 20,
    globals: {},
    logs,
  };

  test("accepts the specification's examples", () => {
    expect(valid(success)).toBe(true);
    expect(valid({ ...success, status: "warning" })).toBe(true);
    expect(valid(failure)).toBe(true);
  });

  test("refuses one with any key missing, added or of another type", () => {
    for (const envelope of [success, failure] as Record<string, unknown>[]) {
      for (const key of Object.keys(envelope)) {
        const { [key]: _left, ...rest } = envelope;
        expect([key, valid(rest)]).toEqual([key, false]);
        expect([key, valid({ ...envelope, [key]: 12345678901234567890n.toString() })]).toEqual([key, false]);
      }
      expect(valid({ ...envelope, extra: 1 })).toBe(false);
      for (const key of Object.keys(logs)) {
        const { [key as keyof typeof logs]: _left, ...rest } = logs;
        expect(valid({ ...envelope, logs: rest })).toBe(false);
      }
    }
    expect(valid({ ...failure, exit_code: 10 })).toBe(false);
    expect(valid({ ...failure, errors: [] })).toBe(false);
    expect(valid({ ...success, errors: ["but"] })).toBe(false);
    expect(valid({ ...success, execution_time: -1 })).toBe(false);
  });

  test("accepts every envelope that can be made of JSON values", () => {
    const record = fc.dictionary(fc.string(), fc.jsonValue());
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        fc.record({
          status: fc.constantFrom("success", "warning"),
          execution_time: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
          metrics: record,
          artifacts: fc.dictionary(fc.string(), fc.string()),
          globals: record,
          warnings: fc.array(fc.string()),
          errors: fc.constant([]),
          logs: fc.record({
            log_file: fc.string(),
            session_id: fc.uuid(),
            run_id: hex(8).map((id) => `some_mod_${id}`),
          }),
        }),
        (envelope) => {
          expect(valid(JSON.parse(JSON.stringify(envelope)))).toBe(true);
        },
      ),
    );
  });

  test("there are six exit codes", () => {
    expect(Object.values(EXIT_CODES)).toEqual([0, 10, 20, 30, 40, 50]);
  });
});
