// Runs the CSV reader in this process with a context that holds nothing but DuckDB: what is measured is the mod, not the host.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const require = createRequire(import.meta.url);
const { renderSql } = require("@datapy/mod-kit");
const { Value } = require("@sinclair/typebox/value");

const text = (value) => `'${value.replaceAll("'", "''")}'`;
const literal = (value) => {
  if (value === null) return "NULL";
  if (typeof value === "string") return text(value);
  return Array.isArray(value) ? `[${value.map(literal)}]` : String(value);
};
const dialect = {
  identifier: (name) => `"${name.replaceAll('"', '""')}"`,
  placeholder: (index) => `$${index}`,
  literal,
  table: (uri) => `read_parquet(${text(uri)})`,
};
const render = (statement) => renderSql(statement, dialect, { inline: true }).text;

/** Opens DuckDB once for any number of runs. Artifacts of a run go to the folder given with it. */
export async function openReader() {
  const { DuckDBInstance } = require("@duckdb/node-api");
  const { default: mod } = require("@datapy/mod-csv-reader");
  const instance = await DuckDBInstance.create(":memory:", { enable_external_file_cache: "false" });
  const connection = await instance.connect();
  const scratch = mkdtempSync(path.join(os.tmpdir(), "datapy-bench-"));
  let temporary = 0;

  async function writeTable(key, query, folder, verify) {
    const file = path.join(folder, `${key}.parquet`);
    const partial = `${file}.partial`;
    await connection.run(`COPY (${render(query)}) TO ${text(partial)} (FORMAT parquet)`);
    const rowsOf = async (sql) => (await connection.runAndReadAll(sql)).getRows();
    const [[rows]] = await rowsOf(`SELECT num_rows::DOUBLE FROM parquet_file_metadata(${text(partial)})`);
    const nulls = new Map(
      await rowsOf(
        `SELECT path_in_schema, sum(stats_null_count)::DOUBLE FROM parquet_metadata(${text(partial)}) GROUP BY 1`,
      ),
    );
    const described = await rowsOf(`DESCRIBE SELECT * FROM read_parquet(${text(partial)})`);
    const columns = described.map(([name, type]) => ({ name, type, nullCount: rows === 0 ? 0 : nulls.get(name) }));
    const table = { kind: "table", key, uri: file, rows, bytes: statSync(partial).size, columns };
    try {
      await verify?.(table);
    } catch (error) {
      rmSync(partial);
      throw error;
    }
    renameSync(partial, file);
    return table;
  }

  return {
    connection,
    /** Runs the mod; gives its warnings, metrics and artifacts, or the error that it threw. */
    async run(params, folder) {
      mkdirSync(folder, { recursive: true });
      const state = { warnings: [], metrics: {}, artifacts: {}, log: [] };
      const log = (level) => (message) => state.log.push(`${level} ${message}`);
      const ctx = {
        log: { debug: () => undefined, info: log("info"), warn: log("warn"), error: log("error") },
        signal: new AbortController().signal,
        progress: () => undefined,
        result: {
          addWarning: (message) => state.warnings.push(message),
          addMetric: (key, value) => (state.metrics[key] = value),
          success: () => state,
        },
        data: {
          writeTable: async (key, query, options) => {
            const table = await writeTable(key, query, folder, options?.verify);
            state.artifacts[key] = table.uri;
            return table;
          },
          query: async (query) => (await connection.runAndReadAll(render(query))).getRowObjects(),
          temporaryPath: (name) => {
            const own = path.join(scratch, String(temporary++));
            mkdirSync(own);
            return path.join(own, name);
          },
        },
      };
      const whole = Value.Default(mod.params, structuredClone(params));
      if (whole.max_record_bytes === "16 MiB") whole.max_record_bytes = 16 * 1024 * 1024;
      try {
        return await mod.run(whole, ctx);
      } catch (error) {
        return { ...state, error };
      } finally {
        for (const name of existsSync(scratch) ? [String(temporary - 1)] : [])
          rmSync(path.join(scratch, name), { recursive: true, force: true });
      }
    },
    close() {
      connection.closeSync();
      instance.closeSync();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
