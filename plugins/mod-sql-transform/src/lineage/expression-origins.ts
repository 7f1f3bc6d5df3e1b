import { changed, mergeOrigins, NO_ORIGINS } from "./origins.js";
import type { Origins } from "./origins.js";
import { isGap, isNode, nodes, same, texts } from "./relation.js";
import type { Columns, Ctes, Node, Scope } from "./relation.js";

/** What expressions need of the derivation. */
export interface ExpressionSurroundings {
  /** Names of aggregate functions, in lower case. */
  readonly aggregates: ReadonlySet<string>;
  query(node: Node, ctes: Ctes, outer: Scope | undefined): Columns;
}

/** Parts of a node that say how it is written, not what it is made of. */
const NOT_PARTS = new Set(["cast_type", "value", "alias"]);

/** Origins of an expression's value. */
export function expressionOrigins(around: ExpressionSurroundings, node: Node, scope: Scope, ctes: Ctes): Origins {
  const inner = (one: unknown, within = scope): Origins =>
    isNode(one) ? expressionOrigins(around, one, within, ctes) : NO_ORIGINS;
  const parts = (): Origins[] =>
    Object.entries(node).flatMap(([key, value]) => {
      if (NOT_PARTS.has(key)) return [];
      return Array.isArray(value) ? nodes(value).map((one) => inner(one)) : [inner(value)];
    });

  switch (node["class"]) {
    // Orders and the branches of CASE hold expressions and are none.
    case undefined:
      return mergeOrigins(parts());
    case "COLUMN_REF":
      return referenceOrigins(texts(node["column_names"]), scope);
    case "CONSTANT":
    case "PARAMETER":
      return NO_ORIGINS;
    case "STAR":
    case "POSITIONAL_REFERENCE":
    case "DEFAULT":
      return undefined;
    case "LAMBDA": {
      const bound = new Set([...scope.bound, ...lambdaNames(node["lhs"])]);
      return changed(inner(node["expr"], { ...scope, bound }), "transformation");
    }
    case "SUBQUERY":
      return subqueryOrigins(around, node, scope, ctes);
    case "FUNCTION": {
      const isAggregate = around.aggregates.has(String(node["function_name"]).toLowerCase());
      return changed(mergeOrigins(parts()), isAggregate ? "aggregation" : "transformation");
    }
    case "WINDOW": {
      // A rank is made of what it is ordered by; of other functions that only chooses the rows.
      const all =
        nodes(node["children"]).length === 0
          ? parts()
          : [...nodes(node["children"]), node["offset_expr"], node["default_expr"], node["filter_expr"]].map((one) =>
              inner(one),
            );
      return changed(mergeOrigins(all), node["type"] === "WINDOW_AGGREGATE" ? "aggregation" : "transformation");
    }
    case "CASE":
    case "CAST":
    case "OPERATOR":
    case "COMPARISON":
    case "CONJUNCTION":
    case "BETWEEN":
    case "COLLATE":
      return changed(mergeOrigins(parts()), "transformation");
    default:
      return undefined;
  }
}

/** Whether an expression holds `*` or `COLUMNS(…)`, and so stands for several columns. */
export function standsForSeveral(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(standsForSeveral);
  if (!isNode(node)) return false;
  if (node["class"] === "SUBQUERY") return standsForSeveral(node["child"]);
  if (node["class"] === "STAR") return true;
  if (node["class"] === "FUNCTION" && String(node["function_name"]).toLowerCase() === "unnest") return true;
  return Object.entries(node).some(([key, child]) => !NOT_PARTS.has(key) && standsForSeveral(child));
}

function lambdaNames(parameters: unknown): string[] {
  if (!isNode(parameters)) return [];
  const own = texts(parameters["column_names"]);
  return [...own, ...nodes(parameters["children"]).flatMap(lambdaNames)].map((name) => name.toLowerCase());
}

function subqueryOrigins(around: ExpressionSurroundings, node: Node, scope: Scope, ctes: Ctes): Origins {
  const wrapped = node["subquery"];
  const query = isNode(wrapped) ? wrapped["node"] : undefined;
  if (!isNode(query)) return undefined;
  const [first, ...more] = around.query(query, ctes, scope);
  if (first === undefined || isGap(first) || more.length > 0) return undefined;
  if (node["subquery_type"] === "SCALAR") return first.origins;
  if (node["subquery_type"] !== "ANY") return undefined;
  const child = isNode(node["child"]) ? expressionOrigins(around, node["child"], scope, ctes) : NO_ORIGINS;
  return changed(mergeOrigins([child, first.origins]), "transformation");
}

/** Origins of `a`, `t.a`, `t.a.field`, looked for as DuckDB does: tables, then the select list, then the query around. */
function referenceOrigins(names: readonly string[], scope: Scope): Origins {
  const [first, second] = names;
  if (first === undefined) return undefined;
  if (scope.bound.has(first.toLowerCase())) return NO_ORIGINS;
  if (second !== undefined) {
    const tables = scope.source.relations.filter((relation) => same(relation.alias, first));
    if (tables.length > 1) return undefined;
    const [table] = tables;
    if (table !== undefined) {
      const found = findColumn(table.columns, second);
      if (found !== "missing") return names.length > 2 ? changed(found, "transformation") : found;
    }
  }
  const found = findColumn(scope.source.star, first);
  if (found !== "missing") return second === undefined ? found : changed(found, "transformation");
  // The name of a table by itself is the whole row.
  if (scope.source.relations.some((relation) => same(relation.alias, first))) return undefined;
  const alias = scope.aliases.get(first.toLowerCase());
  if (scope.aliases.has(first.toLowerCase())) return second === undefined ? alias : changed(alias, "transformation");
  return scope.outer === undefined ? undefined : referenceOrigins(names, scope.outer);
}

/** `undefined` where it may be one of the columns that are not known. */
function findColumn(columns: Columns, name: string): Origins | "missing" {
  const found = columns.filter((column) => !isGap(column) && same(column.name, name));
  const [only] = found;
  if (found.length === 1 && only !== undefined && !isGap(only)) return only.origins;
  if (found.length > 1) return undefined;
  return columns.some((column) => isGap(column) || column.name === undefined) ? undefined : "missing";
}
