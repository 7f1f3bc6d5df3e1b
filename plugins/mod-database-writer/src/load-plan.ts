import type { Column } from "@datapy/mod-kit";
import { columnUnknown, databaseFault } from "@datapy/database";
import type { DatabaseColumn, DatabaseTable, Dialect, Fit } from "@datapy/database";
import { tableTitle } from "./load-target.js";
import type { WriterParams } from "./parameters.js";

/** A column of the input on its way into a column of the table. */
export interface PlannedColumn {
  /** Name in the input. */
  readonly source: string;
  readonly duckType: string;
  /** The column of the table, as it will be when the load begins. */
  readonly target: DatabaseColumn;
  readonly fit: Fit;
}

/** What is to be done, found out before anything is changed. */
export interface LoadPlan {
  readonly columns: readonly PlannedColumn[];
  /** The table has to be made. */
  readonly create: boolean;
  /** The table is there, but is to be made anew with these columns (`write_mode: replace`). */
  readonly redefine: boolean;
  readonly additions: readonly DatabaseColumn[];
  readonly widenings: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  /** Input columns that are left out. */
  readonly discarded: readonly string[];
  readonly warnings: readonly string[];
}

/** Compares the input's columns with the table's. Throws `DATABASE_SCHEMA_FROZEN` with everything that does not fit. */
export function planLoad(
  params: WriterParams,
  input: readonly Column[],
  table: DatabaseTable | undefined,
  dialect: Dialect,
): LoadPlan {
  const wanted = selectColumns(params, input, dialect);
  const title = tableTitle(params);
  if (table === undefined) {
    if (!params.create_table) throw databaseFault("DATABASE_TABLE_MISSING", { database: dialect.title, table: title });
    return {
      columns: wanted.map((column) => newColumn(column, params, dialect)),
      create: true,
      redefine: false,
      additions: [],
      widenings: [],
      discarded: [],
      warnings: [],
    };
  }
  if (table.withoutTransactions === true) {
    throw databaseFault(
      "DATABASE_UNSUPPORTED",
      {
        database: dialect.title,
        reason: `${title} is kept by an engine without transactions, so that a failed load would leave half of it`,
      },
      { hint: "alter table … engine = InnoDB" },
    );
  }
  if (table.isView && params.write_mode !== "append") {
    throw databaseFault("DATABASE_UNSUPPORTED", {
      database: dialect.title,
      reason: `${title} is a view; it can be appended to at most`,
    });
  }
  if (params.write_mode === "replace" && !sameDefinition(wanted, table, dialect)) {
    return {
      columns: wanted.map((column) => newColumn(column, params, dialect)),
      create: false,
      redefine: true,
      additions: [],
      widenings: [],
      discarded: [],
      warnings: [],
    };
  }
  return matchColumns(params, wanted, table, dialect, title);
}

function selectColumns(params: WriterParams, input: readonly Column[], dialect: Dialect): Column[] {
  const known = input.map((column) => column.name);
  const find = (name: string, parameter: string): Column => {
    const column = input.find((one) => one.name === name);
    if (column === undefined) throw columnUnknown("the input", name, known, parameter);
    return column;
  };
  for (const key of params.key_columns) find(key, "key_columns");
  const flag =
    params.delete_flag_column === undefined ? undefined : find(params.delete_flag_column, "delete_flag_column").name;
  const chosen = (params.columns === undefined ? [...input] : params.columns.map((one) => find(one, "columns"))).filter(
    (column) => column.name !== flag,
  );
  const missing = params.key_columns.find((key) => !chosen.some((column) => column.name === key));
  if (missing !== undefined)
    throw databaseFault("DATABASE_INPUT_INVALID", {
      reason: `key column ${missing} is not among the columns to write`,
    });
  const seen = new Map<string, string>();
  for (const { name } of chosen) {
    const folded = dialect.foldName(name);
    const other = seen.get(folded);
    if (other !== undefined) {
      throw databaseFault(
        "DATABASE_INPUT_INVALID",
        { reason: `columns ${other} and ${name} are one column to ${dialect.title}` },
        { hint: "Rename one of them." },
      );
    }
    seen.set(folded, name);
    // Refuses names that the database would change, before anything is done.
    dialect.sql.identifier(name);
  }
  if (chosen.length === 0) throw databaseFault("DATABASE_INPUT_INVALID", { reason: "there is no column to write" });
  return chosen;
}

