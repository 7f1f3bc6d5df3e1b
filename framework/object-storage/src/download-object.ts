import { createHash } from "node:crypto";
import { copyFile, link, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDatapyError } from "@datapy/mod-kit";
import type { ModLogger } from "@datapy/mod-kit";
import { compareFile } from "./compare-file.js";
import { crc32 } from "./crc32.js";
import type { DownloadFolder } from "./download-folder.js";
import type { ObjectInfo } from "./object-info.js";
import type { ObjectStorage } from "./object-storage.js";
import { storageFault } from "./object-storage-errors.js";
import { forEachAtOnce } from "./semaphore.js";
import type { Semaphore } from "./semaphore.js";
import { showLocation } from "./storage-uri.js";

/** What all downloads of a run have in common. */
export interface DownloadSettings {
  readonly storage: ObjectStorage;
  readonly log: ModLogger;
  /** Bytes of a range. */
  readonly partSize: number;
  /** Ranges under way at once, over all objects. */
  readonly concurrency: number;
  readonly turns: Semaphore;
  readonly maxRetries: number;
  /** `auto`: compare where the store keeps a checksum. `require`: fail where it keeps none. */
  readonly verify: "auto" | "require" | "off";
  readonly onBytes: (bytes: number) => void;
}

/** A file that was downloaded. */
export interface DownloadedFile {
  readonly path: string;
  readonly bytes: number;
  /** Bytes that an earlier run had fetched. */
  readonly bytesResumed: number;
  /** What it was compared by; `size` where the store keeps no checksum. */
  readonly verifiedBy: string;
}

/** How far a file has grown. */
interface Progress {
  readonly what: string;
  readonly etag: string;
  readonly size: number;
  readonly partSize: number;
  /** CRC-32 of the ranges that are there, by number. */
  readonly done: Record<string, number>;
}

/** Content that was damaged on its way is fetched once more. */
const TRIES = 2;

/** A file that is whole and has only to get its name. */
export interface StagedDownload {
  /** Where it stands until then. */
  readonly growing: string;
  readonly bytesResumed: number;
  readonly verifiedBy: string;
  /** Gives it its name, in one step. Without `replace` a file that is there by then is left as it is: `S3_EXISTS`. */
  place(target: string, replace: boolean): Promise<DownloadedFile>;
}

/**
 * Fetches an object in ranges, several at once, into `folder`, and compares it with the store's checksum. A range that is cut off goes on
 * where it was cut; what an earlier run has fetched of the very object is taken over.
 * @throws DatapyError `S3_CHECKSUM`, `S3_OBJECT_CHANGED`, `S3_DISK_FULL`
 */
export async function stageDownload(
  settings: DownloadSettings,
  info: ObjectInfo,
  folder: DownloadFolder,
): Promise<StagedDownload> {
  const what = showLocation(info);
  const name = createHash("sha256").update(`${info.bucket}\0${info.key}`).digest("hex").slice(0, 32);
  const growing = await folder.place(name);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const bytesResumed = await fetchRanges(settings, info, growing);
      const { by: verifiedBy, damaged } = await verify(settings, info, growing);
      if (damaged === undefined) {
        return {
          growing,
          bytesResumed,
          verifiedBy,
          place: async (target, replace) => {
            try {
              await place(growing, target, info, replace);
              await rm(`${growing}.json`, { force: true });
            } catch (error) {
              throw fileFault(error, target);
            }
            return { path: target, bytes: info.size, bytesResumed, verifiedBy };
          },
        };
      }
      await remove(growing);
      const error = storageFault(
        "S3_CHECKSUM",
        { what, reason: damaged },
        { hint: "Nothing damaged was kept. If it happens again, the object itself may be damaged." },
      );
      if (attempt >= TRIES) throw error;
      settings.log.warn(`${error.message} (fetching it again)`, { code: error.code });
    }
  } catch (error) {
    const mapped = fileFault(error, growing);
    if (isDatapyError(mapped) && !mapped.retryable && mapped.exitCode < 40) await remove(growing);
    throw mapped;
  }
}

