import { ident, join, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { DatabaseConnection, Dialect } from "@datapy/database";
import type { LoadPlan } from "./load-plan.js";
import { tablePath } from "./load-target.js";
import type { WriterParams } from "./parameters.js";

/** Columns that `history: scd2` adds to the input's, with their DuckDB types. */
export function historyColumns(params: WriterParams): readonly { readonly name: string; readonly duckType: string }[] {
  if (params.history !== "scd2") return [];
  return [
    { name: params.valid_from_column, duckType: "TIMESTAMP WITH TIME ZONE" },
    { name: params.valid_to_column, duckType: "TIMESTAMP WITH TIME ZONE" },
    { name: params.current_flag_column, duckType: "BOOLEAN" },
  ];
}

/** `CREATE TABLE` of a plan. Key columns become the primary key; with history, together with the start of the version. */
export function createTable(params: WriterParams, plan: LoadPlan, dialect: Dialect): (table: Sql) => Sql {
  const history = historyColumns(params);
  const definitions = [
    ...plan.columns.map(
      ({ target }) => sql`${ident(target.name)} ${raw(target.type)}${raw(target.nullable ? "" : " not null")}`,
    ),
    ...history.map(({ name, duckType }, index) =>
      index === 0
        ? sql`${ident(name)} ${raw(dialect.keyType(duckType))} not null`
        : sql`${ident(name)} ${raw(dialect.columnType(duckType))}`,
    ),
  ];
  const keys = [...params.key_columns, ...history.slice(0, 1).map(({ name }) => name)];
  const primary = params.key_columns.length === 0 ? sql`` : sql`, primary key (${join(keys.map((key) => ident(key)))})`;
  return (table) => sql`create table ${table} (${join(definitions)}${primary})`;
}

/** Adds and widens columns as planned. */
export async function evolveTable(params: WriterParams, plan: LoadPlan, connection: DatabaseConnection): Promise<void> {
  const table = connection.table(tablePath(params));
  for (const { name, type } of plan.additions) {
    await connection.execute(sql`alter table ${table} add column ${ident(name)} ${raw(type)}`, `adding column ${name}`);
  }
  for (const { name, to } of plan.widenings) {
    await connection.execute(connection.dialect.alterColumnType(table, name, to), `widening column ${name}`);
  }
}
