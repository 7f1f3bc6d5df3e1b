import { ident, join, literal, raw, sql } from "./sql.js";
import type { Sql } from "./sql.js";

/** Bits that `bitstring_agg` of DuckDB makes at most. */
const MOST_BITS = 1_000_000_000;

/** Rows of a table, told by a bit each. */
export interface RowMarks {
  /** To be run, in order, before {@link isMarked} is asked. */
  readonly statements: readonly Sql[];
  /** A condition that is never NULL, over the number of a row. */
  isMarked(row: Sql): Sql;
}

/**
 * Keeps the row numbers `n` (from 0 to `rows`) that `query` gives as a bit a row, by which rows can be filtered as they are read: a join in
 * the statement that writes the rows would lose their order. The bits stand in variables of the run's connection that begin with `name`; a
 * table of more than 10⁹ rows has several.
 *
 * @param bits - Rows that one variable holds at most.
 */
export function rowMarks(name: string, query: Sql, rows: number, bits = MOST_BITS): RowMarks {
  const size = raw(String(bits));
  const sets = Array.from({ length: Math.floor(rows / bits) + 1 }, (_, at) => ({
    at,
    variable: at === 0 ? name : `${name}_${String(at)}`,
    last: raw(`${String(Math.min(bits - 1, rows - at * bits))}::bigint`),
  }));
  const bit = (variable: string, place: Sql): Sql =>
    sql`get_bit(cast(getvariable(${literal(variable)}) as bit), cast(${place} as integer))`;
  const [only] = sets;
  if (sets.length === 1 && only !== undefined) {
    return {
      statements: [
        sql`set variable ${ident(name)} = (select bitstring_agg(n, 0::bigint, ${only.last}) from (${query}))`,
      ],
      isMarked: (row) => sql`coalesce(${bit(name, row)} = 1, false)`,
    };
  }
  const numbers = ident("temp", "main", name);
  return {
    statements: [
      sql`create or replace temporary table ${numbers} as select n from (${query})`,
      ...sets.map(
        ({ at, variable, last }) =>
          sql`set variable ${ident(variable)} = (select bitstring_agg(n % ${size}, 0::bigint, ${last}) from ${numbers} where n // ${size} = ${raw(String(at))})`,
      ),
      sql`drop table ${numbers}`,
    ],
    isMarked: (row) => {
      const cases = sets.map(
        ({ at, variable }) => sql`when ${raw(String(at))} then ${bit(variable, sql`${row} % ${size}`)}`,
      );
      return sql`coalesce(case ${row} // ${size} ${join(cases, " ")} end = 1, false)`;
    },
  };
}