async function verify(
  settings: DownloadSettings,
  info: ObjectInfo,
  file: string,
): Promise<{ readonly by: string; readonly damaged?: string }> {
  if (settings.verify === "off") return { by: "size" };
  const { outcome, by } = await compareFile(settings.storage, info, file, { partSize: settings.partSize, weak: true });
  if (outcome === "different") return { by, damaged: `what was read is not what the store says, by ${by}` };
  if (outcome === "unknown" && settings.verify === "require")
    throw storageFault(
      "S3_CHECKSUM",
      { what: showLocation(info), reason: "the store keeps no checksum that it could be compared by" },
      { retryable: false, hint: "Upload it with a checksum, or set `verify: auto`." },
    );
  return { by };
}

async function fetchRanges(settings: DownloadSettings, info: ObjectInfo, file: string): Promise<number> {
  const { storage, partSize, turns, concurrency } = settings;
  const count = Math.ceil(info.size / partSize);
  const resumed = await readProgress(settings, info, file);
  const progress: Progress = resumed ?? {
    what: showLocation(info),
    etag: info.etag,
    size: info.size,
    partSize,
    done: {},
  };
  const handle = await open(file, resumed === undefined ? "w" : "r+");
  let bytesResumed = 0;
  let writing: Promise<void> = Promise.resolve();
  const stop = new AbortController();
  try {
    const missing: number[] = [];
    for (let number = 0; number < count; number += 1) {
      const length = Math.min(partSize, info.size - number * partSize);
      if (progress.done[String(number)] === undefined) missing.push(number);
      else bytesResumed += length;
    }
    settings.onBytes(bytesResumed);
    await forEachAtOnce(
      missing,
      concurrency,
      (number) =>
        turns.run(async () => {
          const start = number * partSize;
          const length = Math.min(partSize, info.size - start);
          const value = await fetchRange(
            settings,
            info,
            handle,
            { start, length },
            AbortSignal.any([storage.signal, stop.signal]),
          );
          progress.done[String(number)] = value;
          writing = writing.then(() => writeFile(`${file}.json`, JSON.stringify(progress)));
          await writing;
          settings.onBytes(length);
        }),
      () => stop.abort(),
    );
    await handle.truncate(info.size);
    await handle.sync();
  } finally {
    await writing.catch(() => undefined);
    await handle.close();
  }
  return bytesResumed;
}

/** Fetches a range into its place; gives its CRC-32. A body that ends too early is gone on with from there. */
async function fetchRange(
  { storage, log, maxRetries }: DownloadSettings,
  info: ObjectInfo,
  handle: FileHandle,
  { start, length }: { readonly start: number; readonly length: number },
  signal: AbortSignal,
): Promise<number> {
  const what = showLocation(info);
  let received = 0;
  let value = 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      signal.throwIfAborted();
      const whole = start + received === 0 && length === info.size;
      const { body, partial } = await storage.get(info, {
        etag: info.etag,
        ...(whole ? {} : { range: [start + received, start + length - 1] as const }),
      });
      const cancel = (): void => void body.destroy(new Error("stopped"));
      signal.addEventListener("abort", cancel, { once: true });
      try {
        if (!whole && !partial)
          throw storageFault(
            "S3_UNSUPPORTED",
            { doing: `reading ${what}`, reason: "it gives whole objects only, no ranges" },
            { hint: "Set `part_size` to more than the size of the largest object." },
          );
        for await (const chunk of body) {
          const bytes = chunk as Buffer;
          if (received + bytes.byteLength > length) throw storageFault("S3_OBJECT_CHANGED", { what });
          await writeAll(handle, bytes, start + received);
          value = crc32(bytes, value);
          received += bytes.byteLength;
        }
      } finally {
        signal.removeEventListener("abort", cancel);
        body.destroy();
      }
      if (received < length)
        throw storageFault("S3_CONNECT", {
          doing: `reading ${what}`,
          store: storage.name,
          reason: `the answer ended after ${String(received)} of ${String(length)} bytes`,
        });
      return value;
    } catch (error) {
      signal.throwIfAborted();
      const fault = isNetwork(error)
        ? storageFault(
            "S3_CONNECT",
            { doing: `reading ${what}`, store: storage.name, reason: (error as Error).message },
            { cause: error },
          )
        : error;
      if (!isDatapyError(fault) || !fault.retryable || fault.code === "S3_OBJECT_CHANGED" || attempt >= maxRetries)
        throw fault;
      const wait = Math.min(10_000, 100 * 2 ** attempt) * (1 + Math.random() / 4);
      log.warn(`${fault.message} (going on from there, ${String(attempt + 1)} of ${String(maxRetries)})`, {
        code: fault.code,
      });
      await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Errors of a body under way, which are Node's own. */
function isNetwork(error: unknown): boolean {
  if (isDatapyError(error)) return false;
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  if (code !== undefined) return /^(?:ECONN|EPIPE|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP|HPE_)/.test(code);
  return /aborted|reset|closed|hang up|timed? ?out|premature/i.test(message ?? "");
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.byteLength;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.byteLength - written, position + written);
    written += bytesWritten;
  }
}

