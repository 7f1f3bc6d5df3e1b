import { sql } from "@datapy/mod-kit";
import type { DataContext } from "@datapy/mod-kit";
import { connectionTarget, openConnection } from "../src/index.js";
import type { ConnectionValues } from "../src/index.js";
import { makeCertificates } from "./servers/certificates.js";
import type { Certificates } from "./servers/certificates.js";
import { startPostgresql } from "./servers/postgresql-server.js";
import type { PostgresqlServer } from "./servers/postgresql-server.js";
import { removeFolder, serverFolder, serverUser } from "./servers/server-process.js";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const PASSWORD = encodeURIComponent("secret word");

describe("connecting to PostgreSQL", () => {
  let certificates: Certificates;
  let sockets: string;
  let server: PostgresqlServer;

  beforeAll(async () => {
    const user = serverUser("postgres");
    certificates = makeCertificates(user);
    sockets = serverFolder("datapy-sockets-", user);
    server = await startPostgresql([
      "ssl=on",
      `ssl_cert_file=${certificates.server}`,
      `ssl_key_file=${certificates.serverKey}`,
      `unix_socket_directories=${sockets}`,
    ]);
  });
  afterAll(async () => {
    await server.stop();
    removeFolder(certificates.folder);
    removeFolder(sockets);
  });

  /** Connects and says whether the server sees TLS on this connection. */
  const secured = async (values: Omit<ConnectionValues, "connect_timeout">): Promise<string> => {
    // No rows are loaded or unloaded here, so DuckDB is not asked for.
    const host = { data: {} as DataContext, signal: new AbortController().signal, log: silent };
    const target = connectionTarget({ connect_timeout: 10_000, ...values });
    const connection = await openConnection(target, host, { readOnly: true, maxRetries: 0 });
    try {
      const [row] = await connection.query<{ ssl: string }>(
        sql`select ssl::text as ssl from pg_stat_ssl where pid = pg_backend_pid()`,
      );
      return row?.ssl ?? "";
    } finally {
      await connection.close();
    }
  };
  const url = (host: string, options = ""): { connection_string: string } => ({
    connection_string: `postgresql://postgres:${PASSWORD}@${host}:${String(server.port)}/postgres${options}`,
  });

  test("tls_mode: as far as it says, and no less", async () => {
    expect(await secured(url("127.0.0.1"))).toBe("true");
    expect(await secured(url("127.0.0.1", "?sslmode=disable"))).toBe("false");
    expect(await secured(url("127.0.0.1", "?sslmode=require"))).toBe("true");
    expect(await secured({ ...url("127.0.0.1"), tls_mode: "disable" })).toBe("false");
    const ca = { tls_ca_file: certificates.authority };
    expect(await secured({ ...url("127.0.0.1"), ...ca, tls_mode: "verify-ca" })).toBe("true");
    expect(await secured({ ...url("localhost"), ...ca, tls_mode: "verify-full" })).toBe("true");
    // A file of authorities is not given for nothing: with it, everything is verified.
    expect(await secured({ ...url("localhost"), ...ca })).toBe("true");
    expect(await secured(url("localhost", `?sslmode=verify-full&sslrootcert=${certificates.authority}`))).toBe("true");
  });

  test.each([
    ["another name than the host's", "127.0.0.1", "verify-full", "authority"],
    ["another authority's signature", "localhost", "verify-ca", "stranger"],
    ["no authority that this machine knows", "localhost", "verify-full", undefined],
  ] as const)("a certificate with %s is refused", async (_what, host, tls_mode, authority) => {
    const ca = authority === undefined ? {} : { tls_ca_file: certificates[authority] };
    await expect(secured({ ...url(host), ...ca, tls_mode })).rejects.toMatchObject({ code: "DATABASE_TLS" });
  });

  test("a file of authorities that is not there is named", async () => {
    const lost = secured({ ...url("localhost"), tls_ca_file: "/nowhere/ca.pem" });
    await expect(lost).rejects.toMatchObject({ code: "DATABASE_TLS" });
    await expect(lost).rejects.toThrow("/nowhere/ca.pem");
  });

  test("over a Unix socket, in a string and in parts", async () => {
    expect(await secured(url(encodeURIComponent(sockets)))).toBe("false");
    expect(
      await secured({
        database_type: "postgresql",
        socket_path: sockets,
        port: server.port,
        user: "postgres",
        password: "secret word",
        database: "postgres",
      }),
    ).toBe("false");
  });

  test("to an IPv6 address", async () => {
    // IPv4's loopback, written as an IPv6 address: it is there on machines without an IPv6 network too.
    expect(await secured(url("[::ffff:127.0.0.1]"))).toBe("true");
  });
});
