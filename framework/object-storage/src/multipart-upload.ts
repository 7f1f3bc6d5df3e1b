import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { isDatapyError } from "@datapy/mod-kit";
import { CHECKSUM_TRIES, checkBody, isSamePart, verifyAnswer } from "./body-checksum.js";
import type { CheckedBody } from "./body-checksum.js";
import { combineCrc32, crc32Text } from "./crc32.js";
import { isPreconditionFailed, nameOf } from "./map-error.js";
import type { StoredAnswer, StoredPart } from "./object-info.js";
import type { SentChecksum } from "./object-storage.js";
import { storageFault } from "./object-storage-errors.js";
import { partRange } from "./part-layout.js";
import type { PartLayout } from "./part-layout.js";
import { openSource, readPart, requireUnchanged } from "./read-part.js";
import { forEachAtOnce } from "./semaphore.js";
import type { StorageLocation } from "./storage-uri.js";
import { showLocation } from "./storage-uri.js";
import type { JournalRecord } from "./upload-journal.js";
import { abortUpload, clearLeftUploads } from "./upload-leftovers.js";
import type { SourceFile, StagedUpload, UploadedObject } from "./upload-types.js";
import type { Uploader } from "./uploader.js";
import { completedByLostAnswer, verifyObject } from "./verify-object.js";

/** A part that the store has. */
interface SentPart {
  readonly number: number;
  readonly etag: string;
  readonly crc32: number;
  readonly length: number;
  readonly checksum: SentChecksum | undefined;
  /** `undefined` when the store said nothing to compare by. */
  readonly verifiedBy: string | undefined;
}

/** An upload in parts under way. */
interface Upload {
  readonly uploader: Uploader;
  readonly source: SourceFile;
  readonly location: StorageLocation;
  readonly layout: PartLayout;
  readonly uploadId: string;
  readonly record: JournalRecord;
  readonly algorithm: SentChecksum["algorithm"] | undefined;
  /** Parts that a killed run has left, by number. */
  readonly found: ReadonlyMap<number, StoredPart>;
}

/**
 * Sends a file in parts, several at once, and leaves it to `publish` to make it one object. What a killed run has sent of the same file is
 * compared with the file, part by part, and kept where it is the same. Whatever goes wrong, the upload is aborted.
 */
export async function stageMultipart(
  uploader: Uploader,
  source: SourceFile,
  location: StorageLocation,
  layout: PartLayout,
): Promise<StagedUpload> {
  for (let attempt = 1; ; attempt += 1) {
    const upload = await beginUpload(uploader, source, location, layout);
    try {
      return await sendParts(upload);
    } catch (error) {
      await abortUpload(uploader.settings, upload.record);
      // Someone else has aborted it: a person, a rule of the bucket, a run on another machine that took it for left behind.
      const lost = isDatapyError(error) && nameOf(error.cause) === "NoSuchUpload";
      if (!lost || attempt > 1) throw error;
      uploader.settings.log.warn(`the upload of ${showLocation(location)} was aborted by someone else; beginning anew`);
    }
  }
}

async function beginUpload(
  uploader: Uploader,
  source: SourceFile,
  location: StorageLocation,
  layout: PartLayout,
): Promise<Upload> {
  const { settings } = uploader;
  const { storage, attributes, journal } = settings;
  const common = { uploader, source, location, layout };
  const fingerprint = (algorithm: string | undefined): string =>
    createHash("sha256")
      .update(JSON.stringify([attributes, algorithm]))
      .digest("hex");
  const from = { path: source.path, size: source.size, modified: source.modified };

  if (settings.resume) {
    for (const record of await journal.claim((one) => one.bucket === location.bucket && one.key === location.key)) {
      const { entry } = record;
      const algorithm = [uploader.algorithm, undefined].find((one) => fingerprint(one) === entry.fingerprint);
      const same =
        JSON.stringify(entry.source) === JSON.stringify(from) &&
        entry.partSize === layout.partSize &&
        fingerprint(algorithm) === entry.fingerprint;
      const parts =
        same && entry.uploadId !== undefined
          ? await storage.listParts(location, entry.uploadId).catch(ignoredUnless(settings))
          : undefined;
      if (parts === undefined || entry.uploadId === undefined) {
        await abortUpload(settings, record);
        continue;
      }
      settings.log.info(
        `going on with an upload that was interrupted: ${showLocation(location)} has ${String(parts.length)} of ${String(layout.count)} parts`,
      );
      return {
        ...common,
        uploadId: entry.uploadId,
        record,
        algorithm,
        found: new Map(parts.map((part) => [part.number, part])),
      };
    }
  } else await clearLeftUploads(settings, (one) => one.bucket === location.bucket && one.key === location.key);

  const record = await journal.begin({
    ...location,
    partSize: layout.partSize,
    source: from,
    fingerprint: fingerprint(uploader.algorithm),
  });
  try {
    let used: SentChecksum["algorithm"] | undefined;
    const uploadId = await uploader.withChecksum((algorithm) => {
      used = algorithm;
      return storage.createUpload(location, attributes, algorithm);
    });
    await record.update({ uploadId, fingerprint: fingerprint(used) });
    return { ...common, uploadId, record, algorithm: used, found: new Map() };
  } catch (error) {
    // A request whose answer was lost may have begun one all the same: the entry has its key and time.
    await abortUpload(settings, record);
    throw error;
  }
}

