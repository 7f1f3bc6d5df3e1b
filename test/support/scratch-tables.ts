import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { setGlobalConfig } from "@datapy/sdk";

/** A folder of a test file's own, where its runs work too, and DuckDB beside the mods to make and to read their tables. */
export interface ScratchTables {
  readonly folder: string;
  readonly connection: DuckDBConnection;
}

/** Opens both before the tests of the calling file and removes them after; to be read within a test. */
export function scratchTables(name: string): ScratchTables {
  let opened: { readonly folder: string; readonly instance: DuckDBInstance; readonly connection: DuckDBConnection };
  beforeAll(async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), `datapy-${name}-`));
    setGlobalConfig({ work_path: path.join(folder, "work"), log_level: "critical" });
    const instance = await DuckDBInstance.create(":memory:");
    opened = { folder, instance, connection: await instance.connect() };
  });
  afterAll(() => {
    opened.connection.closeSync();
    opened.instance.closeSync();
    rmSync(opened.folder, { recursive: true, force: true });
  });
  return {
    get folder() {
      return opened.folder;
    },
    get connection() {
      return opened.connection;
    },
  };
}
