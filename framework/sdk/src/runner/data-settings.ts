import path from "node:path";
import type { DataSettings } from "../data/duckdb-engine.js";

/** DuckDB's settings from the globals `duckdb_memory_limit` (`2GB`) and `duckdb_threads` (a whole number). */
export function dataSettings(
  globals: Readonly<Record<string, unknown>>,
  workPath: string,
  temporaryPath: string,
): DataSettings {
  const memoryLimit = globals["duckdb_memory_limit"];
  const threads = globals["duckdb_threads"];
  const databasePath = globals["database_path"];
  return {
    ...(memoryLimit === undefined || memoryLimit === null ? {} : { memoryLimit: textOf(memoryLimit) }),
    ...(threads === undefined || threads === null ? {} : { threads: Number(threads) }),
    spillFolder: path.join(temporaryPath, "duckdb"),
    databasePath: typeof databasePath === "string" ? path.resolve(databasePath) : path.join(workPath, "project.duckdb"),
  };
}

/** DuckDB says what is wrong with anything that is no size. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
