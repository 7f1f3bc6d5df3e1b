import type { ColumnSource } from "@datapy/mod-kit";

/** What became of a value on its way; the later wins over the earlier. */
export type Change = "identity" | "transformation" | "aggregation";

/** Columns of input tables that a value comes from, by table and column. `undefined` where that cannot be derived. */
export type Origins = ReadonlyMap<string, Origin> | undefined;

/** One column of an input table. */
export interface Origin {
  readonly table: string;
  readonly column: string;
  readonly change: Change;
}

/** A value that comes from no column: a constant, a count of rows. */
export const NO_ORIGINS: Origins = new Map();

const RANK: Readonly<Record<Change, number>> = { identity: 0, transformation: 1, aggregation: 2 };

/** The column itself. */
export function originOf(table: string, column: string): Origins {
  return new Map([[JSON.stringify([table, column]), { table, column, change: "identity" }]]);
}

/** All of them together. Nothing is known of a value when nothing is known of a part of it. */
export function mergeOrigins(all: readonly Origins[]): Origins {
  const merged = new Map<string, Origin>();
  for (const origins of all) {
    if (origins === undefined) return undefined;
    for (const [key, origin] of origins) {
      const before = merged.get(key);
      if (before === undefined || RANK[before.change] < RANK[origin.change]) merged.set(key, origin);
    }
  }
  return merged;
}

/** `origins` after a further step. */
export function changed(origins: Origins, change: Change): Origins {
  if (origins === undefined) return undefined;
  return new Map(
    [...origins].map(([key, origin]) => [key, RANK[origin.change] < RANK[change] ? { ...origin, change } : origin]),
  );
}

/** Whether two say the same. */
export function sameOrigins(a: Origins, b: Origins): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every(([key, origin]) => b.get(key)?.change === origin.change);
}

/** As the run ledger takes it. `uris` by table name. */
export function toSources(
  origins: ReadonlyMap<string, Origin>,
  uris: Readonly<Record<string, string>>,
): ColumnSource[] {
  return [...origins.values()].map(({ table, column, change }) => ({ uri: uris[table] ?? table, column, change }));
}
