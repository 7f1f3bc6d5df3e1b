// DuckDB works on the parts of a large table in several threads: what is left must come out as it came, whatever was taken out between.
import path from "node:path";
import type { DuckDBValue } from "@duckdb/node-api";
import { runMod } from "@datapy/sdk";
import { scratchTables } from "../../../test/support/scratch-tables.js";
import cleaner from "../src/index.js";

/** Several groups of rows in the Parquet file. */
const ROWS = 700_000;
const scratch = scratchTables("row-order");

async function first(query: string): Promise<DuckDBValue[]> {
  return (await scratch.connection.runAndReadAll(query)).getRows()[0] ?? [];
}

test.each(["first", "last", "best"] as const)(
  "duplicates are left out of a large table in its order, keep %s",
  async (keep) => {
    const input = path.join(scratch.folder, "input.parquet");
    // The rows 99, 199, … have the key of the row half the table away.
    await scratch.connection.run(
      `copy (select i as place, case when i % 100 = 99 and i < ${ROWS / 2} then i + ${ROWS / 2} else i end as key, -i as score, ' ' || i || ' ' as name
      from range(${ROWS}) t(i)) to '${input}' (format parquet)`,
    );
    const repeated = ROWS / 200;
    const envelope = await runMod(cleaner, {
      input_artifact: input,
      trim: true,
      deduplicate: { keys: ["key"], keep, ...(keep === "best" ? { order_by: ["score"] } : {}) },
    });
    if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
    expect(envelope.metrics["duplicates_removed"]).toBe(repeated);
    const output = envelope.artifacts.output_data;
    const [rows, descents, keys, untrimmed] = await first(
      `select count(*), count(*) filter (where place < before), count(distinct key), count(*) filter (where name <> place::varchar)
      from (select *, lag(place) over (order by file_row_number) as before from '${output}')`,
    );
    expect({ rows, descents, keys, untrimmed }).toEqual({
      rows: BigInt(ROWS - repeated),
      descents: 0n,
      keys: BigInt(ROWS - repeated),
      untrimmed: 0n,
    });
  },
);
