import type { Column, ColumnLineage } from "@datapy/mod-kit";
import { changed, toSources } from "./origins.js";
import type { Origins } from "./origins.js";
import { queryColumns } from "./query-columns.js";
import { isGap, isNode } from "./relation.js";
import type { Columns } from "./relation.js";
import type { SourceSurroundings } from "./source-columns.js";

/** What {@link deriveLineage} goes by. */
export interface LineageInput {
  /** The node of the query's `json_serialize_sql`, defaults left out. */
  readonly syntax: unknown;
  /** Columns of the query's result, in order. */
  readonly output: readonly Column[];
  /** Columns of the tables, by the name that the query gives them. */
  readonly tables: Readonly<Record<string, readonly Column[]>>;
  /** Path or URI of the tables, by name. */
  readonly uris: Readonly<Record<string, string>>;
  /** Names of aggregate functions, in lower case. */
  readonly aggregates: ReadonlySet<string>;
}

/** Where the columns of a result come from, and which of them that could not be derived for. */
export interface DerivedLineage {
  readonly lineage: ColumnLineage;
  readonly unknown: readonly string[];
}

/**
 * Derives from the syntax of a query which columns of its tables each column of its result is made of, through subqueries, joins, set
 * operations, stars, windows and pivots. Values alone count, not the conditions of joins and WHERE, nor GROUP BY. A column of which that cannot
 * be said for sure is left out.
 */
export function deriveLineage({ syntax, output, tables, uris, aggregates }: LineageInput): DerivedLineage {
  const around: SourceSurroundings = {
    aggregates,
    inputs: new Map(
      Object.entries(tables).map(([table, columns]) => [
        table.toLowerCase(),
        { table, columns: columns.map((column) => column.name) },
      ]),
    ),
    query: (node, ctes, outer) => queryColumns(around, node, ctes, outer),
  };
  const columns = isNode(syntax) ? around.query(syntax, new Map(), undefined) : [];
  const origins = aligned(columns, output);
  const lineage: Record<string, ColumnLineage[string]> = {};
  const unknown: string[] = [];
  output.forEach((column, index) => {
    const found = origins[index];
    if (found === undefined) unknown.push(column.name);
    else lineage[column.name] = toSources(castAware(found, column, tables), uris);
  });
  return { lineage, unknown };
}

/** The derived columns beside those that the query really has; where the two do not fit together, nothing is claimed. */
function aligned(columns: Columns, output: readonly Column[]): Origins[] {
  const result: Origins[] = output.map(() => undefined);
  const first = columns.findIndex(isGap);
  const fits = (at: number, column: Columns[number]): boolean => {
    const name = isGap(column) ? undefined : column.name;
    return name === undefined || output[at]?.name.toLowerCase() === name.toLowerCase();
  };
  if (first < 0) {
    if (columns.length !== output.length || !columns.every((column, at) => fits(at, column))) return result;
    return columns.map((column) => (isGap(column) ? undefined : column.origins));
  }
  const last = columns.length - 1 - [...columns].reverse().findIndex(isGap);
  const before = columns.slice(0, first);
  const after = columns.slice(last + 1);
  const start = output.length - after.length;
  if (before.length + after.length > output.length) return result;
  if (!before.every((column, at) => fits(at, column)) || !after.every((column, at) => fits(start + at, column)))
    return result;
  before.forEach((column, at) => (result[at] = isGap(column) ? undefined : column.origins));
  after.forEach((column, at) => (result[start + at] = isGap(column) ? undefined : column.origins));
  const gap = columns[first];
  const cycle = first === last && gap !== undefined && isGap(gap) ? gap.cycle : [];
  if (cycle.length > 0 && (start - first) % cycle.length === 0)
    for (let at = first; at < start; at += 1) result[at] = cycle[(at - first) % cycle.length];
  return result;
}

/** A set operation brings its two sides to one type: a value whose type is another one is not the same any more. */
function castAware(
  origins: NonNullable<Origins>,
  output: Column,
  tables: LineageInput["tables"],
): NonNullable<Origins> {
  const result = new Map(origins);
  for (const [key, origin] of origins) {
    const type = tables[origin.table]?.find((column) => column.name === origin.column)?.type;
    if (origin.change === "identity" && type !== output.type) {
      const one = changed(new Map([[key, origin]]), "transformation")?.get(key);
      if (one !== undefined) result.set(key, one);
    }
  }
  return result;
}
