import { mkdir, realpath } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { fault } from "../errors.js";
import { quoteIdentifier, quoteText } from "./duckdb-dialect.js";
import { duckdbError, errorText, fileError, isLocked } from "./duckdb-error.js";

/** How a database file is to be attached. */
export interface AttachRequest {
  /** Absolute. */
  readonly file: string;
  readonly readOnly: boolean;
  /** How long to wait while somebody else holds the file, in milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** A database that a run may use until it calls `release`. */
export interface AttachedDatabase {
  readonly catalog: string;
  release(): Promise<void>;
}

/** The database files of a process: each attached once, for as long as a run uses it. */
export interface AttachedDatabases {
  attach(request: AttachRequest): Promise<AttachedDatabase>;
}

interface Entry {
  readonly catalog: string;
  readonly readOnly: boolean;
  users: number;
}

/** How long to wait before the next try, in milliseconds. */
const RETRY_MS = 100;

/** Makes the table of attached files. `connection` is used for nothing else. */
export function attachedDatabases(connection: () => Promise<DuckDBConnection>): AttachedDatabases {
  const entries = new Map<string, Entry>();
  let names = 0;
  /** Attaching and detaching happen one after the other. */
  let last: Promise<unknown> = Promise.resolve();
  function exclusive<Result>(operation: () => Promise<Result>): Promise<Result> {
    const turn = last.then(operation);
    last = turn.catch(() => undefined);
    return turn;
  }

  /** The entry, or what is in the way. */
  async function tryAttach(file: string, readOnly: boolean): Promise<Entry | { readonly inTheWay: string }> {
    const there = entries.get(file);
    if (there !== undefined) {
      // DuckDB attaches a file once: who wants to write waits for those who only read.
      if (there.readOnly && !readOnly) return { inTheWay: "another run of this process reads it" };
      there.users += 1;
      return there;
    }
    const entry: Entry = { catalog: `database_${String(++names)}`, readOnly, users: 1 };
    try {
      await (
        await connection()
      ).run(`ATTACH ${quoteText(file)} AS ${quoteIdentifier(entry.catalog)}${readOnly ? " (READ_ONLY)" : ""}`);
    } catch (error) {
      if (!isLocked(error)) throw duckdbError(error);
      return { inTheWay: errorText(error).split("\n", 1)[0] ?? "" };
    }
    entries.set(file, entry);
    return entry;
  }

  async function release(file: string, entry: Entry): Promise<void> {
    entry.users -= 1;
    if (entry.users > 0) return;
    entries.delete(file);
    await (await connection()).run(`DETACH ${quoteIdentifier(entry.catalog)}`);
  }

  return {
    async attach({ file, readOnly, timeout, signal }) {
      const real = await realFile(file, readOnly);
      const until = performance.now() + timeout;
      for (;;) {
        signal.throwIfAborted();
        const entry = await exclusive(() => tryAttach(real, readOnly));
        if (!("inTheWay" in entry)) {
          let released: Promise<void> | undefined;
          return { catalog: entry.catalog, release: () => (released ??= exclusive(() => release(real, entry))) };
        }
        if (performance.now() >= until) {
          throw fault("DATAPY_DATABASE_LOCKED", { file, detail: entry.inTheWay });
        }
        await sleep(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    },
  };
}

/** One name for one file, whatever links lead to it. Folders of a file to be made are made. */
async function realFile(file: string, readOnly: boolean): Promise<string> {
  try {
    if (!readOnly) await mkdir(path.dirname(file), { recursive: true });
    return path.join(await realpath(path.dirname(file)), path.basename(file));
  } catch (error) {
    throw fileError(error, file);
  }
}
