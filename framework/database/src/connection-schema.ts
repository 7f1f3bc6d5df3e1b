import { Duration, Path, Secret, Type } from "@datapy/mod-kit";
import type { ConnectionTarget, DatabaseKind, TlsMode } from "./connection-target.js";
import { parseConnection } from "./parse-connection-string.js";

/** Parameters by which a database mod is told where its database is. Spread them into the mod's own. */
export const connectionParameters = {
  connection_string: Type.Optional(
    Secret({
      description:
        "`postgresql://user:password@host:5432/db`, `mysql://…`, `mariadb://…`, `sqlite:///abs/file.db`, `sqlite:///./rel.db`, `duckdb:///…`. Default: the project's DuckDB file",
    }),
  ),
  database_type: Type.Optional(
    Type.Unsafe<DatabaseKind>(
      Type.Union(
        ["postgresql", "mysql", "mariadb", "sqlite", "duckdb"].map((kind) => Type.Literal(kind)),
        { description: "Product, when there is no `connection_string`" },
      ),
    ),
  ),
  host: Type.Optional(
    Type.String({
      minLength: 1,
      description: "Server name or address. Wins over the connection string, as all parts do",
    }),
  ),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: "Server port" })),
  database: Type.Optional(Type.String({ minLength: 1, description: "Database name, or file of SQLite and DuckDB" })),
  user: Type.Optional(Type.String({ minLength: 1, description: "User name" })),
  password: Type.Optional(Secret({ description: "Password" })),
  socket_path: Type.Optional(
    Type.String({ minLength: 1, description: "Unix socket: its folder (PostgreSQL) or file (MySQL)" }),
  ),
  tls_mode: Type.Optional(
    Type.Unsafe<TlsMode>(
      Type.Union(
        ["disable", "prefer", "require", "verify-ca", "verify-full"].map((mode) => Type.Literal(mode)),
        { description: "How far the connection is protected. Default: `prefer`; with `tls_ca_file` `verify-full`" },
      ),
    ),
  ),
  tls_ca_file: Type.Optional(Path({ description: "Certificates of trusted authorities (PEM)" })),
  tls_cert_file: Type.Optional(Path({ description: "Client certificate (PEM)" })),
  tls_key_file: Type.Optional(Path({ description: "Key of the client certificate (PEM)" })),
  connect_timeout: Duration({
    default: "30s",
    description: "Longest wait for a connection, or for the lock of a file",
  }),
  base_path: Type.Optional(Path({ target: "directory", description: "Folder that a relative database file is in" })),
};

/** The values of {@link connectionParameters}. */
export interface ConnectionValues {
  readonly connection_string?: string;
  readonly database_type?: DatabaseKind;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly socket_path?: string;
  readonly tls_mode?: TlsMode;
  readonly tls_ca_file?: string;
  readonly tls_cert_file?: string;
  readonly tls_key_file?: string;
  /** Milliseconds. */
  readonly connect_timeout: number;
  readonly base_path?: string;
}

const PARTS = [
  "database_type",
  "host",
  "port",
  "database",
  "user",
  "password",
  "socket_path",
  "tls_mode",
  "tls_ca_file",
  "tls_cert_file",
  "tls_key_file",
  "connect_timeout",
] as const;

/** The target that {@link connectionParameters} name. Throws `DATABASE_CONNECTION_INVALID`. */
export function connectionTarget(values: ConnectionValues): ConnectionTarget {
  const parts = Object.fromEntries(PARTS.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
  return parseConnection(values.connection_string, parts, values.base_path);
}
