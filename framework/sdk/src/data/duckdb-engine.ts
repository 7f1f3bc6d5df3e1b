import { mkdir } from "node:fs/promises";
import os from "node:os";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { isDatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { attachedDatabases } from "./attached-databases.js";
import type { AttachedDatabases } from "./attached-databases.js";
import { quoteText } from "./duckdb-dialect.js";
import { duckdbError, errorText, fileError, firstLine } from "./duckdb-error.js";

/** The DuckDB module, as it is loaded on first use. */
export type DuckDB = typeof import("@duckdb/node-api");

/** How a process's DuckDB is opened. */
export interface DataSettings {
  /**
   * Most memory that DuckDB may use, such as `2GB`. Default: half of the machine's, or of the container's when that is limited, and no more
   * than 60 % of what is free when it is opened, but 1 GiB in any case.
   */
  readonly memoryLimit?: string;
  /** Threads of a query. Default: the processors that this process may use. */
  readonly threads?: number;
  /** Folder that DuckDB spills to when memory is short; made on first use. Absolute. */
  readonly spillFolder: string;
  /** DuckDB file that `ctx.data.attach()` means when it is given no path. Absolute. */
  readonly databasePath: string;
}

/** A connection with the module that made it. */
export interface DataConnection {
  readonly duckdb: DuckDB;
  readonly connection: DuckDBConnection;
}

/** The one DuckDB of a process. Nothing is loaded or opened before the first {@link connect}. */
export interface DataEngine {
  connect(): Promise<DataConnection>;
  /** A DuckDB with the same settings that shares nothing with the process's own. */
  separate(): Promise<{ readonly opened: DataConnection; readonly closeInstance: () => void }>;
  /** Database files that runs of this process use. */
  readonly databases: AttachedDatabases;
  readonly settings: DataSettings;
  /** Frees it. A later `connect` opens a new one. */
  close(): void;
}

/**
 * Opens DuckDB on first use: in memory, spilling to `spillFolder`, with UTC as its time zone (so that a run means the same on every
 * machine), and without ever downloading or loading an extension beside those that are built in.
 */
export function createDataEngine(settings: DataSettings): DataEngine {
  let opening: Promise<{ readonly duckdb: DuckDB; readonly instance: DuckDBInstance }> | undefined;
  let attaching: Promise<DuckDBConnection> | undefined;
  let separated = 0;
  async function connect(): Promise<DataConnection> {
    opening ??= open(settings).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const { duckdb, instance } = await opening;
    try {
      return { duckdb, connection: await instance.connect() };
    } catch (error) {
      throw duckdbError(error);
    }
  }
  return {
    connect,
    async separate() {
      // Two DuckDBs would give their spilled blocks the same names.
      const { duckdb, instance } = await open({
        ...settings,
        spillFolder: `${settings.spillFolder}-${String(++separated)}`,
      });
      return {
        opened: { duckdb, connection: await instance.connect() },
        closeInstance: () => instance.closeSync(),
      };
    },
    settings,
    databases: attachedDatabases(() => (attaching ??= connect().then(({ connection }) => connection))),
    close() {
      const opened = opening;
      opening = undefined;
      attaching = undefined;
      void opened?.then(({ instance }) => instance.closeSync()).catch(() => undefined);
    },
  };
}

async function open(settings: DataSettings): Promise<{ readonly duckdb: DuckDB; readonly instance: DuckDBInstance }> {
  const duckdb = loadDuckDB();
  try {
    await mkdir(settings.spillFolder, { recursive: true });
  } catch (error) {
    throw fileError(error, settings.spillFolder);
  }
  try {
    const instance = await duckdb.DuckDBInstance.create(":memory:", {
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
      // Would keep what is read from files in memory up to the limit; a run reads its input once.
      enable_external_file_cache: "false",
    });
    const connection = await instance.connect();
    try {
      // Set one by one and not above, where a faulty value is refused without a word on which and why.
      await connection.run("SET GLOBAL TimeZone = 'UTC'");
      await connection.run(`SET GLOBAL temp_directory = ${quoteText(settings.spillFolder)}`);
      const limit = settings.memoryLimit ?? defaultMemoryLimit();
      await connection
        .run(`SET GLOBAL memory_limit = ${quoteText(limit)}`)
        .catch(refused(`globals.duckdb_memory_limit is ${JSON.stringify(limit)}`));
      const threads = String(settings.threads ?? os.availableParallelism());
      await connection.run(`SET GLOBAL threads = ${threads}`).catch(refused(`globals.duckdb_threads is ${threads}`));
    } finally {
      connection.closeSync();
    }
    return { duckdb, instance };
  } catch (error) {
    if (isDatapyError(error)) throw error;
    throw fault("DATAPY_DATA_SETTINGS", { detail: errorText(error) }, { cause: error });
  }
}

/** Throws the error of a setting that DuckDB refuses. */
function refused(what: string): (error: unknown) => never {
  return (error) => {
    const why = firstLine(errorText(error)).replace(/^[A-Z][A-Za-z ]* Error: /, "");
    throw fault("DATAPY_DATA_SETTINGS", { detail: `${what}; DuckDB says: ${why}` }, { cause: error });
  };
}

/**
 * Loads the bindings. Their one `TextDecoder` drops a byte order mark at the beginning of every text and name; made while this
 * stands in for it, it keeps what the database holds.
 */
function loadDuckDB(): DuckDB {
  const { TextDecoder: Original } = globalThis;
  globalThis.TextDecoder = class extends Original {
    constructor(label?: string, options?: ConstructorParameters<typeof Original>[1]) {
      super(label, { ...options, ignoreBOM: true });
    }
  };
  try {
    // Not import(): of a CommonJS package that takes twice as long, since Node reads every file of it for the names that it exports.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require("@duckdb/node-api") as DuckDB;
  } finally {
    globalThis.TextDecoder = Original;
  }
}

/**
 * Half of what the machine or container has; less when others use much of it at this moment, since several runs may go on at once and what
 * DuckDB does not get it spills to disk. Never less than 1 GiB, unless that is more than half.
 */
function defaultMemoryLimit(): string {
  const limit = process.constrainedMemory();
  // Without a limit some systems give 0, others a number past any machine's memory.
  const total = limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
  return `${String(defaultMemoryMebibytes(total, process.availableMemory()))}MiB`;
}

/** Share of the free memory for one process, so that a second one that starts later finds some, too. */
const FREE_SHARE = 0.6;

/** @internal */
export function defaultMemoryMebibytes(totalBytes: number, availableBytes: number): number {
  const half = totalBytes / 2;
  const wanted = Math.min(half, Math.max(availableBytes * FREE_SHARE, Math.min(half, 1024 ** 3)));
  return Math.max(128, Math.floor(wanted / 1024 / 1024));
}
