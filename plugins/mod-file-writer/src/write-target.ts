import { existsSync } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { writerError } from "./writer-error.js";

/** A target in the making, next to where it will stand. */
export interface StagedTarget {
  /** Where to write. */
  readonly path: string;
  /** Puts it in the target's place, whole. */
  publish(): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
}

/** What is to stand at a path. */
export interface TargetOptions {
  readonly output: string;
  readonly isFolder: boolean;
  readonly replace: boolean;
  /** Of the files that a partitioned folder holds. */
  readonly extension: string;
}

let stagings = 0;

/**
 * Prepares to write a file or folder under a name that nobody else uses, and mends what a killed run may have left. Throws
 * `FILE_WRITER_EXISTS` and `FILE_WRITER_TARGET` (20) before anything is written.
 */
export async function stageTarget(options: TargetOptions): Promise<StagedTarget> {
  const { output, isFolder } = options;
  const folder = path.dirname(output);
  const mark = `${hostName()}-${String(process.pid)}-${Date.now().toString(36)}${String(++stagings)}`;
  const place = (purpose: "unfinished" | "old"): string =>
    path.join(folder, `.${path.basename(output)}.${mark}.${purpose}`);
  const staging = place("unfinished");
  try {
    await mkdir(folder, { recursive: true });
    await mendLeftovers(output);
    await assertFree(options);
    if (isFolder) await mkdir(staging);
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).syscall === undefined ? cause : unusable(output, cause);
  }
  return {
    path: staging,
    discard: () => rm(staging, { recursive: true, force: true }),
    async publish() {
      await syncTree(staging, isFolder);
      await assertFree(options);
      try {
        if (isFolder) await swapFolder(staging, output, place("old"), options.replace);
        else if (options.replace) await rename(staging, output);
        else await placeNew(staging, output);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        throw code === "EEXIST" || code === "ENOTEMPTY" ? exists(output, cause) : unusable(output, cause);
      }
      await syncFolder(folder);
    },
  };
}

/** A link fails where a file has come in the meantime; a rename would replace it unseen. */
async function placeNew(staging: string, output: string): Promise<void> {
  try {
    await link(staging, output);
  } catch (error) {
    // Some file systems have no links.
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    if (existsSync(output)) throw exists(output);
    await rename(staging, output);
    return;
  }
  await rm(staging);
}

async function swapFolder(staging: string, output: string, old: string, replace: boolean): Promise<void> {
  if (!replace || !existsSync(output)) {
    await rename(staging, output);
    return;
  }
  await rename(output, old);
  try {
    await rename(staging, output);
  } catch (error) {
    await rename(old, output);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function assertFree({ output, isFolder, replace, extension }: TargetOptions): Promise<void> {
  const there = await lstat(output).catch(() => undefined);
  if (there === undefined) return;
  if (isFolder !== there.isDirectory()) {
    throw writerError(
      "FILE_WRITER_TARGET",
      `${output} is a ${there.isDirectory() ? "folder" : "file"}`,
      isFolder ? "With partition_by the output is a folder: give it another name." : "Name the file to write.",
    );
  }
  if (isFolder && (await readdir(output)).length === 0) return;
  if (!replace) throw exists(output);
  if (isFolder) await assertOurs(output, extension);
}

/** A folder is only put aside when all that it holds looks like what this mod wrote there before. */
async function assertOurs(folder: string, extension: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const inside = path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep);
    const levels = entry.isDirectory() ? inside : inside.slice(0, -1);
    const isPartition = levels.every((level) => /^[^=]+=/.test(level));
    const isData = entry.isDirectory() || (entry.isFile() && /^data_\d+\.[a-z.]+$/.test(entry.name));
    if (isPartition && isData) continue;
    throw writerError(
      "FILE_WRITER_TARGET",
      `${folder} holds ${inside.join("/")}, which is no part of a folder that this mod has partitioned (data_0.${extension})`,
      "Choose a folder of its own for the output, or empty this one yourself.",
    );
  }
}

function exists(output: string, cause?: unknown): Error {
  return writerError(
    "FILE_WRITER_EXISTS",
    `${output} is there already`,
    "Set `if_exists: replace`, or choose another name, such as one with ${run.date} in it.",
    cause,
  );
}

function unusable(output: string, cause: unknown): Error {
  return writerError(
    "FILE_WRITER_TARGET",
    `${output} cannot be written: ${(cause as Error).message}`,
    "Check the folder, its permissions and the space on its disk.",
    cause,
  );
}

/**
 * Removes what dead processes of this machine have left of the same target. A folder that one of them had just put aside, with nothing in
 * its place yet, is put back first.
 */
async function mendLeftovers(output: string): Promise<void> {
  const folder = path.dirname(output);
  const prefix = `.${path.basename(output)}.${hostName()}-`;
  for (const name of await readdir(folder)) {
    const [, pid, purpose] = name.startsWith(prefix)
      ? (/^(\d+)-[0-9a-z]+\.(unfinished|old)$/.exec(name.slice(prefix.length)) ?? [])
      : [];
    if (pid === undefined || Number(pid) === process.pid || isAlive(Number(pid))) continue;
    const left = path.join(folder, name);
    if (purpose === "old" && !existsSync(output)) await rename(left, output);
    else await rm(left, { recursive: true, force: true });
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

function hostName(): string {
  return os
    .hostname()
    .replace(/[^A-Za-z0-9]/g, "_")
    .slice(0, 40);
}

async function syncTree(place: string, isFolder: boolean): Promise<void> {
  if (!isFolder) {
    await syncFile(place);
    return;
  }
  for (const entry of await readdir(place, { recursive: true, withFileTypes: true })) {
    const at = path.join(entry.parentPath, entry.name);
    await (entry.isDirectory() ? syncFolder(at) : syncFile(at));
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its renames need no such step.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems (network ones) refuse to sync a folder.
    if (!["EINVAL", "ENOTSUP", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await handle.close();
  }
}
