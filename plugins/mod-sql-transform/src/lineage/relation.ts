import type { Origins } from "./origins.js";

/** A node of DuckDB's syntax tree in JSON. */
export type Node = Readonly<Record<string, unknown>>;

/** A column of a relation. */
export interface DerivedColumn {
  /** `undefined` where DuckDB makes up the name from the expression. */
  readonly name: string | undefined;
  readonly origins: Origins;
}

/** Columns whose number and names only DuckDB knows: `COLUMNS(…)`, the columns of a pivot, the fields of an unnested struct. */
export interface Gap {
  /** Origins of the columns of the gap in turn, again and again; empty where nothing is known of them. */
  readonly cycle: readonly Origins[];
}

/** Columns in order. */
export type Columns = readonly (DerivedColumn | Gap)[];

/** A table, subquery or the like in a FROM, under the name that expressions give it. */
export interface Relation {
  readonly alias: string;
  readonly columns: Columns;
}

/** What the FROM of a query offers. */
export interface Source {
  readonly relations: readonly Relation[];
  /** Columns of `*`, and those that a bare name finds. Differs from the relations' where a join merges columns (USING). */
  readonly star: Columns;
}

/** What expressions see. */
export interface Scope {
  readonly source: Source;
  /** Expressions of the select list so far, by their alias. */
  readonly aliases: ReadonlyMap<string, Origins>;
  /** Parameters of lambdas. */
  readonly bound: ReadonlySet<string>;
  readonly outer: Scope | undefined;
}

/** Named subqueries that are seen. */
export type Ctes = ReadonlyMap<string, Columns>;

export function isGap(column: DerivedColumn | Gap): column is Gap {
  return "cycle" in column;
}

/** A gap of which nothing is known. */
export const UNKNOWN_COLUMNS: Columns = [{ cycle: [] }];

export const EMPTY_SOURCE: Source = { relations: [], star: [] };

export function same(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

/** Children of a node that are nodes. */
export function nodes(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isNode) : [];
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as unknown[]).filter((one): one is string => typeof one === "string") : [];
}

/** New names for the first columns, as `AS t(a, b)` gives them. */
export function renamed(columns: Columns, names: readonly string[]): Columns {
  if (names.length === 0) return columns;
  const first = columns.slice(0, names.length);
  if (first.some(isGap) || first.length < names.length) return UNKNOWN_COLUMNS;
  return columns.map((column, index) => (isGap(column) ? column : { ...column, name: names[index] ?? column.name }));
}
