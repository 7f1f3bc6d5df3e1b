import { expressionOrigins } from "./expression-origins.js";
import type { ExpressionSurroundings } from "./expression-origins.js";
import { changed, mergeOrigins, NO_ORIGINS } from "./origins.js";
import { isGap, isNode, nodes, same, texts, UNKNOWN_COLUMNS } from "./relation.js";
import type { Columns, Ctes, DerivedColumn, Node, Scope, Source } from "./relation.js";

/** Columns of a PIVOT or UNPIVOT over `source`. */
export function pivotColumns(
  around: ExpressionSurroundings,
  node: Node,
  source: Source,
  ctes: Ctes,
  outer: Scope | undefined,
): Columns {
  const columns = source.star;
  if (columns.some((column) => isGap(column) || column.name === undefined)) return UNKNOWN_COLUMNS;
  const known = columns as readonly DerivedColumn[];
  return node["unpivot_names"] === undefined
    ? pivot(around, node, { source, aliases: new Map(), bound: new Set(), outer }, known, ctes)
    : unpivot(node, known);
}

/** The columns that make the groups, then for each value one column an aggregate. */
function pivot(
  around: ExpressionSurroundings,
  node: Node,
  scope: Scope,
  columns: readonly DerivedColumn[],
  ctes: Ctes,
): Columns {
  const expressions = nodes(node["pivots"]).flatMap((one) => nodes(one["pivot_expressions"]));
  const conditions = expressions.map((one) => expressionOrigins(around, one, scope, ctes));
  const aggregates = nodes(node["aggregates"]);
  // Without USING the rows are counted.
  const cycle = (
    aggregates.length === 0 ? [NO_ORIGINS] : aggregates.map((one) => expressionOrigins(around, one, scope, ctes))
  ).map((origins) => changed(mergeOrigins([origins, ...conditions]), "aggregation"));
  const groups = texts(node["groups"]);
  const used = new Set([...aggregates, ...expressions].flatMap(referencedNames));
  const kept =
    groups.length > 0
      ? groups.map((name) => columns.find((column) => same(column.name, name)) ?? { name, origins: undefined })
      : columns.filter((column) => !used.has((column.name ?? "").toLowerCase()));
  return [...kept, { cycle }];
}

function referencedNames(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(referencedNames);
  if (!isNode(node)) return [];
  const own = node["class"] === "COLUMN_REF" ? texts(node["column_names"]).slice(-1) : [];
  return [...own.map((name) => name.toLowerCase()), ...Object.values(node).flatMap(referencedNames)];
}

/** The columns that stay, the name of the one that the value stood in, and the value. */
function unpivot(node: Node, columns: readonly DerivedColumn[]): Columns {
  const [list, ...more] = nodes(node["pivots"]);
  const values = texts(node["unpivot_names"]);
  const labels = texts(list?.["unpivot_names"]);
  const [valueName] = values;
  const [labelName] = labels;
  if (list === undefined || more.length > 0 || values.length !== 1 || labels.length !== 1) return UNKNOWN_COLUMNS;
  const turned: DerivedColumn[] = [];
  for (const entry of nodes(list["entries"])) {
    const [value, ...others] = nodes(entry["values"]);
    const found = columns.find((column) => same(column.name, String(value?.["value"])));
    if (value === undefined || others.length > 0 || found === undefined || entry["star_expr"] !== undefined)
      return UNKNOWN_COLUMNS;
    turned.push(found);
  }
  return [
    ...columns.filter((column) => !turned.includes(column)),
    { name: labelName, origins: NO_ORIGINS },
    { name: valueName, origins: mergeOrigins(turned.map((column) => column.origins)) },
  ];
}
