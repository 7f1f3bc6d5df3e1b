import path from "node:path";
import { closestName } from "@datapy/mod-kit";
import type {
  ConnectionTarget,
  DatabaseKind,
  FileTarget,
  ServerTarget,
  TlsMode,
  TlsSettings,
} from "./connection-target.js";
import { databaseFault } from "./database-errors.js";

/** The parts of a connection that can be given one by one. What is given here wins over the connection string. */
export interface ConnectionParts {
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
  /** Milliseconds. Default 30,000. */
  readonly connect_timeout?: number;
}

const SCHEMES: Readonly<Record<string, DatabaseKind>> = {
  postgresql: "postgresql",
  postgres: "postgresql",
  pgsql: "postgresql",
  mysql: "mysql",
  mariadb: "mariadb",
  sqlite: "sqlite",
  sqlite3: "sqlite",
  duckdb: "duckdb",
};
const DEFAULT_PORTS = { postgresql: 5432, mysql: 3306, mariadb: 3306 } as const;
const TLS_MODES: readonly string[] = ["disable", "prefer", "require", "verify-ca", "verify-full"];
/** Query parameters that change how we connect, by the spellings that libpq, JDBC and SQLAlchemy users write. */
const TLS_KEYS: Readonly<Record<string, "mode" | "ca" | "cert" | "key">> = {
  sslmode: "mode",
  "ssl-mode": "mode",
  tls_mode: "mode",
  sslrootcert: "ca",
  "ssl-ca": "ca",
  ssl_ca: "ca",
  tls_ca_file: "ca",
  sslcert: "cert",
  "ssl-cert": "cert",
  ssl_cert: "cert",
  tls_cert_file: "cert",
  sslkey: "key",
  "ssl-key": "key",
  ssl_key: "key",
  tls_key_file: "key",
};

/**
 * Makes a target of a connection string, discrete parts, or both; with neither it is the project's own DuckDB file.
 *
 * Strings: `postgresql://user:password@host:port/db?sslmode=verify-full`, `mysql://…`, `mariadb://…`, `sqlite:///absolute/file.db`,
 * `sqlite:///./relative.db`, `sqlite:relative.db`, `sqlite:///C:/absolute.db`, `duckdb:///…`. User, password and database are percent-decoded; IPv6 hosts
 * stand in brackets; a percent-encoded `/…` as host, or `?host=/…`, is a Unix socket. `mysql+pymysql://` is `mysql://`. Relative files
 * resolve against `baseDirectory`. Throws `DATABASE_CONNECTION_INVALID`; no message repeats the password.
 */
export function parseConnection(
  connectionString: string | undefined,
  parts: ConnectionParts = {},
  baseDirectory: string = process.cwd(),
): ConnectionTarget {
  const connectTimeout = parts.connect_timeout ?? 30_000;
  if (connectionString === undefined || connectionString.trim() === "")
    return fromParts(parts, connectTimeout, baseDirectory);
  const text = connectionString.trim();
  const scheme = /^([A-Za-z][A-Za-z0-9.-]*)(\+[A-Za-z0-9_]+)?:(\/\/)?/.exec(text);
  const kind = scheme?.[1] === undefined ? undefined : SCHEMES[scheme[1].toLowerCase()];
  if (scheme === null || kind === undefined) {
    const near = scheme?.[1] === undefined ? undefined : closestName(scheme[1], Object.keys(SCHEMES));
    throw databaseFault(
      "DATABASE_CONNECTION_INVALID",
      {
        reason:
          scheme?.[1] === undefined
            ? "the connection string does not begin with a scheme such as postgresql://"
            : `unknown scheme ${scheme[1]}:, known are ${Object.keys(SCHEMES).join(", ")}`,
      },
      { parameter: "connection_string", ...(near === undefined ? {} : { hint: `Did you mean ${near}:?` }) },
    );
  }
  if (parts.database_type !== undefined && family(parts.database_type) !== family(kind)) {
    throw invalid(`the connection string is for ${kind}, but database_type says ${parts.database_type}`);
  }
  const rest = text.slice(scheme[0].length);
  if (kind === "sqlite" || kind === "duckdb")
    return fileTarget(kind, filePath(rest, scheme[3] !== undefined), connectTimeout, baseDirectory);
  if (scheme[3] === undefined) throw invalid(`${kind}: is followed by two slashes`);
  return serverTarget(kind, rest, parts, connectTimeout, baseDirectory);
}

function family(kind: DatabaseKind): DatabaseKind {
  return kind === "mariadb" ? "mysql" : kind;
}

