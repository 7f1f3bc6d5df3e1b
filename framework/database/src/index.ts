export { columnUnknown } from "./column-unknown.js";
export { queryFault } from "./query-fault.js";
export { describeTarget, isServer } from "./connection-target.js";
export type {
  ConnectionTarget,
  DatabaseKind,
  FileTarget,
  ServerTarget,
  TlsMode,
  TlsSettings,
} from "./connection-target.js";
export { parseConnection } from "./parse-connection-string.js";
export type { ConnectionParts } from "./parse-connection-string.js";
export { DATABASE_ERRORS, databaseFault } from "./database-errors.js";
export type { DatabaseErrorCode } from "./database-errors.js";
export type {
  Capabilities,
  ConnectionHost,
  ControlRow,
  DatabaseColumn,
  DatabaseConnection,
  DatabaseDriver,
  DatabaseTable,
  Dialect,
  Fit,
  LoadColumn,
  Redefinition,
  ResultColumn,
  TablePath,
  Unloading,
} from "./dialect.js";
export { integerDigits, parseDuckType } from "./duck-type.js";
export type { DuckType } from "./duck-type.js";
export { openConnection, loadDialect } from "./open-connection.js";
export type { OpenOptions } from "./open-connection.js";
export { ConnectionPool } from "./connection-pool.js";
export { withRetry } from "./retry.js";
export type { RetryPolicy } from "./retry.js";
export { connectionParameters, connectionTarget } from "./connection-schema.js";
export type { ConnectionValues } from "./connection-schema.js";
