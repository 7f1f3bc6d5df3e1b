import { writeFileSync } from "node:fs";
import path from "node:path";
import { sql } from "@datapy/mod-kit";
import type { DataContext } from "@datapy/mod-kit";
import { connectionTarget, openConnection } from "../src/index.js";
import type { ConnectionValues, DatabaseConnection } from "../src/index.js";
import { makeCertificates } from "./servers/certificates.js";
import type { Certificates } from "./servers/certificates.js";
import { DATABASE_NAMES } from "./servers/databases.js";
import { startMariadb } from "./servers/mariadb-server.js";
import { startPostgresql } from "./servers/postgresql-server.js";
import { removeFolder, serverFolder, serverUser } from "./servers/server-process.js";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const PASSWORD = "secret word";

type Values = Omit<ConnectionValues, "connect_timeout">;

/** Connects, does something, and closes. */
async function connected<Result>(
  values: Values,
  action: (connection: DatabaseConnection) => Promise<Result>,
  { signal = new AbortController().signal, readOnly = true } = {},
): Promise<Result> {
  // No rows are loaded or unloaded here, so DuckDB is not asked for.
  const host = { data: {} as DataContext, signal, log: silent };
  const target = connectionTarget({ connect_timeout: 10_000, ...values });
  const connection = await openConnection(target, host, { readOnly, maxRetries: 0 });
  try {
    return await action(connection);
  } finally {
    await connection.close();
  }
}

/** A server with TLS, and one of the same product without. `certified` has to show a certificate of the authority. */
interface Servers {
  readonly kind: "postgresql" | "mariadb";
  readonly user: string;
  readonly database: string;
  readonly port: number;
  readonly portWithoutTls: number;
  readonly socketPath: string;
  /** Whether the server sees TLS on a connection. */
  seesTls(connection: DatabaseConnection): Promise<boolean>;
  /** A statement that takes a minute, and one that counts such statements. */
  readonly minute: ReturnType<typeof sql>;
  readonly minutes: ReturnType<typeof sql>;
  stop(): Promise<void>;
}

async function postgresql(certificates: Certificates): Promise<Servers> {
  const sockets = serverFolder("datapy-sockets-", serverUser("postgres"));
  const access = path.join(certificates.folder, "access.conf");
  writeFileSync(
    access,
    "hostssl all certified all cert\nhost all all all scram-sha-256\nlocal all all scram-sha-256\n",
  );
  const [server, plain] = await Promise.all([
    startPostgresql([
      "ssl=on",
      `ssl_cert_file=${certificates.server}`,
      `ssl_key_file=${certificates.serverKey}`,
      `ssl_ca_file=${certificates.authority}`,
      `hba_file=${access}`,
      `unix_socket_directories=${sockets}`,
    ]),
    startPostgresql(),
  ]);
  await connected(
    { connection_string: server.connectionString },
    (connection) => connection.script("create role certified login", "making a user"),
    { readOnly: false },
  );
  return {
    kind: "postgresql",
    user: "postgres",
    database: "postgres",
    port: server.port,
    portWithoutTls: plain.port,
    socketPath: sockets,
    seesTls: async (connection) => {
      const [row] = await connection.query<{ tls: string }>(
        sql`select ssl::text as tls from pg_stat_ssl where pid = pg_backend_pid()`,
      );
      return row?.tls === "true";
    },
    minute: sql`select pg_sleep(60)`,
    minutes: sql`select count(*) as n from pg_stat_activity where state = 'active' and query = 'select pg_sleep(60)'`,
    stop: async () => {
      await Promise.all([server.stop(), plain.stop()]);
      removeFolder(sockets);
    },
  };
}

