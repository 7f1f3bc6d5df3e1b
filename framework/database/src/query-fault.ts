import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError, DatapyErrorInput } from "@datapy/mod-kit";
import { databaseFault } from "./database-errors.js";
import { sqlState } from "./dialects/postgresql/postgresql-errors.js";

/** Of MySQL: rights that are missing have the SQLSTATE of a syntax error. */
const MYSQL_DENIED = new Set([1044, 1142, 1143, 1227, 1370]);
/** SQLite's code for a statement that it does not understand. */
const SQLITE_ERROR = 1;

/**
 * What a user's query was refused for: `DATABASE_QUERY_INVALID` (20) where its text is at fault (syntax, a table or column that is not
 * there), else the error as it is.
 */
export function queryFault(
  error: unknown,
  database: string,
  parameter: NonNullable<DatapyErrorInput["parameter"]>,
): unknown {
  if (!isDatapyError(error) || error.code !== "DATABASE_QUERY" || error.retryable || !isOfText(error.cause))
    return error;
  const { cause } = error;
  // DuckDB's own words end where it quotes a statement around the user's.
  const [reason = ""] = isDatapyError(cause)
    ? cause.message.replace(/^a statement failed: (?:\w+ Error: )?/, "").split("\n")
    : [error.message.slice(error.message.indexOf(": ") + 2)];
  const near = isDatapyError(cause) && cause.hint?.startsWith("Did you mean") === true ? { hint: cause.hint } : {};
  return databaseFault("DATABASE_QUERY_INVALID", { database, reason }, { cause, parameter, ...near });
}

function isOfText(cause: unknown): boolean {
  if (isDatapyError(cause)) return isOfDuckdb(cause);
  const {
    errcode,
    errno,
    sqlState: state,
  } = (cause ?? {}) as {
    readonly errcode?: unknown;
    readonly errno?: unknown;
    readonly sqlState?: unknown;
  };
  if (errcode !== undefined) return errcode === SQLITE_ERROR;
  if (typeof state === "string") return state.startsWith("42") && !MYSQL_DENIED.has(Number(errno));
  return /^42(?!501)/.test(sqlState(cause) ?? "");
}

/** DuckDB gives no codes. */
function isOfDuckdb({ message }: DatapyError): boolean {
  return /^a statement failed: (?:Binder|Catalog|Parser) Error/.test(message);
}
