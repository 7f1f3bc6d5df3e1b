import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { sql } from "@datapy/mod-kit";
import type { DataContext } from "@datapy/mod-kit";
import { connectionTarget, openConnection } from "../src/index.js";
import type { DatabaseConnection } from "../src/index.js";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-sqlite-"));
  file = path.join(folder, "orders.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (name: string, readOnly = true): Promise<DatabaseConnection> => {
  // No rows are loaded or unloaded here, so DuckDB is not asked for.
  const host = { data: {} as DataContext, signal: new AbortController().signal, log: silent };
  const target = connectionTarget({ connection_string: `sqlite://${path.join(folder, name)}`, connect_timeout: 20 });
  return openConnection(target, host, { readOnly, maxRetries: 0 });
};

test("a file that is not there, and a folder that is not there", async () => {
  await expect(open("nothing.db")).rejects.toMatchObject({
    code: "DATABASE_FILE_MISSING",
    exitCode: 20,
    message: `sqlite:${folder}/nothing.db is not there: there is no such file`,
  });
  await expect(open("nothing/new.db", false)).rejects.toMatchObject({
    code: "DATABASE_FILE_MISSING",
    message: expect.stringContaining("there is no folder for it") as string,
  });
});

test("a file of another program does not send anybody to look at the network", async () => {
  writeFileSync(file, "no database at all ".repeat(100));
  await expect(open("orders.db")).rejects.toMatchObject({
    code: "DATABASE_CONNECT",
    retryable: false,
    hint: expect.stringMatching(/names a file of SQLite/) as string,
  });
});

test("a file that another process writes to is told as in use, and may be tried again", async () => {
  const other = new DatabaseSync(file);
  try {
    other.exec("create table orders (id integer); begin exclusive");
    await expect(open("orders.db")).rejects.toMatchObject({ code: "DATABASE_BUSY", exitCode: 30, retryable: true });
  } finally {
    other.close();
  }
});

test("a query without columns, and what SQLite cannot do", async () => {
  const other = new DatabaseSync(file);
  other.exec("create table orders (id integer)");
  other.close();
  const connection = await open("orders.db");
  try {
    await expect(connection.describeQuery(sql`delete from orders`)).rejects.toMatchObject({
      code: "DATABASE_INPUT_INVALID",
      message: "the input does not fit: the query gives no columns",
    });
    await expect(connection.joinSnapshot("1")).rejects.toMatchObject({
      code: "DATABASE_UNSUPPORTED",
      message: "SQLite cannot do this: snapshots are not shared",
    });
  } finally {
    await connection.close();
  }
});
