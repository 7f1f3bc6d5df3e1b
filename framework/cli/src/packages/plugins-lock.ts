import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fault } from "@datapy/sdk/errors";
import { systemReason } from "@datapy/sdk/system-reason";

/** How often the holder shows that it lives, in milliseconds. */
const HEARTBEAT_MS = 2_000;
/** A lock whose holder has not shown itself for so long is left over. */
const STALE_MS = 30_000;
const POLL_MS = 200;

/** Settings of {@link withPluginsLock}. */
export interface LockOptions {
  /** How long to wait for another command, in milliseconds. Default ten minutes. */
  readonly waitMs?: number;
}

/**
 * Does `work` while no other process changes the plugins of the same data directory. Two at once would each write its own list of
 * plugins, and one of the two would be lost. Waits for the other; a lock that its holder left behind (killed, machine restarted) is
 * taken over.
 */
export async function withPluginsLock<Result>(
  dataDirectory: string,
  work: () => Promise<Result>,
  options: LockOptions = {},
): Promise<Result> {
  const file = path.join(dataDirectory, ".plugins.lock");
  await acquire(file, dataDirectory, options.waitMs ?? 600_000);
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
  const release = (): void => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener("exit", release);
    release();
  }
}

async function acquire(file: string, dataDirectory: string, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  let told = false;
  while (!create(file, dataDirectory)) {
    if (isStale(file)) {
      rmSync(file, { force: true });
      continue;
    }
    const holder = holderOf(file);
    if (Date.now() >= deadline) throw fault("DATAPY_PLUGINS_BUSY", { holder, file });
    if (!told) process.stderr.write(`Waiting for another \`datapy plugins\` command (${holder}) …\n`);
    told = true;
    await sleep(POLL_MS);
  }
}

/** Whether the lock file could be made, that is: was not there. */
function create(file: string, dataDirectory: string): boolean {
  try {
    mkdirSync(dataDirectory, { recursive: true });
    const handle = openSync(file, "wx");
    writeSync(handle, JSON.stringify({ pid: process.pid, host: os.hostname() }));
    closeSync(handle);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw fault(
      "DATAPY_PLUGINS_DIRECTORY",
      { directory: dataDirectory, detail: systemReason(error) },
      { cause: error },
    );
  }
}

function isStale(file: string): boolean {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    if (age > STALE_MS) return true;
    const { pid, host } = JSON.parse(readFileSync(file, "utf8")) as { pid?: number; host?: string };
    return host === os.hostname() && pid !== undefined && !isAlive(pid);
  } catch {
    // Released meanwhile, or just being written.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function holderOf(file: string): string {
  try {
    const { pid, host } = JSON.parse(readFileSync(file, "utf8")) as { pid?: number; host?: string };
    return `process ${String(pid)} on ${String(host)}`;
  } catch {
    return "another process";
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Its folder was removed under us; the work will say so.
  }
}
