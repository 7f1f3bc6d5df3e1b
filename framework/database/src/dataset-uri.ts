import type { ServerTarget } from "./connection-target.js";

/**
 * What names a table in the run ledger, after OpenLineage's naming of datasets: server, then database and table. Without user, password and
 * options, so that one table has one name whoever reads it. A Unix socket is this machine, `localhost`.
 */
export function serverDataset(
  scheme: "postgresql" | "mysql",
  target: ServerTarget,
  database: string,
  table: string,
): string {
  const host = target.socketPath === undefined ? target.host.toLowerCase() : "localhost";
  const place = host.includes(":") ? `[${host}]` : encodeURIComponent(host);
  return `${scheme}://${place}:${String(target.port)}/${encodeURIComponent(database)}/${encodeURIComponent(table)}`;
}

/** The same for a table of a database file. */
export function fileDataset(scheme: "sqlite" | "duckdb", file: string, table: string): string {
  const folders = file.split(/[\\/]/).map(encodeURIComponent).join("/");
  return `${scheme}://${folders.startsWith("/") ? "" : "/"}${folders}/${encodeURIComponent(table)}`;
}
