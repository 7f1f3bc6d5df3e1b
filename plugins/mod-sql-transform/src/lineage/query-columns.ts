import { expressionOrigins, standsForSeveral } from "./expression-origins.js";
import { mergeOrigins, sameOrigins } from "./origins.js";
import type { Origins } from "./origins.js";
import { isGap, isNode, nodes, renamed, same, texts, UNKNOWN_COLUMNS } from "./relation.js";
import type { Columns, Ctes, DerivedColumn, Gap, Node, Scope, Source } from "./relation.js";
import { sourceOf } from "./source-columns.js";
import type { SourceSurroundings } from "./source-columns.js";

/** Columns that a query gives, in order. */
export function queryColumns(around: SourceSurroundings, node: Node, seen: Ctes, outer: Scope | undefined): Columns {
  const ctes = new Map(seen);
  const map = isNode(node["cte_map"]) ? nodes(node["cte_map"]["map"]) : [];
  for (const { key, value } of map) {
    const query = isNode(value) && isNode(value["query"]) ? value["query"]["node"] : undefined;
    const columns = isNode(query) ? around.query(query, ctes, outer) : UNKNOWN_COLUMNS;
    ctes.set(String(key).toLowerCase(), renamed(columns, texts(isNode(value) ? value["aliases"] : undefined)));
  }
  const side = (which: string): Columns =>
    isNode(node[which]) ? around.query(node[which], ctes, outer) : UNKNOWN_COLUMNS;
  switch (node["type"]) {
    case "SELECT_NODE":
      return selectColumns(around, node, ctes, outer);
    case "SET_OPERATION_NODE": {
      const left = side("left");
      const right = side("right");
      if (node["setop_type"] === "EXCEPT") return left;
      return node["setop_type"] === "UNION_BY_NAME" ? mergedByName(left, right) : merged(left, right);
    }
    case "RECURSIVE_CTE_NODE":
      return recursiveColumns(around, node, ctes, outer);
    default:
      return UNKNOWN_COLUMNS;
  }
}

function selectColumns(around: SourceSurroundings, node: Node, ctes: Ctes, outer: Scope | undefined): Columns {
  const source = sourceOf(around, isNode(node["from_table"]) ? node["from_table"] : undefined, ctes, outer);
  const aliases = new Map<string, Origins>();
  const scope: Scope = { source, aliases, bound: new Set(), outer };
  return nodes(node["select_list"]).flatMap((item): Columns => {
    if (item["class"] === "STAR") return starColumns(around, item, source, scope, ctes);
    if (standsForSeveral(item)) return UNKNOWN_COLUMNS;
    const origins = expressionOrigins(around, item, scope, ctes);
    const alias = typeof item["alias"] === "string" ? item["alias"] : undefined;
    if (alias !== undefined && !aliases.has(alias.toLowerCase())) aliases.set(alias.toLowerCase(), origins);
    const own = item["class"] === "COLUMN_REF" ? texts(item["column_names"]).at(-1) : undefined;
    return [{ name: alias ?? own, origins }];
  });
}