/** What an earlier run has fetched of the very object: ranges whose bytes are still what they were. */
async function readProgress(settings: DownloadSettings, info: ObjectInfo, file: string): Promise<Progress | undefined> {
  let progress: Progress;
  try {
    progress = JSON.parse(await readFile(`${file}.json`, "utf8")) as Progress;
  } catch {
    return undefined;
  }
  const { partSize } = settings;
  if (
    progress.what !== showLocation(info) ||
    progress.etag !== info.etag ||
    info.etag === "" ||
    progress.size !== info.size ||
    progress.partSize !== partSize
  )
    return undefined;
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const buffer = Buffer.allocUnsafe(partSize);
    const done: Record<string, number> = {};
    for (const [number, value] of Object.entries(progress.done)) {
      settings.storage.signal.throwIfAborted();
      const start = Number(number) * partSize;
      const length = Math.min(partSize, info.size - start);
      const { bytesRead } = await handle.read(buffer, 0, length, start);
      if (bytesRead === length && crc32(buffer.subarray(0, length)) === value) done[number] = value;
    }
    settings.log.info(
      `going on with a download that was interrupted: ${progress.what} has ${String(Object.keys(done).length)} of ${String(Math.ceil(info.size / partSize))} parts`,
    );
    return { ...progress, done };
  } finally {
    await handle.close();
  }
}

async function place(growing: string, target: string, info: ObjectInfo, replace: boolean): Promise<void> {
  const handle = await open(growing, "r+");
  try {
    await handle.utimes(info.modified, info.modified);
  } finally {
    await handle.close();
  }
  try {
    if (replace) await rename(growing, target);
    else {
      // A rename would replace a file that came meanwhile.
      await link(growing, target);
      await rm(growing);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && !replace)
      throw storageFault("S3_EXISTS", { what: target, policy: "never" }, { cause: error });
    if (code === "EXDEV" || (!replace && (code === "EPERM" || code === "ENOTSUP"))) {
      // A folder below is another disk, or one without links.
      const beside = `${target}.unfinished`;
      await copyFile(growing, beside);
      await rename(beside, target);
      await rm(growing);
    } else throw error;
  }
  // The rename itself is to outlive a loss of power.
  const folder = await open(path.dirname(target), "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function remove(growing: string): Promise<void> {
  await rm(growing, { force: true });
  await rm(`${growing}.json`, { force: true });
}

/** Says in a stable code what the file system said. */
export function fileFault(error: unknown, file: string): unknown {
  if (isDatapyError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG")
    return storageFault("S3_DISK_FULL", { file, reason: message }, { cause: error });
  if (typeof code === "string" && /^E[A-Z]+$/.test(code) && (error as NodeJS.ErrnoException).syscall !== undefined)
    return storageFault("S3_FILE", { file, reason: message }, { cause: error });
  return error;
}
