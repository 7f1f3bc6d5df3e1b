import { raw, sql } from "./sql.js";
import type { Sql } from "./sql.js";
import type { Column } from "./context.js";

/**
 * The number of a row in its table artifact, from 1: an expression for a `select` straight from `table(…)`, whose `columns` are given as that
 * `select` names them. The rows of the file are numbered where they are read, so that DuckDB still reads it in all threads; counting the
 * rows of a query, as `row_number()` does, is a pass in one thread.
 *
 * @example sql`select ${rowNumber(columns)} as r, * from ${table(params.input_artifact)}`
 */
export function rowNumber(columns: readonly Pick<Column, "name">[]): Sql {
  // A column of this name hides the number that DuckDB gives.
  const isTaken = columns.some(({ name }) => name.toLowerCase() === "file_row_number");
  return isTaken ? sql`row_number() over ()` : raw("(file_row_number + 1)");
}
