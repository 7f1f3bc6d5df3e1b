import type { DatapyError } from "@datapy/mod-kit";
import { databaseFault } from "../../database-errors.js";

/** What mysql2 puts on an error. */
export interface MysqlError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly sqlMessage?: string;
  readonly fatal?: boolean;
}

/** Deadlock, lock wait, too many connections, server shutdown, killed connection. */
const TRANSIENT_NUMBERS = new Set([
  1040, 1042, 1043, 1053, 1077, 1079, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1927, 3024, 4031,
]);
const TRANSIENT_SYSTEM = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "PROTOCOL_CONNECTION_LOST",
]);
/** A value or a row that does not fit: out of range, too long, bad value, NULL, duplicate, foreign key, CHECK. */
const ROW_NUMBERS = new Set([
  1048, 1062, 1136, 1138, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1411, 1416, 1451, 1452, 1586, 1690,
  3140, 3156, 3819, 4025, 4078,
]);

export function isTransient(error: unknown): boolean {
  const { errno, code, sqlState } = error as MysqlError;
  if (sqlState !== undefined && (sqlState === "40001" || sqlState.startsWith("08"))) return true;
  return (errno !== undefined && TRANSIENT_NUMBERS.has(errno)) || (code !== undefined && TRANSIENT_SYSTEM.has(code));
}

export function isRowError(error: unknown): boolean {
  const { errno } = error as MysqlError;
  return errno !== undefined && ROW_NUMBERS.has(errno);
}

export function serverMessage(error: unknown): string {
  const { sqlMessage, message, errno, sqlState } = error as MysqlError;
  const text = sqlMessage ?? message;
  return sqlState === undefined ? text : `${text}; error ${String(errno)}, SQLSTATE ${sqlState}`;
}

export function connectError(error: unknown, database: string): DatapyError {
  const { code, errno } = error as MysqlError;
  const reason = serverMessage(error);
  if (errno === 1044 || errno === 1045 || errno === 1049 || errno === 1698)
    return databaseFault("DATABASE_LOGIN", { database, reason }, { cause: error });
  if (
    code === "HANDSHAKE_SSL_ERROR" ||
    code === "HANDSHAKE_NO_SSL_SUPPORT" ||
    /CERT|TLS|SSL|SELF_SIGNED/i.test(code ?? "")
  )
    return databaseFault("DATABASE_TLS", { database, reason }, { cause: error });
  return databaseFault("DATABASE_CONNECT", { database, reason }, { cause: error, retryable: isTransient(error) });
}
