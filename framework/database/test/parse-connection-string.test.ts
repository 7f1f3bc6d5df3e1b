import fc from "fast-check";
import { describeTarget, isServer, parseConnection } from "../src/index.js";
import type { ServerTarget } from "../src/index.js";

function server(text: string): ServerTarget {
  const target = parseConnection(text, {}, "/base");
  if (!isServer(target)) throw new Error("not a server");
  return target;
}

describe("connection strings", () => {
  test.each([
    [
      "postgresql://analytics-db:5432/customer_data",
      { kind: "postgresql", host: "analytics-db", port: 5432, database: "customer_data" },
    ],
    ["postgres://u:p%40ss@h/db", { user: "u", password: "p@ss", host: "h", port: 5432, database: "db" }],
    ["postgresql+psycopg2://u@[::1]:6000/db", { host: "::1", port: 6000, user: "u" }],
    ["postgresql://u@%2Fvar%2Frun%2Fpg:5433/db", { socketPath: "/var/run/pg", port: 5433 }],
    ["postgresql:///db?host=/tmp", { socketPath: "/tmp", database: "db" }],
    ["mysql://root:@db/shop?ssl-mode=REQUIRED", { kind: "mysql", port: 3306, password: "", database: "shop" }],
    ["mariadb://db/shop", { kind: "mariadb", host: "db", port: 3306 }],
    [
      "postgresql://h/db?options=-c%20search_path%3Da%20-c%20work_mem%3D1GB&application_name=me",
      { settings: { search_path: "a", work_mem: "1GB" }, applicationName: "me" },
    ],
  ])("%s", (text, expected) => {
    expect(server(text)).toMatchObject(expected);
  });

  test("TLS modes by every spelling", () => {
    expect(server("postgresql://h/db").tls.mode).toBe("prefer");
    expect(server("postgresql://h/db?sslmode=verify-full&sslrootcert=ca.pem").tls).toEqual({
      mode: "verify-full",
      caFile: "/base/ca.pem",
    });
    expect(server("mysql://h/db?ssl-mode=VERIFY_IDENTITY").tls.mode).toBe("verify-full");
    expect(server("mysql://h/db?ssl-mode=DISABLED").tls.mode).toBe("disable");
    expect(server("postgresql://h/db?sslrootcert=/ca.pem").tls.mode).toBe("verify-full");
  });

  test.each([
    ["sqlite:///abs/file.db", "/abs/file.db"],
    ["sqlite:////abs/file.db", "/abs/file.db"],
    ["sqlite:///./rel.db", "/base/rel.db"],
    ["sqlite:rel%20name.db", "/base/rel name.db"],
    ["duckdb:///abs/a.duckdb", "/abs/a.duckdb"],
    ["duckdb:///../up.duckdb", "/up.duckdb"],
  ])("%s", (text, file) => {
    expect(parseConnection(text, {}, "/base")).toMatchObject({ path: file });
  });

  test("nothing given is the project's DuckDB file; parts win over the string", () => {
    expect(parseConnection(undefined)).toEqual({ kind: "duckdb", connectTimeout: 30_000 });
    expect(parseConnection("postgresql://a:1/x?host=/tmp", { host: "b", port: 2, password: "q" })).toMatchObject({
      host: "b",
      port: 2,
      database: "x",
      password: "q",
    });
    expect(parseConnection("postgresql://a/x?host=/tmp", { host: "b" })).not.toHaveProperty("socketPath");
  });

  test.each([
    ["oracle://h/db", "unknown scheme oracle:"],
    ["h:5432/db", "unknown scheme h:"],
    ["just text", "does not begin with a scheme"],
    ["postgresql://::1/db", "brackets"],
    ["postgresql://h:99999/db", "port"],
    ["postgresql://u:p%zz@h/db", "percent-encoded"],
    ["postgresql://u:p@ss:word@h/db", "%40"],
    ["postgresql://h/db?sslmode=maybe", "unknown TLS mode"],
    ["sqlite://", "in memory"],
    ["postgresql://h/db?sslcert=a.pem", "tls_key_file"],
  ])("%s is refused", (text, reason) => {
    expect(() => parseConnection(text)).toThrow(
      expect.objectContaining({
        code: "DATABASE_CONNECTION_INVALID",
        message: expect.stringContaining(reason) as string,
      }) as Error,
    );
  });

  test("any user, password and database come through encoding, and no description shows the password", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: "grapheme" }),
        fc.string({ minLength: 12, unit: "grapheme" }),
        fc.string({ minLength: 1, unit: "grapheme" }),
        (user, password, database) => {
          fc.pre(![user, password, database].some((text) => text.includes("\0")));
          const target = server(
            `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h:1/${encodeURIComponent(database)}`,
          );
          expect(target).toMatchObject({ user, password, database });
          fc.pre(!`${user} ${database}`.includes(password));
          expect(describeTarget(target)).not.toContain(password);
        },
      ),
    );
  });
});
