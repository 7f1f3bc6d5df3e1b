import { readFileSync } from "node:fs";
import path from "node:path";
import { EnvelopeSchema } from "@datapy/mod-kit";
import { Ajv } from "ajv";

const file = path.resolve(__dirname, "../../../mod-kit/schemas/envelope.schema.json");

test("the published schema is the one of the code", () => {
  const { $schema, ...published } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  expect($schema).toBe("http://json-schema.org/draft-07/schema#");
  expect(published).toEqual(JSON.parse(JSON.stringify(EnvelopeSchema)));
});

// The two answers of the specification, word for word.
const specified = {
  success: {
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
  },
  error: {
    status: "error",
    execution_time: 0.5,
    errors: ["File not found: /data/missing_file.csv"],
    exit_code: 20,
    globals: {},
  },
};
const logs = {
  log_file: "/logs/etl/customer_etl_job_20240812_143022.log",
  session_id: "123e4567-e89b-42d3-a456-426614174000",
  run_id: "csv-reader_0123abcd",
};

describe("any JSON Schema validator can hold results to it", () => {
  const validate = new Ajv().compile(JSON.parse(readFileSync(file, "utf8")) as object);

  test.each(Object.entries(specified))("the specification's %s response is valid", (_kind, response) => {
    expect(validate({ ...response, logs })).toBe(true);
  });

  test.each(Object.keys(specified.success))("a success without %s is not", (key) => {
    expect(validate({ ...specified.success, logs, [key]: undefined })).toBe(false);
  });

  test("nor is one with a key of its own", () => {
    expect(validate({ ...specified.success, logs, extra: 1 })).toBe(false);
  });
});
