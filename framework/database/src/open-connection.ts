import { describeTarget } from "./connection-target.js";
import type { ConnectionTarget, DatabaseKind } from "./connection-target.js";
import type { ConnectionHost, DatabaseConnection, DatabaseDriver, Dialect } from "./dialect.js";
import { withRetry } from "./retry.js";

/**
 * Where each product's driver is. Loaded when it is first needed, so that a run pays for one database only. A further database is one
 * file that exports a {@link DatabaseDriver}, its scheme in `parse-connection-string.ts`, and a line here.
 */
const DRIVERS: Readonly<Record<DatabaseKind, () => Promise<DatabaseDriver>>> = {
  postgresql: async () => (await import("./dialects/postgresql/postgresql-connection.js")).postgresqlDriver,
  mysql: async () => (await import("./dialects/mysql/mysql-connection.js")).mysqlDriver,
  mariadb: async () => (await import("./dialects/mysql/mysql-connection.js")).mariadbDriver,
  sqlite: async () => (await import("./dialects/sqlite/sqlite-connection.js")).sqliteDriver,
  duckdb: async () => (await import("./dialects/duckdb/duckdb-connection.js")).duckdbDriver,
};

/** Options of {@link openConnection}. */
export interface OpenOptions {
  /** The caller will only read. Default `false`. */
  readonly readOnly?: boolean;
  /** Tries after the first, when the failure may pass by itself. Default 3. */
  readonly maxRetries?: number;
}

/** The SQL and types of a product. */
export async function loadDialect(kind: DatabaseKind): Promise<Dialect> {
  return (await DRIVERS[kind]()).dialect;
}

/**
 * Opens a connection, trying again where a failure may pass by itself (a server that starts up, too many connections).
 * Throws `DATABASE_CONNECT`, `DATABASE_LOGIN`, `DATABASE_TLS`, `DATABASE_BUSY`, `DATABASE_DRIVER_MISSING`.
 */
export async function openConnection(
  target: ConnectionTarget,
  host: ConnectionHost,
  options: OpenOptions = {},
): Promise<DatabaseConnection> {
  const driver = await DRIVERS[target.kind]();
  const { readOnly = false, maxRetries = 3 } = options;
  host.log.debug(`connecting to ${describeTarget(target)}`);
  return withRetry(() => driver.connect(target, host, { readOnly }), {
    maxRetries,
    signal: host.signal,
    log: host.log,
  });
}