async function mariadb(certificates: Certificates): Promise<Servers> {
  const [server, plain] = await Promise.all([
    startMariadb([
      `--ssl-cert=${certificates.server}`,
      `--ssl-key=${certificates.serverKey}`,
      `--ssl-ca=${certificates.authority}`,
    ]),
    startMariadb(),
  ]);
  const user = `create user certified@'127.0.0.1' identified by '${PASSWORD}' require x509; grant all on test.* to certified@'127.0.0.1'`;
  await connected(
    { database_type: "mariadb", socket_path: server.socketPath, user: "root", password: "" },
    (connection) => connection.script(user, "making a user"),
    { readOnly: false },
  );
  return {
    kind: "mariadb",
    user: "datapy",
    database: "test",
    port: server.port,
    portWithoutTls: plain.port,
    socketPath: server.socketPath,
    seesTls: async (connection) => {
      const [row] = await connection.query<{ cipher: string }>(
        sql`select variable_value as cipher from information_schema.session_status where variable_name = 'SSL_CIPHER'`,
      );
      return row?.cipher !== "";
    },
    minute: sql`select sleep(60)`,
    minutes: sql`select count(*) as n from information_schema.processlist where info = 'select sleep(60)'`,
    stop: async () => void (await Promise.all([server.stop(), plain.stop()])),
  };
}

