import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput, ErrorExitCode } from "@datapy/mod-kit";

interface ErrorRow {
  readonly exitCode: ErrorExitCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** Every error of the database mods, by its stable code. `{name}` places are filled from the details. Keep it sorted by code. */
export const DATABASE_ERRORS = {
  DATABASE_BAD_ROW: {
    exitCode: 30,
    message: "{table} refused a row of the input: {reason}",
    hint: "Nothing was written. Correct the row, or set `on_bad_row: quarantine` to set such rows aside.",
  },
  DATABASE_BUSY: {
    exitCode: 30,
    message: "{database} is in use by another process: {reason}",
    hint: "Wait for it to end, or raise `connect_timeout`, which is how long the lock is waited for.",
    retryable: true,
  },
  DATABASE_COLUMN_UNKNOWN: {
    exitCode: 20,
    message: "{where} has no column {column}; it has {known}",
    hint: "Column names are compared letter for letter.",
  },
  DATABASE_CONNECT: {
    exitCode: 30,
    message: "cannot connect to {database}: {reason}",
    hint: "Check host, port and network, and that the server runs.",
    retryable: true,
  },
  DATABASE_CONNECTION_INVALID: {
    exitCode: 20,
    message: "the connection is not valid: {reason}",
    hint: "Examples: postgresql://user@host:5432/db · mysql://user@host/db · sqlite:///data/app.db · duckdb:///data/app.duckdb. Encode special characters of user and password (`@` is %40).",
  },
  DATABASE_DEPENDENTS: {
    exitCode: 30,
    message: "{table} cannot be replaced, since other objects depend on it: {reason}",
    hint: "`write_mode: truncate` keeps the table and changes its rows only.",
  },
  DATABASE_DRIVER_MISSING: {
    exitCode: 30,
    message: "the driver for {database} cannot be loaded: {reason}",
    hint: "Install the package again on this machine: it holds a compiled part for each platform.",
  },
  DATABASE_FILE_MISSING: {
    exitCode: 20,
    message: "{database} is not there: {reason}",
    hint: "Check the path: sqlite:///dir/file.db and duckdb:///dir/file.duckdb are absolute, sqlite:///./dir/file.db is taken from `base_path`. The file is made by whatever writes to it first: run that job before, in the same project and environment.",
  },
  DATABASE_IDENTIFIER_INVALID: {
    exitCode: 20,
    message: "{name} cannot be a name in {database}: {reason}",
    hint: "Rename the column or the table; names are never shortened unseen.",
  },
  DATABASE_INPUT_INVALID: {
    exitCode: 20,
    message: "the input does not fit: {reason}",
    hint: "See the parameters of the mod with `datapy mods info`.",
  },
  DATABASE_KEY_DUPLICATE: {
    exitCode: 30,
    message: "the input has {count} keys more than once in {columns}, for example {example}",
    hint: "An upsert needs one row a key. Remove duplicates first (data_cleaner), or set `on_duplicate_key: last`.",
  },
  DATABASE_LOAD_ID_REUSED: {
    exitCode: 20,
    message: "load id {load_id} was used for {table} before, {difference}",
    hint: "Nothing was changed. A load id names one load: give this one another `load_id`, or delete the old one's row from the ledger table to load it anew.",
  },
  DATABASE_LOGIN: {
    exitCode: 30,
    message: "{database} refused the login: {reason}",
    hint: "Check user, password, database name and the server's access rules, which may ask for TLS or for a client certificate (`tls_cert_file`, `tls_key_file`).",
  },
  DATABASE_QUERY: {
    exitCode: 30,
    message: "{database} refused a statement while {doing}: {reason}",
    hint: "Correct what the message names in the query or in the parameters of the mod; the message and its code are the database's own.",
  },
  DATABASE_QUERY_INVALID: {
    exitCode: 20,
    message: "{database} does not take the query: {reason}",
    hint: "Correct the SQL. Nothing was read.",
  },
  DATABASE_ROWS_DO_NOT_RECONCILE: {
    exitCode: 30,
    message: "rows do not add up in {table}: {expected} expected, {actual} found",
    hint: "Nothing was kept. Something else changed rows meanwhile (a trigger, a rule, another writer), or this is a fault to report.",
  },
  DATABASE_SCHEMA_FROZEN: {
    exitCode: 20,
    message: "the input does not fit the columns of {table}: {reason}",
    hint: "Set `schema_evolution: evolve` to add and widen columns, or `discard_columns` to leave out what the table lacks.",
  },
  DATABASE_TABLE_MISSING: {
    exitCode: 20,
    message: "{database} has no table {table}",
    hint: "Check `schema_name` and `table_name` (letter for letter); a writer makes the table with `create_table: true`.",
  },
  DATABASE_TLS: {
    exitCode: 30,
    message: "no secure connection to {database}: {reason}",
    hint: "Check `tls_mode` (disable, prefer, require, verify-ca, verify-full) and `tls_ca_file`; with a client certificate also `tls_cert_file` and `tls_key_file`.",
  },
  DATABASE_TOO_MANY_BAD_ROWS: {
    exitCode: 30,
    message: "{count} of {rows} rows were refused by {table}, more than {limit} allow; the first: {reason}",
    hint: "Nothing was written. Raise the limit, or correct the rows.",
  },
  DATABASE_UNSUPPORTED: {
    exitCode: 20,
    message: "{database} cannot do this: {reason}",
    hint: "Choose another `write_mode`, or another database.",
  },
} as const satisfies Record<string, ErrorRow>;

/** A code of {@link DATABASE_ERRORS}. */
export type DatabaseErrorCode = keyof typeof DATABASE_ERRORS;

/** Makes the error of a code, its places filled from `details`. */
export function databaseFault(
  code: DatabaseErrorCode,
  details: Readonly<Record<string, string | number | bigint>> = {},
  context: {
    readonly cause?: unknown;
    readonly hint?: string;
    readonly retryable?: boolean;
    readonly parameter?: DatapyErrorInput["parameter"];
  } = {},
): DatapyError {
  const row: ErrorRow = DATABASE_ERRORS[code];
  const message = row.message.replace(/\{(\w+)\}/g, (place, name: string) =>
    details[name] === undefined ? place : String(details[name]),
  );
  return new DatapyError({
    code,
    message,
    hint: context.hint ?? row.hint,
    exitCode: row.exitCode,
    retryable: context.retryable ?? row.retryable ?? false,
    cause: context.cause,
    parameter: context.parameter,
  });
}
