import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { isDatapyError } from "@datapy/mod-kit";
import type { Envelope } from "@datapy/mod-kit";
import {
  DownloadFolder,
  Semaphore,
  fileFault,
  forEachAtOnce,
  locationUri,
  openStorage,
  showLocation,
  stageDownload,
  storageFault,
} from "@datapy/object-storage";
import type { DownloadSettings, ListedObject, ObjectInfo, ObjectStorage, StagedDownload } from "@datapy/object-storage";
import type { DownloadContext } from "./download-context.js";
import { onlyNew } from "./incremental.js";
import type { DownloaderParams } from "./parameters.js";
import { decideFile, endingOf, planFiles } from "./plan-files.js";
import type { FileDecision } from "./plan-files.js";
import { readTable, tableFormat } from "./read-table.js";
import { findObjects, selectionOf } from "./select-objects.js";

const OBJECTS_AT_ONCE = 8;
/** More objects than this are one dataset of the ledger: their prefix. */
const MOST_DATASETS = 100;

/** Whether the bucket can be reached. */
export async function checkDownload(params: DownloaderParams, ctx: DownloadContext): Promise<void> {
  const { bucket } = selectionOf(params);
  const storage = await openStorage({ values: params, signal: ctx.signal });
  try {
    await storage.requireBucket(bucket);
  } finally {
    storage.close();
  }
}

/** Looks for the objects, fetches all of them, compares them, and only then gives the files their names. */
export async function runDownload(params: DownloaderParams, ctx: DownloadContext): Promise<Envelope> {
  const selection = selectionOf(params);
  const storage = await openStorage({
    values: params,
    signal: ctx.signal,
    sockets: params.concurrency + OBJECTS_AT_ONCE,
  });
  try {
    const { found, seen } = await findObjects(storage, selection, params);
    const fresh = params.incremental ? await onlyNew(ctx.state, params, selection, found) : undefined;
    const objects = fresh?.objects ?? found;
    if (objects.length === 0) {
      fresh?.keep();
      return nothing(
        params,
        ctx,
        found.length > 0
          ? `all ${String(found.length)} objects were read before`
          : `no object matches among ${String(seen)} at ${showLocation({ bucket: selection.bucket, key: selection.prefix })}`,
      );
    }
    const download = new Download(params, ctx, storage, objects);
    const files =
      params.output === "table"
        ? await download.toTable(selection.bucket)
        : params.output_path === undefined
          ? await download.toArtifact(selection.bucket)
          : await download.toFolder(selection, params.output_path);
    const done = await download.report(files, selection.bucket, selection.prefix);
    fresh?.keep();
    return done;
  } finally {
    storage.close();
  }
}

function nothing(params: DownloaderParams, ctx: DownloadContext, reason: string): Envelope {
  if (params.on_empty === "fail") throw storageFault("S3_EMPTY", { reason });
  if (params.on_empty === "warn") ctx.result.addWarning(reason);
  else ctx.log.info(reason);
  for (const name of ["files_read", "files_written", "files_skipped", "bytes_read"]) ctx.result.addMetric(name, 0);
  return ctx.result.success();
}

/** What became of an object. */
interface Fetched {
  readonly info: ObjectInfo;
  readonly file: string | undefined;
  readonly status: "written" | "skipped";
  readonly reason: string;
  readonly bytesResumed: number;
  readonly verifiedBy: string | undefined;
}

class Download {
  readonly #params: DownloaderParams;
  readonly #ctx: DownloadContext;
  readonly #storage: ObjectStorage;
  readonly #objects: readonly ListedObject[];
  readonly #settings: DownloadSettings;
  #done = 0;