function newColumn(column: Column, params: WriterParams, dialect: Dialect): PlannedColumn {
  const isKey = params.key_columns.includes(column.name);
  const type = isKey ? dialect.keyType(column.type) : dialect.columnType(column.type);
  const target: DatabaseColumn = {
    name: column.name,
    type,
    duckType: column.type,
    nullable: !isKey,
    hasDefault: false,
    generated: false,
  };
  return { source: column.name, duckType: column.type, target, fit: isKey ? "checked" : "exact" };
}

function sameDefinition(wanted: readonly Column[], table: DatabaseTable, dialect: Dialect): boolean {
  const own = table.columns.filter((column) => !column.generated);
  return (
    own.length === wanted.length &&
    own.every((column, index) => {
      const input = wanted[index] as Column;
      return sameName(input.name, column.name, dialect) && dialect.fit(input.type, column) === "exact";
    })
  );
}

function sameName(a: string, b: string, dialect: Dialect): boolean {
  return dialect.foldName(a) === dialect.foldName(b);
}

function matchColumns(
  params: WriterParams,
  wanted: readonly Column[],
  table: DatabaseTable,
  dialect: Dialect,
  title: string,
): LoadPlan {
  const columns: PlannedColumn[] = [];
  const additions: DatabaseColumn[] = [];
  const widenings: { name: string; from: string; to: string }[] = [];
  const discarded: string[] = [];
  const faults: string[] = [];
  const evolve = params.schema_evolution === "evolve";
  for (const column of wanted) {
    const target = table.columns.find((one) => sameName(column.name, one.name, dialect));
    if (target === undefined) {
      if (evolve && !table.isView) {
        const added: DatabaseColumn = {
          name: column.name,
          type: dialect.columnType(column.type),
          duckType: column.type,
          nullable: true,
          hasDefault: false,
          generated: false,
        };
        additions.push(added);
        columns.push({ source: column.name, duckType: column.type, target: added, fit: "exact" });
      } else if (params.schema_evolution === "discard_columns" && !params.key_columns.includes(column.name))
        discarded.push(column.name);
      else {
        const near = table.columns.find((one) => one.name.toLowerCase() === column.name.toLowerCase());
        faults.push(`column ${column.name} is not in the table${near === undefined ? "" : ` (it has ${near.name})`}`);
      }
      continue;
    }
    if (target.generated) {
      if (params.schema_evolution === "discard_columns") discarded.push(column.name);
      else faults.push(`column ${target.name} is computed by the database and cannot be written`);
      continue;
    }
    let fit = dialect.fit(column.type, target);
    let written = target;
    if (evolve && fit !== "exact") {
      const wider = dialect.widened(column.type, target);
      if (wider !== undefined && wider !== target.type) {
        widenings.push({ name: target.name, from: target.type, to: wider });
        written = { ...target, type: wider };
        fit = dialect.fit(column.type, written);
      }
    }
    if (fit === "impossible") faults.push(`column ${column.name} is ${column.type}, which ${target.type} cannot hold`);
    columns.push({ source: column.name, duckType: column.type, target: written, fit });
  }
  for (const own of table.columns) {
    const given = columns.some((column) => column.target.name === own.name);
    if (!given && !own.nullable && !own.hasDefault && !own.generated && !reserved(params, own.name)) {
      faults.push(`column ${own.name} of the table must not be NULL and is not in the input`);
    }
  }
  if (faults.length > 0) throw databaseFault("DATABASE_SCHEMA_FROZEN", { table: title, reason: faults.join("; ") });
  if (columns.length === 0)
    throw databaseFault("DATABASE_INPUT_INVALID", { reason: `${title} has none of the input's columns` });
  const warnings =
    discarded.length === 0 ? [] : [`Columns left out, since ${title} does not take them: ${discarded.join(", ")}`];
  return { columns, create: false, redefine: false, additions, widenings, discarded, warnings };
}

/** Columns that the mod fills itself. */
function reserved(params: WriterParams, name: string): boolean {
  return (
    params.history === "scd2" &&
    [params.valid_from_column, params.valid_to_column, params.current_flag_column].includes(name)
  );
}
