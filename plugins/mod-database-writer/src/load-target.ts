import { connectionTarget } from "@datapy/database";
import type { ConnectionTarget, TablePath } from "@datapy/database";
import type { WriterParams } from "./parameters.js";

/** Where the parameters say to write. */
export function targetOf(params: WriterParams): ConnectionTarget {
  return connectionTarget(params);
}

/** The table that the parameters name. */
export function tablePath(params: WriterParams): TablePath {
  return { name: params.table_name, ...(params.schema_name === undefined ? {} : { schema: params.schema_name }) };
}

/** A table's name for messages. */
export function tableTitle(params: WriterParams): string {
  return params.schema_name === undefined ? params.table_name : `${params.schema_name}.${params.table_name}`;
}
