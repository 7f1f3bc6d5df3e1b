import { writeFile } from "node:fs/promises";
import { DatapyError, isDatapyError, sql, table } from "@datapy/mod-kit";
import type { Column, ColumnLineage, Envelope } from "@datapy/mod-kit";
import {
  UploadJournal,
  Uploader,
  abortOldUploads,
  forEachAtOnce,
  locationUri,
  openStorage,
  showLocation,
  storageFault,
} from "@datapy/object-storage";
import type { ObjectAttributes, ObjectStorage, StagedUpload, UploadedObject } from "@datapy/object-storage";
import { contentTypeOf } from "./content-type.js";
import { decide } from "./decide.js";
import type { Decision } from "./decide.js";
import type { UploaderParams } from "./parameters.js";
import { planUpload, uploadTarget } from "./plan-upload.js";
import type { PlannedFile, UploadPlan } from "./plan-upload.js";
import type { UploadContext } from "./upload-context.js";

/** Files that are looked at, and begun, at once. */
const FILES_AT_ONCE = 8;
/** More objects than this are one dataset of the ledger: their prefix. */
const MOST_DATASETS = 100;

/** Whether the bucket can be reached and the files are there. */
export async function checkUpload(params: UploaderParams, ctx: UploadContext): Promise<void> {
  await planUpload(params, { runId: ctx.runId, sessionId: ctx.sessionId, now: new Date() });
  const storage = await openStorage({ values: params, signal: ctx.signal });
  try {
    await storage.requireBucket(uploadTarget(params).bucket);
  } finally {
    storage.close();
  }
}

/**
 * Looks at everything first, then sends what is new, then makes it visible. Until the last step nothing can be seen of the run; a failure
 * before it leaves the store as it was.
 */
export async function runUpload(params: UploaderParams, ctx: UploadContext): Promise<Envelope> {
  requireAttributes(params);
  const plan = await planUpload(params, { runId: ctx.runId, sessionId: ctx.sessionId, now: new Date() });
  if (plan.files.length === 0) return nothing(params, ctx);
  const storage = await openStorage({
    values: params,
    signal: ctx.signal,
    sockets: params.concurrency + FILES_AT_ONCE,
  });
  try {
    return await new Run(params, ctx, plan, storage).go();
  } finally {
    storage.close();
  }
}

function nothing(params: UploaderParams, ctx: UploadContext): Envelope {
  const reason = `no file matches ${[params.input_path ?? []].flat().join(", ")}`;
  if (params.on_empty === "fail") throw storageFault("S3_EMPTY", { reason });
  if (params.on_empty === "warn") ctx.result.addWarning(reason);
  for (const name of ["files_read", "files_written", "files_skipped", "bytes_written"]) ctx.result.addMetric(name, 0);
  return ctx.result.success();
}

/** Throws `S3_INPUT_INVALID` for attributes that no store takes. */
function requireAttributes(params: UploaderParams): void {
  const faults: string[] = [];
  if (params.kms_key_id !== undefined && params.server_side_encryption?.startsWith("aws:kms") !== true)
    faults.push("`kms_key_id` needs `server_side_encryption: aws:kms`");
  if (Object.keys(params.tags ?? {}).length > 10) faults.push("an object has ten `tags` at most");
  for (const [name, value] of Object.entries(params.metadata ?? {})) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      faults.push(`${JSON.stringify(name)} cannot be a name in \`metadata\``);
    // They travel as headers.
    if (!/^[\x20-\x7e]*$/.test(value)) faults.push(`the value of ${name} in \`metadata\` holds what is no ASCII text`);
  }
  if (faults.length > 0) throw storageFault("S3_INPUT_INVALID", { reason: faults.join("; ") });
}

/** What became of a file. */
interface Outcome {
  readonly planned: PlannedFile;
  readonly decision: Decision;
  written?: UploadedObject;
}

class Run {
  readonly #params: UploaderParams;
  readonly #ctx: UploadContext;
  readonly #plan: UploadPlan;
  readonly #storage: ObjectStorage;
  #sent = 0;

  constructor(params: UploaderParams, ctx: UploadContext, plan: UploadPlan, storage: ObjectStorage) {
    this.#params = params;
    this.#ctx = ctx;
    this.#plan = plan;
    this.#storage = storage;
  }

