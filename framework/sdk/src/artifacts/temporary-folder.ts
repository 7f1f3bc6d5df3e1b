import { readFileSync, rmSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** Folder for what a session has in the making. On the disk of the artifacts, so that a finished file can be renamed into place. */
export interface TemporaryFolder {
  /** Absolute. There only after {@link make}. */
  readonly path: string;
  make(): Promise<string>;
  remove(): Promise<void>;
  /** The same, for a process that is ending now. */
  removeSync(): void;
}

/** How old a folder of another machine must be to be taken for forgotten, in milliseconds. Its processes cannot be seen from here. */
const FOREIGN_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** The temporary folder of a session of this process: `<workPath>/tmp/<host>-<pid>-<start>-<session>`. */
export function temporaryFolder(workPath: string, sessionId: string): TemporaryFolder {
  const folder = path.join(
    workPath,
    "tmp",
    [hostMark(), process.pid, processMark(process.pid)?.start ?? "x", sessionId].join("-"),
  );
  const options = { recursive: true, force: true, maxRetries: 3 } as const;
  return {
    path: folder,
    async make() {
      await mkdir(folder, { recursive: true });
      return folder;
    },
    // What cannot be removed now is swept by a later session.
    remove: () => rm(folder, options).catch(() => undefined),
    removeSync() {
      try {
        rmSync(folder, options);
      } catch {
        // See above.
      }
    },
  };
}

/** Removes the temporary folders whose process has died. Never throws. */
export async function sweepTemporaryFolders(workPath: string): Promise<void> {
  const parent = path.join(workPath, "tmp");
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const folder = path.join(parent, name);
    if (await isForgotten(name, folder)) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isForgotten(name: string, folder: string): Promise<boolean> {
  const [, host, pid, start] = /^([0-9a-f]{8})-(\d+)-([0-9a-z]+)-[0-9a-f-]{36}$/.exec(name) ?? [];
  if (host === undefined || pid === undefined) return false;
  if (host !== hostMark()) {
    const seen = await stat(folder).catch(() => undefined);
    return seen !== undefined && Date.now() - seen.mtimeMs > FOREIGN_AGE_MS;
  }
  if (!isAlive(Number(pid))) return true;
  const seen = processMark(Number(pid));
  if (seen === undefined) return false;
  // Dead, and nobody has asked for its exit code yet; or a number that was given to another process since.
  return seen.state === "Z" || (start !== "x" && seen.start !== start);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Eight digits that stand for this machine, or for this container. */
function hostMark(): string {
  // FNV-1a.
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(os.hostname())) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

/** State of a process, and when it started in the clock ticks of its system; `undefined` where that cannot be read without starting a program. */
function processMark(pid: number): { readonly state: string; readonly start: string } | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const line = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    // The name of the program stands in parentheses and may hold spaces; the state is field 3, the start field 22.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", start: fields[19] ?? "x" };
  } catch {
    return undefined;
  }
}
