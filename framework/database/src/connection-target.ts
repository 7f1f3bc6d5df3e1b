/** A database product. `mariadb` and `mysql` share a dialect and a protocol. */
export type DatabaseKind = "postgresql" | "mysql" | "mariadb" | "sqlite" | "duckdb";

/**
 * How far a connection is protected. `prefer` (default) takes TLS where the server has it; `require` insists on it without looking at
 * the certificate; `verify-ca` wants a certificate of a known authority; `verify-full` wants it made out to the host's name too.
 */
export type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** Where a server is and how to log in. */
export interface ServerTarget {
  readonly kind: "postgresql" | "mysql" | "mariadb";
  /** Host name or address; IPv6 without brackets. Ignored when `socketPath` is given. */
  readonly host: string;
  readonly port: number;
  /** Unix socket: the socket file (MySQL) or its folder (PostgreSQL). */
  readonly socketPath?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly tls: TlsSettings;
  /** Milliseconds that one attempt to connect may take. */
  readonly connectTimeout: number;
  /** Shown by the server as the name of the client. */
  readonly applicationName: string;
  /** Server settings for the session, such as `search_path` or `statement_timeout`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** TLS of a server connection. Files are absolute paths of PEM files. */
export interface TlsSettings {
  readonly mode: TlsMode;
  readonly caFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
}

/** A database that is a file. */
export interface FileTarget {
  readonly kind: "sqlite" | "duckdb";
  /** Absolute path; `undefined` (DuckDB only) is the project's own file. */
  readonly path?: string;
  /** Milliseconds that another process's lock is waited for. */
  readonly connectTimeout: number;
}

/** What is needed to connect. */
export type ConnectionTarget = ServerTarget | FileTarget;

/** Whether a target is a server. */
export function isServer(target: ConnectionTarget): target is ServerTarget {
  return target.kind !== "sqlite" && target.kind !== "duckdb";
}

/** A target in words, for messages and logs. Never holds the password. */
export function describeTarget(target: ConnectionTarget): string {
  if (!isServer(target))
    return target.path === undefined ? "the project's DuckDB file" : `${target.kind}:${target.path}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const place = target.socketPath ?? `${host}:${String(target.port)}`;
  const user = target.user === undefined ? "" : `${target.user}@`;
  return `${target.kind}://${user}${place}/${target.database ?? ""}`;
}