  async go(): Promise<Envelope> {
    const params = this.#params;
    const { files, bucket } = this.#plan;
    const store = params.endpoint_url ?? "Amazon S3";
    const silence = params.abandoned_after === 0 ? Infinity : params.abandoned_after;
    const journal = new UploadJournal(await this.#ctx.state.journalFolder(), store, silence);

    const outcomes: Outcome[] = files.map((planned) => ({
      planned,
      decision: { upload: true, reason: "", there: undefined },
    }));
    await forEachAtOnce(outcomes, FILES_AT_ONCE, async (outcome, index) => {
      const decision = await decide(this.#storage, params, outcome.planned, this.#attributes(outcome.planned));
      outcomes[index] = { planned: outcome.planned, decision };
    });
    const uploads = outcomes.filter((one) => one.decision.upload);
    const total = uploads.reduce((sum, one) => sum + one.planned.file.size, 0);
    for (const { planned, decision } of outcomes) {
      const what = `${planned.file.path} → ${showLocation(planned.location)}`;
      if (decision.upload) this.#ctx.log.debug(`${what}: ${decision.reason}`);
      else this.#ctx.log.info(`${what}: not uploaded, ${decision.reason}`);
    }

    const uploaders = new Map<string, Uploader>();
    const uploaderOf = (planned: PlannedFile): Uploader => {
      const attributes = this.#attributes(planned);
      const name = JSON.stringify(attributes);
      const uploader = uploaders.get(name) ?? this.#uploader(journal, attributes, total, [...uploaders.values()][0]);
      uploaders.set(name, uploader);
      return uploader;
    };
    const first = uploaderOf(files[0] as PlannedFile);
    const wanted = new Set(uploads.map((one) => one.planned.location.key));
    let cleared = await first.clearLeft(({ key }) => wanted.has(key), bucket);

    const staged: { readonly outcome: Outcome; readonly upload: StagedUpload }[] = [];
    let written = 0;
    try {
      await forEachAtOnce(uploads, FILES_AT_ONCE, async (outcome) => {
        const { file, location } = outcome.planned;
        if (params.abandoned_after > 0 && file.size > params.part_size)
          cleared += await abortOldUploads(first.settings, location, params.abandoned_after);
        staged.push({ outcome, upload: await uploaderOf(outcome.planned).stage(file, location) });
      });
      this.#ctx.signal.throwIfAborted();
      await forEachAtOnce(staged, FILES_AT_ONCE, async ({ outcome, upload }) => {
        outcome.written = await upload.publish();
        written += 1;
      });
    } catch (error) {
      await Promise.all(staged.filter((one) => one.outcome.written === undefined).map((one) => one.upload.discard()));
      throw written === 0 ? error : partly(error, written, uploads.length);
    }
    if (this.#plan.marker !== undefined) await this.#storage.put(this.#plan.marker, Buffer.alloc(0), {});
    return this.#report(outcomes, cleared);
  }

  #uploader(
    journal: UploadJournal,
    attributes: ObjectAttributes,
    total: number,
    shared: Uploader | undefined,
  ): Uploader {
    const params = this.#params;
    return new Uploader(
      {
        storage: this.#storage,
        log: this.#ctx.log,
        attributes,
        partSize: params.part_size,
        concurrency: params.concurrency,
        checksum: params.checksum,
        readBack: params.verify === "read_back",
        onUnencrypted: params.on_unencrypted,
        ifNoneMatch: params.overwrite === "never" || params.overwrite === "skip",
        resume: params.resume,
        journal,
        onBytes: (bytes) => {
          this.#sent += bytes;
          this.#ctx.progress(this.#sent, total, "bytes");
        },
      },
      shared?.settings.turns,
    );
  }

  #attributes({ file }: PlannedFile): ObjectAttributes {
    const params = this.#params;
    return {
      contentType: params.content_type ?? contentTypeOf(file.path),
      ...(params.content_encoding === undefined ? {} : { contentEncoding: params.content_encoding }),
      ...(params.cache_control === undefined ? {} : { cacheControl: params.cache_control }),
      ...(params.metadata === undefined ? {} : { metadata: params.metadata }),
      ...(params.tags === undefined ? {} : { tags: params.tags }),
      ...(params.storage_class === undefined ? {} : { storageClass: params.storage_class }),
      ...(params.server_side_encryption === undefined ? {} : { encryption: params.server_side_encryption }),
      ...(params.kms_key_id === undefined ? {} : { kmsKeyId: params.kms_key_id }),
    };
  }

  async #report(outcomes: readonly Outcome[], cleared: number): Promise<Envelope> {
    const { result } = this.#ctx;
    const done = outcomes.flatMap((one) => one.written ?? []);
    const sum = (value: (one: UploadedObject) => number): number => done.reduce((total, one) => total + value(one), 0);
    const rows = await this.#datasets(outcomes);
    result.addMetric("files_read", outcomes.length);
    result.addMetric("files_written", done.length);
    result.addMetric("files_skipped", outcomes.length - done.length);
    result.addMetric(
      "bytes_read",
      outcomes.reduce((total, one) => total + one.planned.file.size, 0),
    );
    result.addMetric(
      "bytes_written",
      sum((one) => one.bytes),
    );
    result.addMetric(
      "parts_written",
      sum((one) => one.parts - one.partsResumed),
    );
    result.addMetric(
      "parts_resumed",
      sum((one) => one.partsResumed),
    );
    result.addMetric("uploads_cleared", cleared);
    const unencrypted = done.filter((one) => one.unencrypted !== undefined);
    const [example] = unencrypted;
    if (example !== undefined)
      result.addWarning(
        `the store did not encrypt ${String(unencrypted.length)} of ${String(done.length)} objects as asked, for example ${showLocation(example)}: ${example.unencrypted ?? ""}`,
      );
    if (rows !== undefined) result.addMetric("rows_output", rows);
    const manifest = await this.#ctx.artifacts.createFile("manifest", ".json");
    await writeFile(manifest.path, `${JSON.stringify(outcomes.map(manifestLine), undefined, 2)}\n`);
    await manifest.commit();
    const [only] = outcomes;
    const target =
      outcomes.length === 1 && only !== undefined
        ? only.planned.location
        : { bucket: this.#plan.bucket, key: this.#plan.prefix };
    result.addArtifact("output_uri", showLocation(target));
    const skipped = outcomes.length - done.length;
    this.#ctx.log.info(`${String(done.length)} objects written, ${String(skipped)} were there already`);
    return result.success();
  }

  /** Notes where the data went. Gives the rows of the tables among it. */
  async #datasets(outcomes: readonly Outcome[]): Promise<number | undefined> {
    const { result, data } = this.#ctx;
    let rows: number | undefined;
    for (const { planned, written } of outcomes) {
      const { file, location, artifact } = planned;
      const isTable = artifact && file.path.endsWith(".parquet");
      let about: { columns?: Column[]; rows?: number } = {};
      if (isTable) {
        const source = sql`${table(file.path)}`;
        const [counted] = await data.query(sql`select count(*) as n from ${source}`);
        about = { columns: await data.describe(sql`select * from ${source}`), rows: Number(counted?.["n"]) };
        rows = (rows ?? 0) + Number(counted?.["n"]);
      }
      if (outcomes.length > MOST_DATASETS || written === undefined) continue;
      const lineage: ColumnLineage | undefined =
        about.columns &&
        Object.fromEntries(about.columns.map((column) => [column.name, [{ uri: file.path, column: column.name }]]));
      result.addDataset({
        role: "output",
        uri: locationUri(location),
        bytes: file.size,
        ...about,
        ...(lineage === undefined ? {} : { lineage }),
      });
    }
    if (outcomes.length > MOST_DATASETS)
      result.addDataset({ role: "output", uri: locationUri({ bucket: this.#plan.bucket, key: this.#plan.prefix }) });
    return rows;
  }
}

function manifestLine({ planned, decision, written }: Outcome): Record<string, unknown> {
  const { file, location } = planned;
  return {
    source: file.path,
    uri: showLocation(location),
    bucket: location.bucket,
    key: location.key,
    bytes: file.size,
    status: written === undefined ? "skipped" : "written",
    reason: decision.reason,
    etag: written?.etag ?? decision.there?.etag,
    ...(written === undefined
      ? {}
      : {
          crc32: written.crc32,
          parts: written.parts,
          parts_resumed: written.partsResumed,
          verified_by: written.verifiedBy,
          ...(written.unencrypted === undefined ? {} : { unencrypted: written.unencrypted }),
        }),
  };
}

/** Says of a failure in the last step how far it had come. */
function partly(error: unknown, written: number, total: number): unknown {
  if (!isDatapyError(error)) return error;
  return new DatapyError({
    code: error.code,
    message: `${error.message} (${String(written)} of ${String(total)} objects had been written, each whole; running again writes the others)`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    exitCode: error.exitCode,
    retryable: error.retryable,
    cause: error.cause,
  });
}
