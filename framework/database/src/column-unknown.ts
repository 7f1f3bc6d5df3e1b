import { closestName } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import { databaseFault } from "./database-errors.js";

/** `DATABASE_COLUMN_UNKNOWN` for a column that `parameter` names and that is not among the `known` ones. */
export function columnUnknown(where: string, column: string, known: readonly string[], parameter: string): DatapyError {
  const near = closestName(column, known);
  return databaseFault(
    "DATABASE_COLUMN_UNKNOWN",
    { where, column, known: known.join(", ") },
    { parameter, ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }) },
  );
}
