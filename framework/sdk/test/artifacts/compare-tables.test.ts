import path from "node:path";
import fc from "fast-check";
import { compareTables } from "../../src/artifacts/compare-tables.js";
import type { TableComparison } from "../../src/artifacts/compare-tables.js";
import { withTableReader } from "../../src/artifacts/table-file.js";
import type { TableReader } from "../../src/artifacts/table-file.js";
import { temporaryWorkPath } from "../support/temporary-work-path.js";

const work = temporaryWorkPath();

async function write(reader: TableReader, name: string, query: string): Promise<string> {
  const file = path.join(work(), `${name}.parquet`);
  await reader.rows(`COPY (${query}) TO '${file}' (FORMAT parquet)`);
  return file;
}

function compare(before: string, after: string, keys?: string[]): Promise<TableComparison> {
  return withTableReader(async (reader) =>
    compareTables(reader, {
      before: await write(reader, "before", before),
      after: await write(reader, "after", after),
      ...(keys === undefined ? {} : { keys }),
    }),
  );
}

it("compares whole rows as often as they come, NULL being equal to NULL", async () => {
  const same = "SELECT * FROM (VALUES (1, 'a'), (1, 'a'), (2, NULL)) t(id, name)";
  expect(await compare(same, `${same} ORDER BY id DESC`)).toMatchObject({ equal: true, rows: { before: 3, after: 3 } });
  const other = "SELECT * FROM (VALUES (1, 'a'), (2, NULL), (2, NULL), (3, 'c')) t(id, name)";
  expect(await compare(same, other)).toMatchObject({
    equal: false,
    removed: 1,
    added: 2,
    changed: 0,
    examples: [
      { kind: "removed", values: { id: "1", name: "a" }, times: 1 },
      { kind: "added", values: { id: "2", name: null }, times: 1 },
      { kind: "added", values: { id: "3", name: "c" }, times: 1 },
    ],
  });
});

it("compares by key, column by column", async () => {
  const before = "SELECT * FROM (VALUES (1, 'a', 1.5), (2, 'b', 2.5), (NULL, 'n', 0.0)) t(id, name, amount)";
  const after = "SELECT * FROM (VALUES (1, 'a', 9.5), (3, 'c', 3.5), (NULL, 'm', 0.0)) t(id, name, amount)";
  expect(await compare(before, after, ["id"])).toMatchObject({
    removed: 1,
    added: 1,
    changed: 2,
    changedColumns: { name: 1, amount: 1 },
    examples: [
      { kind: "changed", values: { id: "1", amount: ["1.5", "9.5"] } },
      { kind: "removed", values: { id: "2", name: "b", amount: "2.5" } },
      { kind: "added", values: { id: "3", name: "c", amount: "3.5" } },
      { kind: "changed", values: { id: null, name: ["n", "m"] } },
    ],
  });
});

it("tells columns that are new, gone or of another type, and compares the others", async () => {
  const comparison = await compare(
    `SELECT 1::INTEGER AS id, 'x' AS old, 5 AS "here", 7 AS direction`,
    `SELECT 1::BIGINT AS id, 'y' AS new, 5 AS "here", 7 AS direction`,
  );
  expect(comparison).toMatchObject({
    equal: false,
    removed: 0,
    added: 0,
    columns: [
      { column: "id", before: "INTEGER", after: "BIGINT" },
      { column: "old", before: "VARCHAR" },
      { column: "new", after: "VARCHAR" },
    ],
  });
  expect(await compare("SELECT 1 AS a", "SELECT 2 AS b")).toMatchObject({ equal: false, removed: 0 });
});

it("refuses a key that is no column or names several rows, and what is no table", async () => {
  const code = async (comparison: Promise<unknown>): Promise<string> =>
    comparison.then(
      () => "",
      (error: unknown) => (error as { code: string }).code,
    );
  expect(await code(compare("SELECT 1 AS id", "SELECT 1 AS id", ["idd"]))).toBe("DATAPY_DIFF_KEY");
  const double = "SELECT * FROM (VALUES (1), (1)) t(id)";
  expect(await code(compare(double, "SELECT 1 AS id", ["id"]))).toBe("DATAPY_DIFF_KEY");
  const none = path.join(work(), "none.parquet");
  expect(await code(withTableReader((reader) => compareTables(reader, { before: none, after: none })))).toBe(
    "DATAPY_TABLE_UNREADABLE",
  );
});

it("counts as plain code counts", async () => {
  const row = fc.record({ k: fc.integer({ min: 0, max: 4 }), v: fc.option(fc.constantFrom("a", "b"), { nil: null }) });
  const query = (rows: readonly { k: number; v: string | null }[]): string =>
    `SELECT * FROM (VALUES (NULL::INTEGER, NULL::VARCHAR)${rows.map(({ k, v }) => `, (${k}, ${v === null ? "NULL" : `'${v}'`})`).join("")}) t(k, v) WHERE k IS NOT NULL`;
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 8 }), fc.array(row, { maxLength: 8 }), async (before, after) => {
      const rest = after.map((one) => JSON.stringify(one));
      let removed = 0;
      for (const one of before.map((each) => JSON.stringify(each))) {
        const at = rest.indexOf(one);
        if (at < 0) removed += 1;
        else rest.splice(at, 1);
      }
      const comparison = await compare(query(before), query(after));
      expect(comparison).toMatchObject({ removed, added: rest.length, equal: removed + rest.length === 0 });
    }),
    { numRuns: 15 },
  );
});