/** Columns of `*` and `t.*` with EXCLUDE, REPLACE and RENAME, and of `COLUMNS('pattern')`. */
function starColumns(around: SourceSurroundings, item: Node, source: Source, scope: Scope, ctes: Ctes): Columns {
  const table = item["relation_name"];
  const relations = source.relations.filter((relation) => typeof table === "string" && same(relation.alias, table));
  let columns = typeof table === "string" ? (relations.length === 1 ? relations[0]?.columns : undefined) : source.star;
  if (columns === undefined) return UNKNOWN_COLUMNS;
  if (item["columns"] === true && item["expr"] !== undefined) {
    const pattern = constantText(item["expr"]);
    if (pattern === undefined || columns.some(isGap)) return UNKNOWN_COLUMNS;
    columns = columns.filter((column) => !isGap(column) && column.name !== undefined && pattern.test(column.name));
  } else if (item["expr"] !== undefined) return UNKNOWN_COLUMNS;
  // Which of two tables' columns a qualified name leaves out is not to be seen in the list of `*`.
  const qualified = nodes(item["qualified_exclude_list"]);
  if (qualified.length > 0 && source.relations.length > 1 && typeof table !== "string") return UNKNOWN_COLUMNS;
  const left = [...texts(item["exclude_list"]), ...qualified.map((one) => String(one["column"]))];
  const replaced = nodes(item["replace_list"]);
  const names = nodes(item["rename_list"]);
  return columns
    .filter((column) => isGap(column) || !left.some((name) => same(column.name, name)))
    .map((column): DerivedColumn | Gap => {
      if (isGap(column)) return left.length + replaced.length + names.length > 0 ? { cycle: [] } : column;
      const by = replaced.find((one) => same(column.name, String(one["key"])));
      const name = names.find((one) => isNode(one["key"]) && same(column.name, String(one["key"]["column"])));
      const origins =
        by === undefined
          ? column.origins
          : isNode(by["value"]) && !standsForSeveral(by["value"])
            ? expressionOrigins(around, by["value"], scope, ctes)
            : undefined;
      return { name: typeof name?.["value"] === "string" ? name["value"] : column.name, origins };
    });
}

/** The pattern of `COLUMNS('…')`; `undefined` for a lambda, a list, and a pattern that is none here. */
function constantText(expression: unknown): RegExp | undefined {
  if (!isNode(expression) || expression["class"] !== "CONSTANT" || !isNode(expression["value"])) return undefined;
  const pattern = expression["value"]["value"];
  // Only what RE2 and JavaScript read alike.
  if (typeof pattern !== "string" || !/^\^?[\w .*+|-]*\$?$/.test(pattern)) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}

function merged(left: Columns, right: Columns): Columns {
  if ([...left, ...right].some(isGap)) return UNKNOWN_COLUMNS;
  return (left as readonly DerivedColumn[]).map((column, index) => ({
    name: column.name,
    origins: mergeOrigins([column.origins, (right[index] as DerivedColumn | undefined)?.origins]),
  }));
}

function mergedByName(left: Columns, right: Columns): Columns {
  if ([...left, ...right].some((column) => isGap(column) || column.name === undefined)) return UNKNOWN_COLUMNS;
  const ours = left as readonly DerivedColumn[];
  const theirs = right as readonly DerivedColumn[];
  const partner = (among: readonly DerivedColumn[], name: string | undefined): DerivedColumn | undefined =>
    among.find((column) => same(column.name, name ?? ""));
  return [
    ...ours.map((column) => {
      const other = partner(theirs, column.name);
      return other === undefined
        ? column
        : { name: column.name, origins: mergeOrigins([column.origins, other.origins]) };
    }),
    ...theirs.filter((column) => partner(ours, column.name) === undefined),
  ];
}

/** What the recursive part adds may reach another column each time round, until nothing is added any more. */
function recursiveColumns(around: SourceSurroundings, node: Node, ctes: Ctes, outer: Scope | undefined): Columns {
  if (!isNode(node["left"]) || !isNode(node["right"])) return UNKNOWN_COLUMNS;
  const name = String(node["cte_name"]).toLowerCase();
  let columns = renamed(around.query(node["left"], ctes, outer), texts(node["aliases"]));
  for (let round = 0; round < 100; round += 1) {
    const added = around.query(node["right"], new Map([...ctes, [name, columns]]), outer);
    const next = merged(columns, added);
    const isStable =
      next.length === columns.length &&
      next.every((column, index) => {
        const before = columns[index];
        return before !== undefined && !isGap(before) && !isGap(column) && sameOrigins(column.origins, before.origins);
      });
    if (isStable) return next;
    columns = next;
  }
  return UNKNOWN_COLUMNS;
}
