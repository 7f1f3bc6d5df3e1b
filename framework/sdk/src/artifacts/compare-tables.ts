import type { Column } from "@datapy/mod-kit";
import { quoteIdentifier } from "../data/duckdb-dialect.js";
import { closestName } from "../config/closest-name.js";
import { fault } from "../errors.js";
import { listOf } from "../config/expander.js";
import type { TableReader } from "./table-file.js";

/** A column that is in only one of two tables, or that has another type in each. */
export interface ColumnDifference {
  readonly column: string;
  /** Type in the first table; absent where it has no such column. */
  readonly before?: string;
  readonly after?: string;
}

/** A row that differs, with values as texts. */
export interface RowDifference {
  readonly kind: "removed" | "added" | "changed";
  /** Values of the row; of a changed one, its keys and the columns that changed, as `[before, after]`. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Times that the row is in one table more often than in the other; when rows are compared whole. */
  readonly times?: number;
}

/** How two tables differ. */
export interface TableComparison {
  readonly equal: boolean;
  readonly rows: { readonly before: number; readonly after: number };
  readonly columns: readonly ColumnDifference[];
  readonly keys: readonly string[];
  readonly removed: number;
  readonly added: number;
  /** Rows whose key is in both and whose other columns differ; 0 without keys. */
  readonly changed: number;
  /** Rows by column in which it changed; with keys. */
  readonly changedColumns: Readonly<Record<string, number>>;
  /** The first of the rows that differ. */
  readonly examples: readonly RowDifference[];
}

/** What is asked of {@link compareTables}. */
export interface ComparisonRequest {
  /** Parquet files. */
  readonly before: string;
  readonly after: string;
  /** Columns that name a row. Default none: rows are compared whole, as often as they come. */
  readonly keys?: readonly string[];
  /** Most rows to show. Default 10. */
  readonly examples?: number;
}

/**
 * Compares two tables in DuckDB: their columns, then their rows in the columns that both have. NULL equals NULL; values of different
 * types are compared as their texts.
 *
 * @throws DatapyError `DATAPY_DIFF_KEY` when a key column is missing or names several rows; `DATAPY_TABLE_UNREADABLE`
 */
export async function compareTables(reader: TableReader, request: ComparisonRequest): Promise<TableComparison> {
  const { keys = [], examples = 10 } = request;
  const before = await reader.table(request.before);
  const after = await reader.table(request.after);
  const [columnsBefore, columnsAfter] = [
    await reader.describe(`SELECT * FROM ${before}`),
    await reader.describe(`SELECT * FROM ${after}`),
  ];
  const columns = columnDifferences(columnsBefore, columnsAfter);
  const shared = columnsBefore.filter(({ name }) => columnsAfter.some((other) => other.name === name));
  for (const key of keys) {
    if (shared.some(({ name }) => name === key)) continue;
    const names = shared.map(({ name }) => name);
    const near = closestName(key, names);
    const has = (list: readonly Column[]): boolean => list.some(({ name }) => name === key);
    const where = has(columnsBefore) ? "the second" : has(columnsAfter) ? "the first" : "either";
    const both = names.length === 0 ? "They have no column in common" : `Both have ${listOf(names)}`;
    throw fault(
      "DATAPY_DIFF_KEY",
      { key: JSON.stringify(key), detail: `is no column of ${where} table` },
      { hint: `${near === undefined ? "" : `Did you mean ${near}? `}${both}.` },
    );
  }
  const count = async (source: string): Promise<number> =>
    Number((await reader.rows(`SELECT count(*) AS n FROM ${source}`))[0]?.["n"] ?? 0);
  const rows = { before: await count(before), after: await count(after) };
  const unequalTypes = new Set(columns.map(({ column }) => column));
  const sides = {
    before: selection(before, shared, unequalTypes),
    after: selection(after, shared, unequalTypes),
    names: shared.map(({ name }) => name),
  };
  const difference =
    keys.length === 0 ? await wholeRows(reader, sides, examples) : await rowsByKey(reader, sides, keys, examples);
  return {
    equal: columns.length === 0 && difference.removed + difference.added + difference.changed === 0,
    rows,
    columns,
    keys,
    ...difference,
  };
}

type Difference = Pick<TableComparison, "removed" | "added" | "changed" | "changedColumns" | "examples">;

interface Sides {
  readonly before: string;
  readonly after: string;
  readonly names: readonly string[];
}

function columnDifferences(before: readonly Column[], after: readonly Column[]): ColumnDifference[] {
  const types = new Map(after.map(({ name, type }) => [name, type]));
  const differences: ColumnDifference[] = [];
  for (const { name, type } of before) {
    const other = types.get(name);
    if (other !== type)
      differences.push({ column: name, before: type, ...(other === undefined ? {} : { after: other }) });
    types.delete(name);
  }
  for (const [column, type] of types) differences.push({ column, after: type });
  return differences;
}

function selection(source: string, shared: readonly Column[], asText: ReadonlySet<string>): string {
  if (shared.length === 0) return `(SELECT 1 AS "row" FROM ${source})`;
  const columns = shared.map(({ name }) => {
    const quoted = quoteIdentifier(name);
    return asText.has(name) ? `CAST(${quoted} AS VARCHAR) AS ${quoted}` : quoted;
  });
  return `(SELECT ${columns.join(", ")} FROM ${source})`;
}

