import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileError } from "../data/duckdb-error.js";
import { randomHex } from "../runner/random-ids.js";
import { stateOf } from "./process-identity.js";
import type { ProcessIdentity } from "./process-identity.js";

/** Who holds a lock. A JSON value. */
export interface LockHolder {
  readonly owner: ProcessIdentity;
  readonly session: string;
  readonly job: string;
  /** ISO 8601. */
  readonly since: string;
}

/** How often the holder of a lock shows that it lives, in milliseconds: for machines that cannot see its process. */
const HEARTBEAT_MS = 30_000;
/** How long a holder that cannot be seen may be silent, in milliseconds. */
const SILENCE_MS = 10 * 60_000;
/** How long a stale lock takes to be removed at the very most, in milliseconds. */
const BREAKING_MS = 10_000;

/**
 * Takes a lock: a file that is there whole or not at all, and that one process alone can make. Gives who holds it instead, where it is
 * held. The lock of a process that is gone counts for nothing.
 */
export function takeLock(
  file: string,
  holder: LockHolder,
): { readonly release: () => void } | { readonly holder: LockHolder } {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
  } catch (error) {
    throw fileError(error, file);
  }
  const beside = `${file}.${String(process.pid)}.${randomHex(4)}`;
  try {
    writeFileSync(beside, JSON.stringify(holder));
    for (;;) {
      if (tryLink(beside, file)) return { release: keep(file, holder) };
      const held = readHolder(file);
      if (held === undefined) continue;
      if (!isStale(held, file)) return { holder: held };
      breakLock(file, held);
    }
  } catch (error) {
    throw fileError(error, file);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** A link is made whole or not at all, and by one process alone. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // A file system without links: making a new file is as exclusive there, if not as whole.
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"].includes(code ?? "")) throw error;
    return tryCreate(to, readFileSync(from, "utf8"));
  }
}

function tryCreate(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function keep(file: string, holder: LockHolder): () => void {
  const beat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The lock was removed by hand: whoever did that wanted it so.
    }
  }, HEARTBEAT_MS);
  beat.unref();
  return () => {
    clearInterval(beat);
    // Of somebody else's lock, after this one was removed by hand, nothing is taken away.
    if (readHolder(file)?.session !== holder.session) return;
    try {
      unlinkSync(file);
    } catch {
      // Gone already.
    }
  };
}

/** `undefined`: gone since, or still being written where links are not known. */
function readHolder(file: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LockHolder;
  } catch (error) {
    if (!(error instanceof SyntaxError)) return undefined;
    const owner = { host: "", pid: 0, start: null, boot: null, space: null };
    return { owner, session: "", job: "", since: "" };
  }
}

function isStale(held: LockHolder, file: string): boolean {
  if (held.owner.pid === 0) return silence(file) > BREAKING_MS;
  const state = stateOf(held.owner);
  return state === "gone" || (state === "elsewhere" && silence(file) > SILENCE_MS);
}

function silence(file: string): number {
  const seen = statSync(file, { throwIfNoEntry: false });
  return seen === undefined ? 0 : Date.now() - seen.mtimeMs;
}

/** Removes a stale lock, one process at a time: else a slow one might remove the lock that a fast one has taken meanwhile. */
function breakLock(file: string, stale: LockHolder): void {
  const breaker = `${file}.break`;
  let descriptor: number;
  try {
    descriptor = openSync(breaker, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (silence(breaker) > BREAKING_MS) rmSync(breaker, { force: true });
    return;
  }
  try {
    if (JSON.stringify(readHolder(file)) === JSON.stringify(stale)) rmSync(file, { force: true });
  } finally {
    closeSync(descriptor);
    rmSync(breaker, { force: true });
  }
}
