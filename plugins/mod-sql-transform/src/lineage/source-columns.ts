import { expressionOrigins } from "./expression-origins.js";
import type { ExpressionSurroundings } from "./expression-origins.js";
import { changed, mergeOrigins, originOf } from "./origins.js";
import type { Origins } from "./origins.js";
import { pivotColumns } from "./pivot-columns.js";
import { EMPTY_SOURCE, isGap, isNode, nodes, renamed, same, texts, UNKNOWN_COLUMNS } from "./relation.js";
import type { Columns, Ctes, DerivedColumn, Node, Relation, Scope, Source } from "./relation.js";

/** What sources need of the derivation. */
export interface SourceSurroundings extends ExpressionSurroundings {
  /** Names of the columns of the input tables. */
  readonly inputs: ReadonlyMap<string, { readonly table: string; readonly columns: readonly string[] }>;
}

/** What a FROM offers. `outer` is what a lateral subquery sees beside its own tables. */
export function sourceOf(
  around: SourceSurroundings,
  node: Node | undefined,
  ctes: Ctes,
  outer: Scope | undefined,
): Source {
  if (node === undefined) return EMPTY_SOURCE;
  const names = texts(node["column_name_alias"]);
  const named = (alias: unknown, fallback: string, columns: Columns): Source => {
    const relation: Relation = {
      alias: typeof alias === "string" ? alias : fallback,
      columns: renamed(columns, names),
    };
    return { relations: [relation], star: relation.columns };
  };
  switch (node["type"]) {
    case "EMPTY":
    case "EMPTY_FROM":
      return EMPTY_SOURCE;
    case "BASE_TABLE": {
      const table = String(node["table_name"]);
      const cte = ctes.get(table.toLowerCase());
      if (cte !== undefined) return named(node["alias"], table, cte);
      const input = around.inputs.get(table.toLowerCase());
      const columns = input?.columns.map((name): DerivedColumn => ({ name, origins: originOf(input.table, name) }));
      return named(node["alias"], table, columns ?? UNKNOWN_COLUMNS);
    }
    case "SUBQUERY": {
      const query = isNode(node["subquery"]) ? node["subquery"]["node"] : undefined;
      return named(
        node["alias"],
        "unnamed_subquery",
        isNode(query) ? around.query(query, ctes, outer) : UNKNOWN_COLUMNS,
      );
    }
    case "EXPRESSION_LIST":
      return named(node["alias"], "valueslist", valueColumns(around, node, ctes, outer));
    case "TABLE_FUNCTION": {
      const call = isNode(node["function"]) ? node["function"] : {};
      const scope: Scope = { source: EMPTY_SOURCE, aliases: new Map(), bound: new Set(), outer };
      const origins = changed(
        mergeOrigins(nodes(call["children"]).map((child) => expressionOrigins(around, child, scope, ctes))),
        "transformation",
      );
      const alias = typeof node["alias"] === "string" ? node["alias"] : String(call["function_name"]);
      const columns: Columns = [...names.map((name): DerivedColumn => ({ name, origins })), { cycle: [] }];
      return { relations: [{ alias, columns }], star: columns };
    }
    case "PIVOT": {
      const source = sourceOf(around, isNode(node["source"]) ? node["source"] : undefined, ctes, outer);
      return named(
        node["alias"],
        node["unpivot_names"] === undefined ? "__unnamed_pivot" : "__unnamed_unpivot",
        pivotColumns(around, node, source, ctes, outer),
      );
    }
    case "JOIN":
      return joined(around, node, ctes, outer);
    default:
      return named(node["alias"], "", UNKNOWN_COLUMNS);
  }
}

function valueColumns(around: SourceSurroundings, node: Node, ctes: Ctes, outer: Scope | undefined): Columns {
  const rows = Array.isArray(node["values"]) ? (node["values"] as unknown[]) : [];
  const scope: Scope = { source: EMPTY_SOURCE, aliases: new Map(), bound: new Set(), outer };
  const width = Array.isArray(rows[0]) ? rows[0].length : 0;
  return Array.from({ length: width }, (_, at): DerivedColumn => ({
    name: `col${String(at)}`,
    origins: mergeOrigins(
      rows.map((row) => {
        const value: unknown = Array.isArray(row) ? row[at] : undefined;
        return isNode(value) ? expressionOrigins(around, value, scope, ctes) : undefined;
      }),
    ),
  }));
}

function joined(around: SourceSurroundings, node: Node, ctes: Ctes, outer: Scope | undefined): Source {
  const left = sourceOf(around, isNode(node["left"]) ? node["left"] : undefined, ctes, outer);
  const seen: Scope = { source: left, aliases: new Map(), bound: new Set(), outer };
  const right = sourceOf(around, isNode(node["right"]) ? node["right"] : undefined, ctes, seen);
  const kind = String(node["join_type"]);
  if (kind === "SEMI" || kind === "ANTI") return left;
  const relations = [...left.relations, ...right.relations];
  const using = node["ref_type"] === "NATURAL" ? commonNames(left.star, right.star) : texts(node["using_columns"]);
  if (using === undefined) return { relations, star: UNKNOWN_COLUMNS };
  const merge = (column: DerivedColumn, other: DerivedColumn | undefined): Origins => {
    if (other === undefined) return undefined;
    if (kind === "RIGHT") return other.origins;
    if (kind === "INNER" || kind === "LEFT") return column.origins;
    return changed(mergeOrigins([column.origins, other.origins]), "transformation");
  };
  const isMerged = (column: Columns[number]): column is DerivedColumn =>
    !isGap(column) && using.some((name) => same(column.name, name));
  const star = [
    ...left.star.map((column) => {
      if (!isMerged(column)) return column;
      const others = right.star.filter((one): one is DerivedColumn => !isGap(one) && same(one.name, column.name ?? ""));
      return { name: column.name, origins: merge(column, others.length === 1 ? others[0] : undefined) };
    }),
    ...right.star.filter((column) => !isMerged(column)),
  ];
  return { relations, star };
}

/** `undefined` where one of the sides has columns that are not known. */
function commonNames(left: Columns, right: Columns): string[] | undefined {
  if ([...left, ...right].some((column) => isGap(column) || column.name === undefined)) return undefined;
  const others = right as readonly DerivedColumn[];
  return (left as readonly DerivedColumn[]).flatMap(({ name }) =>
    name !== undefined && others.some((one) => same(one.name, name)) ? [name] : [],
  );
}