function invalid(reason: string, cause?: unknown): Error {
  return databaseFault("DATABASE_CONNECTION_INVALID", { reason }, cause === undefined ? {} : { cause });
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalid(`the ${what} is not percent-encoded correctly (a literal % is written %25)`, cause);
  }
}

/** `sqlite:///x` and `sqlite:////x` are absolute, `sqlite:///./x` is relative; `sqlite:/x` and `sqlite:x` are taken as they stand. */
function filePath(rest: string, slashes: boolean): string {
  const question = rest.indexOf("?");
  const bare = decode(question === -1 ? rest : rest.slice(0, question), "path");
  if (!slashes) return bare;
  if (bare === "") return "";
  if (!bare.startsWith("/")) return bare;
  const inner = bare.slice(1);
  if (inner.startsWith("/") || /^[A-Za-z]:[\\/]/.test(inner)) return inner;
  return /^\.{1,2}(\/|$)/.test(inner) ? inner : bare;
}

function fileTarget(
  kind: "sqlite" | "duckdb",
  file: string,
  connectTimeout: number,
  baseDirectory: string,
): FileTarget {
  if (file === "" || file === ":memory:" || file === "/:memory:") {
    if (kind === "duckdb" && file === "") return { kind, connectTimeout };
    throw invalid(`a ${kind} database in memory would be gone after the run; name a file`);
  }
  if (file.includes("\0")) throw invalid("the path holds a NUL character");
  return { kind, path: path.resolve(baseDirectory, file), connectTimeout };
}

function serverTarget(
  kind: ServerTarget["kind"],
  rest: string,
  parts: ConnectionParts,
  connectTimeout: number,
  baseDirectory: string,
): ServerTarget {
  const query = rest.indexOf("?");
  const main = query === -1 ? rest : rest.slice(0, query);
  const slash = main.indexOf("/");
  const authority = slash === -1 ? main : main.slice(0, slash);
  const databaseText = slash === -1 ? "" : main.slice(slash + 1);
  const at = authority.lastIndexOf("@");
  const login = at === -1 ? "" : authority.slice(0, at);
  const place = at === -1 ? authority : authority.slice(at + 1);
  if (login.includes("@")) throw invalid("user or password holds a bare @; write %40");
  const colon = login.indexOf(":");
  const user = decode(colon === -1 ? login : login.slice(0, colon), "user");
  const password = colon === -1 ? undefined : decode(login.slice(colon + 1), "password");
  const { host, port, socket } = hostAndPort(place);

  const tls: { mode?: string; ca?: string; cert?: string; key?: string } = {};
  const settings: Record<string, string> = {};
  let socketPath = socket;
  let database = decode(databaseText, "database name");
  let applicationName = "datapy";
  let timeout = connectTimeout;
  for (const [key, value] of new URLSearchParams(query === -1 ? "" : rest.slice(query + 1))) {
    const tlsKey = TLS_KEYS[key.toLowerCase()];
    if (tlsKey !== undefined) tls[tlsKey] = value;
    else if ((key === "host" || key === "unix_socket" || key === "socket") && value.startsWith("/")) socketPath = value;
    else if (key === "dbname") database = value;
    else if (key === "application_name") applicationName = value;
    else if (key === "connect_timeout" && /^\d+$/.test(value)) timeout = parts.connect_timeout ?? Number(value) * 1000;
    else if (key === "options") Object.assign(settings, commandLineOptions(value));
    else if (key === "charset" || key === "local_infile") continue;
    else if (/^[a-z_][a-z0-9_.]*$/.test(key)) settings[key] = value;
    else throw invalid(`unknown option ${key}`);
  }
  return assemble(
    kind,
    {
      host: parts.host ?? host,
      port: parts.port ?? port,
      socketPath: parts.socket_path ?? (parts.host === undefined ? socketPath : undefined),
      user: parts.user ?? user,
      password: parts.password ?? password,
      database: parts.database ?? database,
      tls: {
        mode: parts.tls_mode ?? tls.mode,
        ca: parts.tls_ca_file ?? tls.ca,
        cert: parts.tls_cert_file ?? tls.cert,
        key: parts.tls_key_file ?? tls.key,
      },
      settings,
      applicationName,
    },
    timeout,
    baseDirectory,
  );
}

