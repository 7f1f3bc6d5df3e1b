import { ident, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { CsvColumn } from "../../csv-pipe.js";
import type { ResultColumn } from "../../dialect.js";
import { parseDuckType } from "../../duck-type.js";
import { parseMysqlType } from "./mysql-types.js";

/** The expression by which the server writes a column as a field of CSV. */
export function csvField(column: ResultColumn): Sql {
  const name = ident(column.name);
  const { base } = parseDuckType(column.duckType);
  const type = parseMysqlType(column.type);
  if (base === "BLOB") return sql`ifnull(concat('"', hex(${name}), '"'), '')`;
  // A FLOAT's own text has six digits; as a DOUBLE it shows all that it holds.
  if (base === "FLOAT") return sql`ifnull(cast(${name} as double), '')`;
  if (/INT$|^DECIMAL|^DOUBLE|^BOOLEAN/.test(base) || ["datetime", "timestamp", "date", "time"].includes(type.name))
    return sql`ifnull(${name}, '')`;
  return sql`ifnull(concat('"', replace(${name}, '"', '""'), '"'), '')`;
}

/** How DuckDB reads what {@link csvField} made. */
export function csvColumn(column: ResultColumn): CsvColumn {
  const { name, duckType } = column;
  const { base } = parseDuckType(duckType);
  if (base === "BLOB") return { name, csvType: "VARCHAR", expression: (field) => sql`unhex(${field})` };
  // The session's zone is UTC, and so is every text of it.
  if (base === "TIMESTAMP WITH TIME ZONE")
    return { name, csvType: "TIMESTAMP", expression: (field) => sql`${field} at time zone 'UTC'` };
  if (base === "JSON" || base === "UUID")
    return { name, csvType: "VARCHAR", expression: (field) => sql`cast(${field} as ${raw(duckType)})` };
  return { name, csvType: duckType };
}
