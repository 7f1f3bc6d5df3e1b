import { ident, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import { columnUnknown, databaseFault, integerDigits, parseDuckType } from "@datapy/database";
import type { DatabaseConnection, ResultColumn } from "@datapy/database";

/** Conditions that together take every row exactly once: ranges of equal width between the least and the greatest value, and NULL. */
export async function splitRanges(
  connection: DatabaseConnection,
  source: Sql,
  columns: readonly ResultColumn[],
  name: string,
  count: number,
): Promise<Sql[]> {
  const column = columns.find((one) => one.name === name);
  if (column === undefined)
    throw columnUnknown(
      "the source",
      name,
      columns.map((one) => one.name),
      "split_column",
    );
  if (integerDigits(parseDuckType(column.duckType)) === undefined) {
    throw databaseFault("DATABASE_INPUT_INVALID", {
      reason: `split_column ${name} is ${column.type}, not a whole number`,
    });
  }
  const field = ident(name);
  const [row] = await connection.query<{ low: string | bigint | null; high: string | bigint | null }>(
    sql`select min(${field}) as low, max(${field}) as high from (${source}\n) as q`,
    "looking for the ranges",
  );
  if (row === undefined || row.low === null || row.high === null) return [sql`true`];
  const low = BigInt(row.low);
  const high = BigInt(row.high);
  const width = (high - low) / BigInt(count) + 1n;
  const ranges: Sql[] = [];
  for (let start = low; start <= high; start += width) {
    const first = ranges.length === 0 ? sql`${field} is null or ` : sql``;
    const next = start + width;
    ranges.push(
      next > high
        ? sql`(${first}${field} >= ${raw(String(start))})`
        : sql`(${first}(${field} >= ${raw(String(start))} and ${field} < ${raw(String(next))}))`,
    );
  }
  return ranges;
}
