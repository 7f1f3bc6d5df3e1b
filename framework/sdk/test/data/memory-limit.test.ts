import { sql } from "@datapy/mod-kit";
import { defaultMemoryMebibytes } from "../../src/data/duckdb-engine.js";
import { openData } from "./open-data.js";

const GIB = 1024 ** 3;

test.each([
  ["half of an idle machine", 16, 15, 8 * 1024],
  ["a share of what others leave free", 16, 5, 3 * 1024],
  ["one gibibyte on a machine that is full", 16, 0.1, 1024],
  ["half of a small machine", 1, 0.2, 512],
])("DuckDB gets %s", (_, total, available, expected) => {
  expect(defaultMemoryMebibytes(total * GIB, available * GIB)).toBe(expected);
});

test("DuckDB has a limit when none is set", async () => {
  const data = await openData();
  try {
    const [row] = await data.context.query<{ m: string }>(sql`select current_setting('memory_limit') as m`);
    expect(row?.m).toMatch(/^[\d.]+ [MGT]iB$/);
  } finally {
    await data.end();
  }
});