describe.each(DATABASE_NAMES.filter((name) => name === "postgresql" || name === "mariadb"))(
  "connecting to %s",
  (name) => {
    let certificates: Certificates;
    let servers: Servers;

    beforeAll(async () => {
      certificates = makeCertificates(serverUser(name === "mariadb" ? "mysql" : "postgres"));
      servers = await (name === "mariadb" ? mariadb : postgresql)(certificates);
    });
    afterAll(async () => {
      await servers.stop();
      removeFolder(certificates.folder);
    });

    /** Connects and says whether the server sees TLS on this connection. */
    const secured = (values: Values): Promise<boolean> =>
      connected(values, (connection) => servers.seesTls(connection));
    const url = (
      host: string,
      options = "",
      user = servers.user,
      port = servers.port,
    ): { connection_string: string } => ({
      connection_string: `${servers.kind}://${user}:${encodeURIComponent(PASSWORD)}@${host}:${String(port)}/${servers.database}${options}`,
    });
    const client = (whose: "client" | "strangersClient"): Pick<Values, "tls_cert_file" | "tls_key_file"> => ({
      tls_cert_file: certificates[whose],
      tls_key_file: certificates[`${whose}Key`],
    });

    test("tls_mode: as far as it says, and no less", async () => {
      expect(await secured(url("127.0.0.1"))).toBe(true);
      expect(await secured(url("127.0.0.1", "?sslmode=disable"))).toBe(false);
      expect(await secured(url("127.0.0.1", "?sslmode=require"))).toBe(true);
      expect(await secured({ ...url("127.0.0.1"), tls_mode: "disable" })).toBe(false);
      const ca = { tls_ca_file: certificates.authority };
      expect(await secured({ ...url("127.0.0.1"), ...ca, tls_mode: "verify-ca" })).toBe(true);
      expect(await secured({ ...url("localhost"), ...ca, tls_mode: "verify-full" })).toBe(true);
      // A file of authorities is not given for nothing: with it, everything is verified.
      expect(await secured({ ...url("localhost"), ...ca })).toBe(true);
      expect(await secured(url("localhost", `?sslmode=verify-full&sslrootcert=${certificates.authority}`))).toBe(true);
    });

    test.each([
      ["another name than the host's", "127.0.0.1", "verify-full", "authority"],
      ["another authority's signature", "localhost", "verify-ca", "stranger"],
      ["no authority that this machine knows", "localhost", "verify-full", undefined],
    ] as const)("a certificate with %s is refused", async (_what, host, tls_mode, authority) => {
      const ca = authority === undefined ? {} : { tls_ca_file: certificates[authority] };
      await expect(secured({ ...url(host), ...ca, tls_mode })).rejects.toMatchObject({ code: "DATABASE_TLS" });
    });

    test("a certificate that is made out to an address is good for that address", async () => {
      const ca = { tls_ca_file: certificates.authority };
      expect(await secured({ ...url("[::ffff:127.0.0.1]"), ...ca, tls_mode: "verify-full" })).toBe(true);
    });

    test("a server without TLS: taken with `prefer`, refused with `require`", async () => {
      const plain = url("127.0.0.1", "", servers.user, servers.portWithoutTls);
      expect(await secured(plain)).toBe(false);
      for (const tls_mode of ["require", "verify-ca", "verify-full"] as const) {
        await expect(secured({ ...plain, tls_mode })).rejects.toMatchObject({ code: "DATABASE_TLS" });
      }
    });

    test("a client certificate lets in who has to show one, and nobody else's does", async () => {
      const certified = url("localhost", "", "certified");
      const ca = { tls_ca_file: certificates.authority };
      expect(await secured({ ...certified, ...client("client") })).toBe(true);
      expect(await secured({ ...certified, ...ca, ...client("client") })).toBe(true);
      const files = `sslcert=${certificates.client}&sslkey=${certificates.clientKey}&sslrootcert=${certificates.authority}`;
      expect(await secured(url("localhost", `?sslmode=verify-full&${files}`, "certified"))).toBe(true);
      await expect(secured(certified)).rejects.toMatchObject({ code: "DATABASE_LOGIN" });
      await expect(secured({ ...certified, ...client("strangersClient") })).rejects.toMatchObject({
        code: "DATABASE_TLS",
      });
    });

    test.each([
      ["tls_ca_file", "/nowhere/ca.pem"],
      ["tls_cert_file", "/nowhere/client.pem"],
      ["tls_key_file", "/nowhere/client.key"],
    ])("%s that is not there is named", async (parameter, file) => {
      const lost = secured({ ...url("localhost"), ...client("client"), [parameter]: file });
      await expect(lost).rejects.toMatchObject({ code: "DATABASE_TLS" });
      await expect(lost).rejects.toThrow(file);
    });

    test("a file that is no certificate, and a key of another certificate, are named", async () => {
      const nonsense = path.join(certificates.folder, "nonsense.pem");
      writeFileSync(nonsense, "no certificate\n");
      const own = client("client");
      const wrong: readonly (readonly [Values, string])[] = [
        [{ tls_ca_file: nonsense }, nonsense],
        [{ ...own, tls_cert_file: nonsense }, nonsense],
        [{ ...own, tls_key_file: nonsense }, nonsense],
        [{ ...own, tls_key_file: certificates.strangersClientKey }, certificates.strangersClientKey],
      ];
      for (const [values, file] of wrong) {
        const refused = secured({ ...url("localhost"), ...values });
        await expect(refused).rejects.toMatchObject({ code: "DATABASE_TLS" });
        await expect(refused).rejects.toThrow(file);
      }
    });

    test("what runs on a server is stopped with the run, also for who has to show a certificate", async () => {
      const running = async (): Promise<number> =>
        connected(url("127.0.0.1"), async (connection) => {
          const [row] = await connection.query(servers.minutes);
          return Number(row?.["n"]);
        });
      const until = async (wanted: number): Promise<void> => {
        while ((await running()) !== wanted);
      };
      const stop = new AbortController();
      const values = { ...url("localhost", "", "certified"), ...client("client") };
      const stopped = connected(values, (connection) => connection.query(servers.minute), {
        signal: stop.signal,
      });
      const ended = expect(stopped).rejects.toThrow();
      await until(1);
      stop.abort(new Error("the run was stopped"));
      await ended;
      await until(0);
    }, 50_000);

    test("over a Unix socket, in a string and in parts", async () => {
      const { kind, user, database, port, socketPath } = servers;
      // MariaDB's user logs in from an address; over the socket it is root without a password.
      const login = kind === "mariadb" ? { user: "root", password: "" } : { user, password: PASSWORD };
      expect(await secured({ ...url(encodeURIComponent(socketPath)), ...login })).toBe(false);
      expect(await secured({ database_type: kind, ...login, database, socket_path: socketPath, port })).toBe(false);
    });

    test("to an IPv6 address", async () => {
      // IPv4's loopback, written as an IPv6 address: it is there on machines without an IPv6 network too.
      expect(await secured(url("[::ffff:127.0.0.1]"))).toBe(true);
    });
  },
);
