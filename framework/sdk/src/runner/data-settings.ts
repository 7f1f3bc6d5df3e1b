import path from "node:path";
import { parseByteSize } from "../contract/parse-quantity.js";
import type { DataSettings } from "../data/duckdb-engine.js";

/** DuckDB's settings from the globals `duckdb_memory_limit` (`2GB`) and `duckdb_threads` (a whole number). */
export function dataSettings(
  globals: Readonly<Record<string, unknown>>,
  workPath: string,
  temporaryPath: string,
  processLimitBytes?: number,
): DataSettings {
  const memoryLimit = withinProcess(globals["duckdb_memory_limit"], processLimitBytes);
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

/** Share of a limited process's memory that DuckDB may use: with less it spills to disk, with more the process would be ended. */
const DUCKDB_SHARE = 0.6;

function withinProcess(given: unknown, processLimitBytes: number | undefined): unknown {
  if (processLimitBytes === undefined) return given;
  const share = Math.floor(processLimitBytes * DUCKDB_SHARE);
  const own = typeof given === "string" ? parseByteSize(given) : undefined;
  return `${String(Math.ceil(Math.min(own ?? share, share) / 1024 / 1024))}MiB`;
}
