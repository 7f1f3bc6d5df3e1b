import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { DatabaseSync } from "@photostructure/sqlite";
import mysql from "mysql2/promise";
import pg from "pg";
import { DuckDBInstance } from "./duckdb-module.js";
import { mariadbIsInstalled, startMariadb } from "./mariadb-server.js";
import { startPostgresql } from "./postgresql-server.js";
import { removeFolder } from "./server-process.js";

/** A row as a client of the database sees it; every value as text, NULL as `null`. */
export type TextRow = Readonly<Record<string, string | null>>;

/** A database to test with, and a way into it that has nothing to do with ours. */
export interface TestDatabase {
  readonly name: "postgresql" | "sqlite" | "duckdb" | "mariadb";
  readonly connectionString: string;
  /** Runs SQL through the product's own client. */
  sql(text: string): Promise<TextRow[]>;
  quote(identifier: string): string;
  /** Names of the tables there are. */
  tables(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Names of the databases that this run tests with. MariaDB only with DATAPY_TEST_SERVICES=1 (`npm run test:services`). */
export const DATABASE_NAMES: readonly TestDatabase["name"][] = [
  "postgresql",
  "sqlite",
  "duckdb",
  ...(services() ? (["mariadb"] as const) : []),
];

function services(): boolean {
  if (process.env["DATAPY_TEST_SERVICES"] !== "1") return false;
  if (mariadbIsInstalled()) return true;
  // In CI a service that cannot be tested is a failure and not a shrug.
  if (process.env["CI"] === "true") throw new Error("mariadbd is not installed; run scripts/services.sh");
  process.stderr.write("SKIPPED: MariaDB, since mariadbd is not installed (scripts/services.sh installs it)\n");
  return false;
}

/** Starts one of them. */
export async function startDatabase(name: TestDatabase["name"]): Promise<TestDatabase> {
  switch (name) {
    case "postgresql":
      return postgresql();
    case "sqlite":
      return sqlite();
    case "duckdb":
      return duckdb();
    case "mariadb":
      return mariadb();
  }
}

const doubled = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

async function postgresql(): Promise<TestDatabase> {
  const server = await startPostgresql();
  const sql = async (text: string): Promise<TextRow[]> => {
    const client = new pg.Client({
      connectionString: server.connectionString,
      types: { getTypeParser: () => (value: string) => value },
      options: "-c TimeZone=UTC",
    });
    await client.connect();
    try {
      return (await client.query<TextRow>(text)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    name: "postgresql",
    connectionString: server.connectionString,
    sql,
    quote: doubled,
    tables: async () =>
      (
        await sql("select relname as n from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
      ).map((row) => row["n"] ?? ""),
    stop: () => server.stop(),
  };
}

function sqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-sqlite-"));
  const file = path.join(folder, "test.db");
  const sql = (text: string): Promise<TextRow[]> => {
    const database = new DatabaseSync(file, { timeout: 10_000 });
    try {
      const statement = database.prepare(text);
      statement.setReadBigInts(true);
      const rows = statement.all() as Record<string, unknown>[];
      return Promise.resolve(
        rows.map((row) =>
          Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)])),
        ),
      );
    } finally {
      database.close();
    }
  };
  return Promise.resolve({
    name: "sqlite",
    connectionString: `sqlite://${file}`,
    sql,
    quote: doubled,
    tables: async () =>
      (await sql("select name as n from sqlite_master where type = 'table'")).map((row) => row["n"] ?? ""),
    stop: () => Promise.resolve(removeFolder(folder)),
  });
}

function duckdb(): Promise<TestDatabase> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-duckdb-"));
  const file = path.join(folder, "test.duckdb");
  const sql = async (text: string): Promise<TextRow[]> => {
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    try {
      await connection.run("set timezone = 'UTC'");
      const rows = (await connection.runAndReadAll(text)).getRowObjectsJson();
      return rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [
            key,
            value === null ? null : typeof value === "string" ? value : JSON.stringify(value),
          ]),
        ),
      );
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  };
  return Promise.resolve({
    name: "duckdb",
    connectionString: `duckdb://${file}`,
    sql,
    quote: doubled,
    tables: async () =>
      (await sql("select table_name as n from duckdb_tables() where not internal")).map((row) => row["n"] ?? ""),
    stop: () => Promise.resolve(removeFolder(folder)),
  });
}

async function mariadb(): Promise<TestDatabase> {
  const server = await startMariadb();
  const sql = async (text: string): Promise<TextRow[]> => {
    const connection = await mysql.createConnection({
      uri: server.connectionString.replace("mariadb:", "mysql:"),
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      timezone: "Z",
    });
    try {
      const [rows] = await connection.query(text);
      if (!Array.isArray(rows)) return [];
      return (rows as Record<string, unknown>[]).map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)])),
      );
    } finally {
      await connection.end();
    }
  };
  return {
    name: "mariadb",
    connectionString: server.connectionString,
    sql,
    quote: (identifier) => `\`${identifier.replaceAll("`", "``")}\``,
    tables: async () =>
      (await sql("select table_name as n from information_schema.tables where table_schema = 'test'")).map(
        (row) => row["n"] ?? "",
      ),
    stop: () => server.stop(),
  };
}
