// DuckDB works on the parts of a large table in several threads: the good rows must come out as they came, whatever the rules look up.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import validator from "../src/index.js";

/** Several groups of rows in the Parquet file. */
const ROWS = 700_000;
let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-row-order-"));
  setGlobalConfig({ work_path: path.join(folder, "work"), log_level: "critical" });
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

test("good rows of a large table keep its order under rules that look other rows up", async () => {
  const input = path.join(folder, "input.parquet");
  const other = path.join(folder, "other.parquet");
  // The rows 99, 199, … of the first half have the key of the row half the table away; one code in a thousand is not known.
  await connection.run(
    `copy (select i as place, case when i % 100 = 99 and i < ${ROWS / 2} then i + ${ROWS / 2} else i end as key, i % 1000 as code
      from range(${ROWS}) t(i)) to '${input}' (format parquet)`,
  );
  await connection.run(`copy (select i as code from range(999) t(i)) to '${other}' (format parquet)`);
  const envelope = await runMod(validator, {
    input_artifact: input,
    rules: [
      { check: "unique", columns: ["key"], keep: "first" },
      { check: "foreign_key", columns: ["code"], input_artifact: other },
    ],
  });
  if (envelope.status === "error") throw new Error(envelope.errors.join("; "));
  expect(envelope.metrics["rules_failed"]).toEqual({
    "unique(key)": ROWS / 200,
    "foreign_key(code)": ROWS / 1000,
  });
  const read = await connection.runAndReadAll(
    `select count(*), count(*) filter (where place < before), count(distinct key), max(code)
      from (select *, lag(place) over (order by file_row_number) as before from '${envelope.artifacts.output_data}')`,
  );
  const [rows, descents, keys, code] = read.getRows()[0] ?? [];
  expect({ rows, descents, keys, code }).toEqual({
    rows: BigInt(envelope.metrics["rows_output"] as number),
    descents: 0n,
    keys: rows,
    code: 998n,
  });
});