async function sendParts(upload: Upload): Promise<StagedUpload> {
  const { uploader, source, location, layout } = upload;
  const { settings } = uploader;
  const stop = new AbortController();
  const signal = AbortSignal.any([settings.storage.signal, stop.signal]);
  const sent: SentPart[] = [];
  let resumed = 0;
  const handle = await openSource(source);
  try {
    const numbers = Array.from({ length: layout.count }, (_, index) => index + 1);
    await forEachAtOnce(
      numbers,
      settings.concurrency,
      (number) =>
        settings.turns.run(async () => {
          const one = await sendPart(upload, handle, number, signal);
          if (one.kept) resumed += 1;
          sent.push(one.part);
          settings.onBytes(one.part.length);
        }),
      (error) => stop.abort(error),
    );
    await requireUnchanged(handle, source);
  } finally {
    await handle.close();
  }
  sent.sort((one, other) => one.number - other.number);
  return {
    ...location,
    publish: () => complete(upload, sent, resumed),
    discard: async () => void (await abortUpload(settings, upload.record)),
  };
}

async function sendPart(
  upload: Upload,
  handle: FileHandle,
  number: number,
  signal: AbortSignal,
): Promise<{ readonly part: SentPart; readonly kept: boolean }> {
  const { uploader, source, location, layout, uploadId } = upload;
  const { storage, log, readBack } = uploader.settings;
  const { start, length } = partRange(layout, number);
  signal.throwIfAborted();
  const bytes = Buffer.allocUnsafe(length);
  await readPart(handle, source, bytes, start);
  const body = checkBody(bytes, upload.algorithm);
  const found = upload.found.get(number);
  if (found !== undefined && isSamePart(body, found)) return { part: partOf(number, body, found, "md5"), kept: true };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const checksum = body.sent === undefined ? {} : { checksum: body.sent };
      const answer = await storage.uploadPart(location, { uploadId, number }, bytes, { ...checksum, signal });
      const what = `part ${String(number)} of ${showLocation(location)}`;
      return { part: partOf(number, body, answer, verifyAnswer(body, answer, what, !readBack)), kept: false };
    } catch (error) {
      if (!isDatapyError(error) || error.code !== "S3_CHECKSUM" || attempt >= CHECKSUM_TRIES) throw error;
      log.warn(`${error.message} (sending it again)`, { code: error.code, attempt });
    }
  }
}

function partOf(number: number, body: CheckedBody, answer: StoredAnswer, verifiedBy: string | undefined): SentPart {
  const stored = body.sent !== undefined && answer.checksums[body.sent.algorithm] === body.sent.value;
  return {
    number,
    etag: answer.etag,
    crc32: body.crc32,
    length: body.bytes.byteLength,
    // A store that does not give it back does not know it.
    checksum: stored ? body.sent : undefined,
    verifiedBy,
  };
}

async function complete(upload: Upload, parts: readonly SentPart[], resumed: number): Promise<UploadedObject> {
  const { uploader, source, location, uploadId, record } = upload;
  const { settings } = uploader;
  const whole = parts.reduce((sum, part) => combineCrc32(sum, part.crc32, part.length), 0);
  const known = parts.every((part) => part.checksum !== undefined);
  const verifiedBy = parts.every((part) => part.verifiedBy !== undefined) ? (parts[0]?.verifiedBy ?? "") : undefined;
  let answer: StoredAnswer;
  try {
    answer = await settings.storage.completeUpload(location, {
      uploadId,
      size: source.size,
      parts: parts.map(({ number, etag, checksum }) => ({
        number,
        etag,
        ...(checksum === undefined || !known ? {} : { checksum }),
      })),
      ...(known && upload.algorithm === "crc32" ? { crc32: crc32Text(whole) } : {}),
      ifNoneMatch: settings.ifNoneMatch,
    });
  } catch (error) {
    const there = await completedByLostAnswer(
      settings,
      error,
      upload,
      parts.map((part) => part.etag),
    );
    if (there === undefined) {
      await abortUpload(settings, record);
      if (isPreconditionFailed(error))
        throw storageFault("S3_EXISTS", { what: showLocation(location), policy: "never" }, { cause: error });
      throw error;
    }
    answer = there;
  }
  await record.end();
  const done = {
    ...location,
    bytes: source.size,
    etag: answer.etag,
    crc32: crc32Text(whole),
    parts: parts.length,
    partsResumed: resumed,
  };
  return { ...done, ...(await verifyObject(settings, done, whole, settings.readBack ? undefined : verifiedBy)) };
}

/** For what can only make a run slower when it fails. An end of the run is passed on. */
function ignoredUnless({ storage }: Uploader["settings"]): (error: unknown) => undefined {
  return () => {
    storage.signal.throwIfAborted();
    return undefined;
  };
}