/** Rows as a bag: a row that comes twice here and once there is one row removed. */
async function wholeRows(reader: TableReader, sides: Sides, limit: number): Promise<Difference> {
  if (sides.names.length === 0) return { removed: 0, added: 0, changed: 0, changedColumns: {}, examples: [] };
  const names = sides.names.map(quoteIdentifier).join(", ");
  const direction = freeName("direction", sides.names);
  const difference = `(SELECT ${names}, sum(${direction}) AS ${direction} FROM (
      SELECT ${names}, -1 AS ${direction} FROM ${sides.before} UNION ALL SELECT ${names}, 1 AS ${direction} FROM ${sides.after}
    ) GROUP BY ALL HAVING sum(${direction}) <> 0)`;
  const [totals] = await reader.rows(
    `SELECT coalesce(sum(-${direction}) FILTER (${direction} < 0), 0) AS removed,
       coalesce(sum(${direction}) FILTER (${direction} > 0), 0) AS added FROM ${difference}`,
  );
  const shown = await reader.rows(
    `SELECT ${direction} AS ${direction}, ${texts(sides.names)} FROM ${difference} ORDER BY ${names}, ${direction} LIMIT ${String(limit)}`,
  );
  const counter = direction.slice(1, -1);
  return {
    removed: Number(totals?.["removed"] ?? 0),
    added: Number(totals?.["added"] ?? 0),
    changed: 0,
    changedColumns: {},
    examples: shown.map((row) => {
      const { [counter]: times, ...values } = row;
      const difference = Number(times);
      return { kind: difference < 0 ? "removed" : "added", values, times: Math.abs(difference) };
    }),
  };
}

async function rowsByKey(
  reader: TableReader,
  sides: Sides,
  keys: readonly string[],
  limit: number,
): Promise<Difference> {
  const keyNames = keys.map(quoteIdentifier);
  for (const side of [sides.before, sides.after]) {
    const [double] = await reader.rows(
      `SELECT ${keyNames.map((name) => `CAST(${name} AS VARCHAR)`).join(" || ', ' || ")} AS example, count(*) AS times FROM ${side}
       GROUP BY ${keyNames.join(", ")} HAVING count(*) > 1 LIMIT 1`,
    );
    if (double !== undefined) {
      const detail = `names ${String(double["times"])} rows at once (${String(double["example"])})`;
      throw fault("DATAPY_DIFF_KEY", { key: keys.map((key) => JSON.stringify(key)).join(", "), detail });
    }
  }
  const others = sides.names.filter((name) => !keys.includes(name));
  const on = keyNames.map((name) => `a.${name} IS NOT DISTINCT FROM b.${name}`).join(" AND ");
  const differs = others.map((name) => `a.${quoteIdentifier(name)} IS DISTINCT FROM b.${quoteIdentifier(name)}`);
  const anything = differs.length === 0 ? "false" : differs.map((one) => `(${one})`).join(" OR ");
  // A marker on each side: keys may be NULL themselves.
  const here = freeName("here", sides.names);
  const joined = `(SELECT *, true AS ${here} FROM ${sides.before}) a FULL JOIN (SELECT *, true AS ${here} FROM ${sides.after}) b ON ${on}`;
  const [totals] = await reader.rows(
    `SELECT count(*) FILTER (b.${here} IS NULL) AS removed, count(*) FILTER (a.${here} IS NULL) AS added,
       count(*) FILTER (a.${here} AND b.${here} AND (${anything})) AS changed
       ${differs.map((one, index) => `, count(*) FILTER (a.${here} AND b.${here} AND ${one}) AS c${String(index)}`).join("")}
     FROM ${joined}`,
  );
  const sideTexts = (side: string): string =>
    sides.names
      .map((name, index) => `CAST(${side}.${quoteIdentifier(name)} AS VARCHAR) AS ${side}${String(index)}`)
      .join(", ");
  const shown = await reader.rows(
    `SELECT a.${here} AS a, b.${here} AS b, ${sideTexts("a")}, ${sideTexts("b")} FROM ${joined}
     WHERE a.${here} IS NULL OR b.${here} IS NULL OR (${anything})
     ORDER BY ${keyNames.map((name) => `coalesce(a.${name}, b.${name})`).join(", ")} LIMIT ${String(limit)}`,
  );
  const changedColumns: Record<string, number> = {};
  others.forEach((name, index) => {
    const times = Number(totals?.[`c${String(index)}`] ?? 0);
    if (times > 0) changedColumns[name] = times;
  });
  return {
    removed: Number(totals?.["removed"] ?? 0),
    added: Number(totals?.["added"] ?? 0),
    changed: Number(totals?.["changed"] ?? 0),
    changedColumns,
    examples: shown.map((row) => exampleByKey(row, sides.names, keys)),
  };
}

function exampleByKey(
  row: Readonly<Record<string, unknown>>,
  names: readonly string[],
  keys: readonly string[],
): RowDifference {
  const kind = row["b"] === null ? "removed" : row["a"] === null ? "added" : "changed";
  const values: Record<string, unknown> = {};
  names.forEach((name, index) => {
    const [before, after] = [row[`a${String(index)}`], row[`b${String(index)}`]];
    if (kind !== "changed") values[name] = kind === "removed" ? before : after;
    else if (keys.includes(name)) values[name] = after;
    else if (before !== after) values[name] = [before, after];
  });
  return { kind, values };
}

function texts(names: readonly string[]): string {
  return names.map((name) => `CAST(${quoteIdentifier(name)} AS VARCHAR) AS ${quoteIdentifier(name)}`).join(", ");
}

/** A quoted name that is no column's. */
function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  while (taken.some((one) => one.toLowerCase() === name)) name = `_${name}`;
  return quoteIdentifier(name);
}
