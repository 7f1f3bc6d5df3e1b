import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import type { TestDatabase } from "../../../../framework/database/test/servers/databases.js";
import { DuckDBInstance } from "../../../../framework/database/test/servers/duckdb-module.js";
import { removeFolder } from "../../../../framework/database/test/servers/server-process.js";

const PLUGINS = path.join(__dirname, "..", "..", "..");

/** Files and runs of a test file. */
export interface Workbench {
  readonly folder: string;
  /** Makes a table artifact of DuckDB SQL. */
  artifact(name: string, query: string): Promise<string>;
  /** Rows of a table artifact, as JSON values. */
  rows(file: string, query?: string): Promise<Record<string, unknown>[]>;
  write(database: TestDatabase, params: Readonly<Record<string, unknown>>): Promise<Envelope>;
  read(database: TestDatabase, params: Readonly<Record<string, unknown>>): Promise<Envelope>;
  close(): void;
}

/** Opens a workbench with a work path of its own. */
export async function openWorkbench(): Promise<Workbench> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-database-"));
  const duckdb = await DuckDBInstance.create(":memory:");
  setGlobalConfig({ work_path: path.join(folder, "work"), log_level: "error" });
  const connection = await duckdb.connect();
  await connection.run("set timezone = 'UTC'");
  const run = (mod: string, database: TestDatabase, params: Readonly<Record<string, unknown>>): Promise<Envelope> =>
    runMod(path.join(PLUGINS, mod, "dist", "index.js"), { connection_string: database.connectionString, ...params });
  return {
    folder,
    artifact: async (name, query) => {
      const file = path.join(folder, `${name}.parquet`);
      await connection.run(`copy (${query}) to '${file}' (format parquet)`);
      return file;
    },
    rows: async (file, query = "from input") => {
      await connection.run(`create or replace temp view input as from read_parquet('${file.replaceAll("'", "''")}')`);
      return (await connection.runAndReadAll(query)).getRowObjectsJson();
    },
    write: (database, params) => run("mod-database-writer", database, params),
    read: (database, params) => run("mod-database-reader", database, params),
    close: () => {
      connection.closeSync();
      duckdb.closeSync();
      removeFolder(folder);
    },
  };
}

/** The artifacts of an envelope that must not be an error. */
export function succeeded(envelope: Envelope): Exclude<Envelope, { readonly status: "error" }> {
  if (envelope.status === "error") throw new Error(`the run failed: ${envelope.errors.join("; ")}`);
  return envelope;
}

/** The errors of an envelope that must be one. */
export function failed(envelope: Envelope): string {
  if (envelope.status !== "error") throw new Error(`the run did not fail: ${JSON.stringify(envelope)}`);
  return envelope.errors.join("\n");
}
