import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { MisbehavingServer } from "./server/misbehaving-server.js";

/** An envelope of either kind; what an error has not is empty. */
export interface Ended {
  readonly status: Envelope["status"];
  readonly exit_code?: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly artifacts: Readonly<Record<string, string>>;
  readonly logs: Envelope["logs"];
}

/** A server, a place to work, and the mod as a user runs it. */
export interface Workbench {
  readonly api: MisbehavingServer;
  readonly folder: string;
  run(params: Readonly<Record<string, unknown>>): Promise<Ended>;
  /** Runs the mod, which is to succeed, and gives its table. */
  read(params: Readonly<Record<string, unknown>>, key?: string): Promise<Table>;
  /** Runs the mod, which is to fail, and gives what it said. */
  fail(params: Readonly<Record<string, unknown>>): Promise<string>;
  /** Writes the result of a query as a Parquet file. */
  artifact(name: string, query: string): Promise<string>;
  rows(file: string): Promise<Table>;
  stop(): Promise<void>;
}

/** A table as DuckDB shows it: columns with types, values as JSON. */
export interface Table {
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly (readonly unknown[])[];
  readonly envelope: Ended | undefined;
}

const MOD = path.join(__dirname, "..", "dist", "index.js");

export async function openWorkbench(): Promise<Workbench> {
  const api = await MisbehavingServer.start();
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-api-"));
  const database = await DuckDBInstance.create(":memory:");
  setGlobalConfig({ work_path: folder, log_path: folder, log_level: "warning" });
  const run = async (params: Readonly<Record<string, unknown>>): Promise<Ended> => ({
    warnings: [],
    metrics: {},
    artifacts: {},
    ...(await runMod(MOD, { retry_delay: "5ms", ...params })),
  });
  const rows = async (file: string): Promise<Table> => {
    const connection = await database.connect();
    try {
      const result = await connection.runAndReadAll(`from read_parquet('${file}')`);
      const described = await connection.runAndReadAll(`describe from read_parquet('${file}')`);
      return {
        columns: Object.fromEntries(described.getRowsJson().map((row) => [String(row[0]), String(row[1])])),
        rows: result.getRowsJson(),
        envelope: undefined,
      };
    } finally {
      connection.closeSync();
    }
  };
  return {
    api,
    folder,
    run,
    rows,
    async read(params, key = "output_data") {
      const envelope = await run(params);
      expect(envelope.status === "error" ? envelope.errors : []).toEqual([]);
      return { ...(await rows(envelope.artifacts[key] ?? "")), envelope };
    },
    async fail(params) {
      const envelope = await run(params);
      expect(envelope.status).toBe("error");
      // Nothing appears under a final name.
      const made = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
        file.includes(envelope.logs.run_id),
      );
      expect(made.filter((file) => file.endsWith(".parquet"))).toEqual([]);
      return envelope.errors.join("\n");
    },
    async artifact(name, query) {
      const file = path.join(folder, `${name}.parquet`);
      const connection = await database.connect();
      await connection.run(`copy (${query}) to '${file}' (format parquet)`);
      connection.closeSync();
      return file;
    },
    async stop() {
      await api.stop();
      database.closeSync();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