  constructor(
    params: DownloaderParams,
    ctx: DownloadContext,
    storage: ObjectStorage,
    objects: readonly ListedObject[],
  ) {
    this.#params = params;
    this.#ctx = ctx;
    this.#storage = storage;
    this.#objects = objects;
    const total = objects.reduce((sum, one) => sum + one.size, 0);
    this.#settings = {
      storage,
      log: ctx.log,
      partSize: params.part_size,
      concurrency: params.concurrency,
      turns: new Semaphore(params.concurrency),
      maxRetries: params.max_retries,
      verify: params.verify,
      onBytes: (bytes) => {
        this.#done += bytes;
        ctx.progress(this.#done, total, "bytes");
      },
    };
  }

  async toFolder(selection: ReturnType<typeof selectionOf>, root: string): Promise<Fetched[]> {
    const planned = planFiles(selection, this.#params, this.#objects);
    try {
      await mkdir(root, { recursive: true });
    } catch (error) {
      throw fileFault(error, root);
    }
    const decisions: FileDecision[] = [];
    await forEachAtOnce(planned, OBJECTS_AT_ONCE, async ({ object, steps }, index) => {
      const info = await this.#describe(selection.bucket, object);
      decisions[index] = await decideFile(this.#storage, this.#params, info, root, steps);
    });
    for (const { info, target, fetch, reason } of decisions)
      if (!fetch) this.#ctx.log.info(`${showLocation(info)} → ${target}: not fetched, ${reason}`);
    const wanted = decisions.filter((one) => one.fetch);
    const folder = await this.#open(root);
    let keep = false;
    try {
      const staged = await this.#stage(
        wanted.map((one) => one.info),
        folder,
      );
      const replace = this.#params.overwrite === "always" || this.#params.overwrite === "changed";
      for (const [index, one] of wanted.entries()) await staged[index]?.place(one.target, replace);
      return decisions.map(({ info, target, fetch, reason }): Fetched => {
        const { bytesResumed, verifiedBy } = (fetch
          ? staged[wanted.findIndex((one) => one.target === target)]
          : undefined) ?? { bytesResumed: 0, verifiedBy: undefined };
        return { info, file: target, status: fetch ? "written" : "skipped", reason, bytesResumed, verifiedBy };
      });
    } catch (error) {
      keep = this.#params.resume && isDatapyError(error) && (error.retryable || error.exitCode >= 40);
      throw error;
    } finally {
      await folder.close(keep);
    }
  }

  async toArtifact(bucket: string): Promise<Fetched[]> {
    const [object, ...others] = this.#objects;
    if (object === undefined || others.length > 0)
      throw storageFault("S3_INPUT_INVALID", {
        reason: `\`output_path\` has to say where the ${String(this.#objects.length)} files go`,
      });
    const info = await this.#describe(bucket, object);
    const pending = await this.#ctx.artifacts.createFile("output_file", endingOf(object.key));
    const folder = await DownloadFolder.open(path.dirname(this.#ctx.data.temporaryPath("objects")), false);
    try {
      const [staged] = await this.#stage([info], folder);
      await staged?.place(pending.path, true);
      const { uri } = await pending.commit();
      return [
        {
          info,
          file: uri,
          status: "written",
          reason: "it is an artifact",
          bytesResumed: 0,
          verifiedBy: staged?.verifiedBy,
        },
      ];
    } finally {
      await folder.close(false);
    }
  }

  async toTable(bucket: string): Promise<Fetched[]> {
    for (const one of this.#objects) tableFormat(one.key);
    const infos: ObjectInfo[] = [];
    await forEachAtOnce(this.#objects, OBJECTS_AT_ONCE, async (object, index) => {
      infos[index] = await this.#describe(bucket, object);
    });
    const folder = await DownloadFolder.open(path.dirname(this.#ctx.data.temporaryPath("objects")), false);
    try {
      const staged = await this.#stage(infos, folder);
      const files: string[] = [];
      for (const [index, one] of staged.entries()) {
        // DuckDB tells a compressed file by its ending.
        const file = path.join(
          folder.path,
          `${String(index).padStart(6, "0")}${endingOf(infos[index]?.key ?? "").toLowerCase()}`,
        );
        await one.place(file, true);
        files.push(file);
      }
      const table = await readTable(
        this.#ctx,
        infos.map((info, index) => ({ info, file: files[index] ?? "" })),
        this.#params.union_by_name,
      );
      this.#ctx.result.addMetric("rows_output", table.rows);
      return infos.map((info, index) => ({
        info,
        file: undefined,
        status: "written",
        reason: "it is in the table",
        bytesResumed: 0,
        verifiedBy: staged[index]?.verifiedBy,
      }));
    } finally {
      await folder.close(false);
    }
  }

  /** The object as it is now, with its checksums, which listings do not tell. */
  async #describe(bucket: string, object: ListedObject): Promise<ObjectInfo> {
    const location = { bucket, key: object.key };
    const info = await this.#storage.head(location);
    if (info === undefined) throw storageFault("S3_OBJECT_MISSING", { what: showLocation(location) });
    // An incremental run keeps what the listing said; another object by now belongs to the next run, and is not read as the one before.
    if (info.etag !== object.etag && object.etag !== "")
      throw storageFault("S3_OBJECT_CHANGED", { what: showLocation(location) });
    return info;
  }

  async #open(root: string): Promise<DownloadFolder> {
    try {
      return await DownloadFolder.open(root, this.#params.resume);
    } catch (error) {
      throw fileFault(error, root);
    }
  }

  async #stage(infos: readonly ObjectInfo[], folder: DownloadFolder): Promise<StagedDownload[]> {
    const staged: StagedDownload[] = [];
    await forEachAtOnce(infos, OBJECTS_AT_ONCE, async (info, index) => {
      staged[index] = await stageDownload(this.#settings, info, folder);
    });
    this.#ctx.signal.throwIfAborted();
    return staged;
  }

  async report(fetched: readonly Fetched[], bucket: string, prefix: string): Promise<Envelope> {
    const { result } = this.#ctx;
    const written = fetched.filter((one) => one.status === "written");
    const bytes = written.reduce((sum, one) => sum + one.info.size, 0);
    result.addMetric("files_read", written.length);
    result.addMetric("files_written", this.#params.output === "table" ? 0 : written.length);
    result.addMetric("files_skipped", fetched.length - written.length);
    result.addMetric("bytes_read", bytes);
    if (this.#params.output === "files") result.addMetric("bytes_written", bytes);
    result.addMetric(
      "bytes_resumed",
      written.reduce((sum, one) => sum + one.bytesResumed, 0),
    );
    result.addMetric(
      "files_unverified",
      written.filter((one) => one.verifiedBy === "size" && one.info.size > 0).length,
    );
    if (fetched.length > MOST_DATASETS)
      result.addDataset({ role: "input", uri: locationUri({ bucket, key: prefix }), bytes });
    else
      for (const one of written) result.addDataset({ role: "input", uri: locationUri(one.info), bytes: one.info.size });
    for (const one of written.slice(0, MOST_DATASETS))
      if (this.#params.output_path !== undefined && one.file !== undefined)
        result.addDataset({ role: "output", uri: one.file, bytes: one.info.size });
    const manifest = await this.#ctx.artifacts.createFile("manifest", ".json");
    await writeFile(manifest.path, `${JSON.stringify(fetched.map(manifestLine), undefined, 2)}\n`);
    await manifest.commit();
    this.#ctx.log.info(
      `${String(written.length)} objects fetched, ${String(fetched.length - written.length)} were there already`,
    );
    return result.success();
  }
}

function manifestLine({ info, file, status, reason, verifiedBy }: Fetched): Record<string, unknown> {
  return {
    uri: showLocation(info),
    bucket: info.bucket,
    key: info.key,
    ...(file === undefined ? {} : { file }),
    bytes: info.size,
    etag: info.etag,
    modified: info.modified.toISOString(),
    status,
    reason,
    ...(verifiedBy === undefined ? {} : { verified_by: verifiedBy }),
  };
}
