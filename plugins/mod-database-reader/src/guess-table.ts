import type { Guess, ModContext } from "@datapy/mod-kit";
import { connectionTarget, databaseFault, openConnection } from "@datapy/database";
import type { DatabaseConnection, DatabaseTable } from "@datapy/database";
import type { ReaderParams } from "./parameters.js";

/** Tables with more rows than this are worth reading over several connections at once. */
const LARGE = 5_000_000;
/** Names under which columns keep when a row was last changed. */
const CHANGED = /^(?:updated|modified|changed|last_?(?:updated?|modified|changed))(?:_?(?:at|on|date|time|ts))?$/i;

/**
 * Looks at a table (`name` or `schema.name`) and says how to read it: its schema, and all columns by name, so that a column that comes or goes
 * is noticed. What only its owner can decide (a watermark, reading in ranges) is said in comments.
 */
export async function guessTable(params: ReaderParams, ctx: ModContext, given: ReadonlySet<string>): Promise<Guess> {
  if (params.table_name === undefined)
    throw databaseFault("DATABASE_INPUT_INVALID", { reason: "table_name is needed: only a table can be looked at" });
  const connection = await openConnection(connectionTarget(params), ctx, { readOnly: true, maxRetries: 0 });
  try {
    const { path, table } = await findTable(params.table_name, params.schema_name, connection);
    const columns = table.columns.map(({ name }) => name);
    const changed = columns.find((name) => CHANGED.test(name));
    const [key] = table.uniqueKeys.find((keys) => keys.length === 1) ?? [];
    const rows = table.estimatedRows;
    const notes = [
      ...(rows === undefined || rows < 0 ? [] : [`about ${String(Math.round(rows))} rows`]),
      ...(changed === undefined || given.has("watermark_column")
        ? []
        : [`watermark_column: ${JSON.stringify(changed)} would read only what is new since the last run`]),
      ...(key === undefined || (rows ?? 0) < LARGE || given.has("split_column")
        ? []
        : [`split_column: ${JSON.stringify(key)} would read it over several connections at once`]),
    ];
    return {
      params: {
        table_name: path.name,
        ...(path.schema === undefined ? {} : { schema_name: path.schema }),
        columns,
      },
      ...(notes.length === 0 ? {} : { notes: { table_name: notes.join("\n") } }),
    };
  } finally {
    await connection.close();
  }
}

/** A name with a dot in it is one name where there is such a table, else schema and name. */
async function findTable(
  name: string,
  schema: string | undefined,
  connection: DatabaseConnection,
): Promise<{ readonly path: { readonly name: string; readonly schema?: string }; readonly table: DatabaseTable }> {
  const dot = name.indexOf(".");
  const paths = [
    { name, ...(schema === undefined ? {} : { schema }) },
    ...(schema === undefined && dot > 0 ? [{ schema: name.slice(0, dot), name: name.slice(dot + 1) }] : []),
  ];
  for (const path of paths) {
    const table = await connection.describeTable(path);
    if (table !== undefined) return { path, table };
  }
  throw databaseFault("DATABASE_TABLE_MISSING", { database: connection.dialect.title, table: name });
}