/** `-c search_path=x -c y=z`, as libpq's `options` has it. */
function commandLineOptions(value: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const match of value.matchAll(/(?:-c\s*|--)([a-zA-Z_][\w.]*)=((?:\\.|[^\s\\])*)/g)) {
    found[match[1] as string] = (match[2] as string).replace(/\\(.)/g, "$1");
  }
  return found;
}

function hostAndPort(place: string): {
  host: string | undefined;
  port: number | undefined;
  socket: string | undefined;
} {
  const bracket = /^\[([^\]]*)\](?::(\d*))?$/.exec(place);
  if (place.includes("[") || place.includes("]")) {
    if (bracket === null) throw invalid("an IPv6 address is written [::1]:5432");
    return { host: decode(bracket[1] as string, "host"), port: portNumber(bracket[2]), socket: undefined };
  }
  if ((place.match(/:/g) ?? []).length > 1) throw invalid("an IPv6 address stands in brackets: [::1]:5432");
  const [rawHost = "", rawPort] = place.split(":");
  const host = decode(rawHost, "host");
  if (host.startsWith("/")) return { host: undefined, port: portNumber(rawPort), socket: host };
  return { host: host === "" ? undefined : host, port: portNumber(rawPort), socket: undefined };
}

function portNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw invalid("the port is not a number from 1 to 65535");
  return port;
}

interface LooseServer {
  host: string | undefined;
  port: number | undefined;
  socketPath: string | undefined;
  user: string | undefined;
  password: string | undefined;
  database: string | undefined;
  tls: { mode: string | undefined; ca: string | undefined; cert: string | undefined; key: string | undefined };
  settings: Record<string, string>;
  applicationName: string;
}

function assemble(
  kind: ServerTarget["kind"],
  loose: LooseServer,
  connectTimeout: number,
  baseDirectory: string,
): ServerTarget {
  const { mode = loose.tls.ca === undefined ? "prefer" : "verify-full", ca, cert, key } = loose.tls;
  const normal = mode.toLowerCase().replace("required", "require").replace("_", "-").replace("preferred", "prefer");
  const wanted = { disabled: "disable", allow: "prefer", "verify-identity": "verify-full" }[normal] ?? normal;
  if (!TLS_MODES.includes(wanted)) throw invalid(`unknown TLS mode ${mode}; known are ${TLS_MODES.join(", ")}`);
  if ((cert === undefined) !== (key === undefined))
    throw invalid("a client certificate needs both tls_cert_file and tls_key_file");
  for (const text of [loose.user, loose.password, loose.database, loose.host]) {
    if (text?.includes("\0") === true) throw invalid("user, password, host and database hold no NUL character");
  }
  const file = (name: string): string => path.resolve(baseDirectory, name);
  const tls: TlsSettings = {
    mode: wanted as TlsMode,
    ...(ca === undefined ? {} : { caFile: file(ca) }),
    ...(cert === undefined ? {} : { certificateFile: file(cert) }),
    ...(key === undefined ? {} : { keyFile: file(key) }),
  };
  return {
    kind,
    host: loose.host ?? "localhost",
    port: loose.port ?? DEFAULT_PORTS[kind],
    ...(loose.socketPath === undefined ? {} : { socketPath: loose.socketPath }),
    ...(loose.user === undefined || loose.user === "" ? {} : { user: loose.user }),
    ...(loose.password === undefined ? {} : { password: loose.password }),
    ...(loose.database === undefined || loose.database === "" ? {} : { database: loose.database }),
    tls,
    connectTimeout,
    applicationName: loose.applicationName,
    settings: loose.settings,
  };
}

function fromParts(parts: ConnectionParts, connectTimeout: number, baseDirectory: string): ConnectionTarget {
  const kind = parts.database_type;
  if (kind === undefined) {
    const given = Object.entries(parts).filter(([name, value]) => value !== undefined && name !== "connect_timeout");
    if (given.length > 0)
      throw invalid(`${given.map(([name]) => name).join(", ")} given, but neither connection_string nor database_type`);
    return { kind: "duckdb", connectTimeout };
  }
  if (kind === "sqlite" || kind === "duckdb")
    return fileTarget(kind, parts.database ?? "", connectTimeout, baseDirectory);
  return assemble(
    kind,
    {
      host: parts.host,
      port: parts.port,
      socketPath: parts.socket_path,
      user: parts.user,
      password: parts.password,
      database: parts.database,
      tls: { mode: parts.tls_mode, ca: parts.tls_ca_file, cert: parts.tls_cert_file, key: parts.tls_key_file },
      settings: {},
      applicationName: "datapy",
    },
    connectTimeout,
    baseDirectory,
  );
}
