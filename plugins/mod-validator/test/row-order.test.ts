// DuckDB works on the parts of a large table in several threads: the good rows must come out as they came, whatever the rules look up.
import path from "node:path";
import { runMod } from "@datapy/sdk";
import { scratchTables } from "../../../test/support/scratch-tables.js";
import validator from "../src/index.js";

/** Several groups of rows in the Parquet file. */
const ROWS = 700_000;
const scratch = scratchTables("row-order");

test("good rows of a large table keep its order under rules that look other rows up", async () => {
  const input = path.join(scratch.folder, "input.parquet");
  const other = path.join(scratch.folder, "other.parquet");
  // The rows 99, 199, … of the first half have the key of the row half the table away; one code in a thousand is not known.
  await scratch.connection.run(
    `copy (select i as place, case when i % 100 = 99 and i < ${ROWS / 2} then i + ${ROWS / 2} else i end as key, i % 1000 as code
      from range(${ROWS}) t(i)) to '${input}' (format parquet)`,
  );
  await scratch.connection.run(`copy (select i as code from range(999) t(i)) to '${other}' (format parquet)`);
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
  const read = await scratch.connection.runAndReadAll(
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
