import { isDatapyError } from "@datapy/mod-kit";
import { CHECKSUM_TRIES, checkBody, verifyAnswer } from "./body-checksum.js";
import type { CheckedBody } from "./body-checksum.js";
import { crc32Text } from "./crc32.js";
import { isPreconditionFailed, statusOf } from "./map-error.js";
import { stageMultipart } from "./multipart-upload.js";
import type { SentChecksum } from "./object-storage.js";
import { storageFault } from "./object-storage-errors.js";
import { layoutParts } from "./part-layout.js";
import { openSource, readPart, requireUnchanged } from "./read-part.js";
import { Semaphore } from "./semaphore.js";
import type { StorageLocation } from "./storage-uri.js";
import { showLocation } from "./storage-uri.js";
import { clearLeftUploads } from "./upload-leftovers.js";
import type { SourceFile, StagedUpload, UploadSettings, UploadedObject } from "./upload-types.js";
import { verifyObject } from "./verify-object.js";

/** Sends files to a store, in two steps: everything is staged first, then made visible. */
export class Uploader {
  readonly settings: UploadSettings;
  /** A store has refused checksums; none are sent any more. */
  #plain = false;

  /** `turns` are shared by uploaders that go on at once. */
  constructor(settings: Omit<UploadSettings, "turns">, turns = new Semaphore(settings.concurrency)) {
    this.settings = { ...settings, turns };
  }

  /** Checksum that goes with what is sent. */
  get algorithm(): SentChecksum["algorithm"] | undefined {
    const { checksum, attributes } = this.settings;
    if (checksum === "none" || (checksum === "auto" && this.#plain)) return undefined;
    if (checksum !== "auto") return checksum;
    return attributes.encryption?.startsWith("aws:kms") === true ? "sha256" : "crc32";
  }

  /** Runs a request with a checksum; where a store knows none, without, from then on. */
  async withChecksum<Result>(
    request: (algorithm: SentChecksum["algorithm"] | undefined) => Promise<Result>,
  ): Promise<Result> {
    const { algorithm } = this;
    try {
      return await request(algorithm);
    } catch (error) {
      const status = statusOf((error as Error).cause);
      const refused = isDatapyError(error) && (error.code === "S3_UNSUPPORTED" || error.code === "S3_REQUEST");
      if (
        algorithm === undefined ||
        this.settings.checksum !== "auto" ||
        !refused ||
        (status !== 400 && status !== 501)
      )
        throw error;
      const result = await request(undefined).catch(() => {
        // It was something else that the store did not like.
        throw error;
      });
      this.#plain = true;
      this.settings.log.debug("the store takes no checksums; content is compared by its ETag", {
        store: this.settings.storage.name,
      });
      return result;
    }
  }

  /** Brings a file to the store so far that only one request is missing to make it visible. A small one is sent in that request. */
  async stage(source: SourceFile, location: StorageLocation): Promise<StagedUpload> {
    const layout = layoutParts(source.size, this.settings.partSize);
    if (layout.count > 1) return stageMultipart(this, source, location, layout);
    await (await openSource(source)).close();
    return {
      ...location,
      publish: () => this.settings.turns.run(() => this.#putWhole(source, location)),
      discard: () => Promise.resolve(),
    };
  }

  /** Takes away what killed runs have left behind at keys that `wanted` does not hold back. Gives how many uploads were aborted. */
  clearLeft(wanted: (location: StorageLocation) => boolean, bucket: string): Promise<number> {
    return clearLeftUploads(this.settings, (entry) => entry.bucket === bucket && !wanted(entry));
  }

  async #putWhole(source: SourceFile, location: StorageLocation): Promise<UploadedObject> {
    const { storage, attributes, ifNoneMatch, readBack, log } = this.settings;
    const bytes = Buffer.allocUnsafe(source.size);
    const handle = await openSource(source);
    try {
      await readPart(handle, source, bytes, 0);
      await requireUnchanged(handle, source);
    } finally {
      await handle.close();
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        let body: CheckedBody = checkBody(bytes, this.algorithm);
        const answer = await this.withChecksum((algorithm) => {
          if (algorithm !== body.sent?.algorithm) body = checkBody(bytes, algorithm);
          const checksum = body.sent === undefined ? {} : { checksum: body.sent };
          return storage.put(location, bytes, attributes, { ...checksum, ifNoneMatch });
        });
        const verifiedBy = verifyAnswer(body, answer, showLocation(location), !readBack);
        this.settings.onBytes(bytes.byteLength);
        const done = {
          ...location,
          bytes: source.size,
          etag: answer.etag,
          crc32: crc32Text(body.crc32),
          parts: 1,
          partsResumed: 0,
        };
        return {
          ...done,
          ...(await verifyObject(this.settings, done, body.crc32, readBack ? undefined : verifiedBy)),
        };
      } catch (error) {
        if (isPreconditionFailed(error))
          throw storageFault("S3_EXISTS", { what: showLocation(location), policy: "never" }, { cause: error });
        // With `ifNoneMatch` the object that was not as sent would be in the way of the next try.
        if (!isDatapyError(error) || error.code !== "S3_CHECKSUM" || attempt >= CHECKSUM_TRIES || ifNoneMatch)
          throw error;
        log.warn(`${error.message} (sending it again)`, { code: error.code, attempt });
      }
    }
  }
}
