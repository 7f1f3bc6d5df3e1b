import type { Readable } from "node:stream";
import type { HeadObjectCommandOutput, PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { createClient, loadSdk } from "./create-client.js";
import type { Sdk } from "./create-client.js";
import { mapError, nameOf, statusOf } from "./map-error.js";
import type {
  ListedObject,
  ObjectAttributes,
  ObjectInfo,
  OpenUpload,
  StoredAnswer,
  StoredChecksums,
  StoredPart,
} from "./object-info.js";
import { storageFault } from "./object-storage-errors.js";
import type { StorageValues } from "./storage-parameters.js";
import type { StorageLocation } from "./storage-uri.js";
import { showLocation } from "./storage-uri.js";

/** Checksum of a body that goes with it, base64. */
export interface SentChecksum {
  readonly algorithm: "crc32" | "sha256";
  readonly value: string;
}

/** What a store was opened with. */
export interface StorageOptions {
  readonly values: StorageValues;
  readonly signal: AbortSignal;
  /** Requests at a time. Default 16. */
  readonly sockets?: number;
}

/** Opens a store. Loads the AWS SDK; sends nothing. */
export async function openStorage({ values, signal, sockets = 16 }: StorageOptions): Promise<ObjectStorage> {
  const sdk = await loadSdk();
  return new ObjectStorage(sdk, await createClient(sdk, values, sockets), values.endpoint_url ?? "Amazon S3", signal);
}

/**
 * The requests of S3 that the mods need, their errors with stable codes. Every request ends with `signal`, but for those that clean up,
 * which take another.
 */
export class ObjectStorage {
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly signal: AbortSignal;
  /** Endpoint, or `Amazon S3`. */
  readonly name: string;

  constructor(sdk: Sdk, client: S3Client, name: string, signal: AbortSignal) {
    this.#sdk = sdk;
    this.#client = client;
    this.name = name;
    this.signal = signal;
  }

  /** Ends its connections. */
  close(): void {
    this.#client.destroy();
  }

  /** Objects below a prefix, in the order of their keys. */
  async *list(bucket: string, prefix: string): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const page = await this.#send(
        (ending) =>
          this.#client.send(
            new this.#sdk.ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              // XML has no place for most control characters, which keys may hold.
              EncodingType: "url",
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            ending,
          ),
        { bucket, key: prefix },
        "listing",
      );
      for (const one of page.Contents ?? []) {
        if (one.Key === undefined) continue;
        yield {
          key: page.EncodingType === "url" ? decodeKey(one.Key) : one.Key,
          size: one.Size ?? 0,
          etag: unquoted(one.ETag),
          modified: one.LastModified ?? new Date(0),
        };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** What the store knows of an object; `undefined` when there is none. `part` asks for one of the parts that it was uploaded in. */
  async head(
    location: StorageLocation,
    options: { part?: number; versionId?: string } = {},
  ): Promise<ObjectInfo | undefined> {
    const ask = (checksums: boolean): Promise<HeadObjectCommandOutput> =>
      this.#send(
        (ending) =>
          this.#client.send(
            new this.#sdk.HeadObjectCommand({
              Bucket: location.bucket,
              Key: location.key,
              ...(checksums ? { ChecksumMode: "ENABLED" as const } : {}),
              ...(options.part === undefined ? {} : { PartNumber: options.part }),
              ...(options.versionId === undefined ? {} : { VersionId: options.versionId }),
            }),
            ending,
          ),
        location,
        "asking for",
      );
    try {
      return infoOf(location, await ask(true));
    } catch (error) {
      const cause = (error as Error).cause;
      if (statusOf(cause) === 404 && nameOf(cause) !== "NoSuchBucket") {
        // A HEAD has no body that could tell a missing bucket from a missing object.
        await this.requireBucket(location.bucket);
        return undefined;
      }
      // An object under another key than the reader may use is read all the same, as long as nobody asks for its checksums.
      if (statusOf(cause) === 403 || statusOf(cause) === 400) return infoOf(location, await ask(false));
      throw error;
    }
  }

  /** Throws `S3_BUCKET_MISSING` when there is no such bucket. A store that does not let the user ask is believed. */
  async requireBucket(bucket: string): Promise<void> {
    try {
      await this.#send(
        (ending) => this.#client.send(new this.#sdk.HeadBucketCommand({ Bucket: bucket }), ending),
        { bucket, key: "" },
        "asking for",
      );
    } catch (error) {
      const status = statusOf((error as Error).cause);
      if (status === 404) {
        // Some stores answer so to a key of access that they do not know; only an answer with a body tells.
        await this.list(bucket, "").next();
        throw storageFault("S3_BUCKET_MISSING", { bucket, store: this.name }, { cause: error });
      }
      if (status !== 403 && status !== 405 && status !== 501) throw error;
    }
  }

  /** Body of an object, or of `range` of it (first and last byte). With `etag`, throws `S3_OBJECT_CHANGED` when it is another one by now. */
  async get(
    location: StorageLocation,
    options: { range?: readonly [number, number]; etag?: string; versionId?: string } = {},
  ): Promise<{ readonly body: Readable; readonly length: number | undefined; readonly partial: boolean }> {
    try {
      const answer = await this.#send(
        (ending) =>
          this.#client.send(
            new this.#sdk.GetObjectCommand({
              Bucket: location.bucket,
              Key: location.key,
              ...(options.range === undefined
                ? {}
                : { Range: `bytes=${String(options.range[0])}-${String(options.range[1])}` }),
              ...(options.etag === undefined || options.etag === "" ? {} : { IfMatch: `"${options.etag}"` }),
              ...(options.versionId === undefined ? {} : { VersionId: options.versionId }),
            }),
            ending,
          ),
        location,
        "reading",
      );
      if (options.etag !== undefined && answer.ETag !== undefined && unquoted(answer.ETag) !== options.etag) {
        (answer.Body as Readable | undefined)?.destroy();
        throw storageFault("S3_OBJECT_CHANGED", { what: showLocation(location) });
      }
      // In Node the SDK's body is a stream of Node.
      return {
        body: answer.Body as Readable,
        length: answer.ContentLength,
        partial: answer.ContentRange !== undefined,
      };
    } catch (error) {
      const cause = (error as Error).cause;
      if (statusOf(cause) === 412 || (statusOf(cause) === 416 && options.range !== undefined))
        throw storageFault("S3_OBJECT_CHANGED", { what: showLocation(location) }, { cause: error });
      throw error;
    }
  }

  async put(
    location: StorageLocation,
    body: Uint8Array,
    attributes: ObjectAttributes,
    options: { checksum?: SentChecksum; ifNoneMatch?: boolean } = {},
  ): Promise<StoredAnswer> {
    const answer = await this.#send(
      (ending) =>
        this.#client.send(
          new this.#sdk.PutObjectCommand({
            ...attributesOf(location, attributes),
            Body: body,
            ContentLength: body.byteLength,
            ...sentChecksum(options.checksum),
            ...(options.ifNoneMatch === true ? { IfNoneMatch: "*" } : {}),
          }),
          ending,
        ),
      location,
      "writing",
    );
    return answerOf(answer);
  }

  /** Begins an upload in parts; gives its id. */
  async createUpload(
    location: StorageLocation,
    attributes: ObjectAttributes,
    checksum: SentChecksum["algorithm"] | undefined,
  ): Promise<string> {
    const answer = await this.#send(
      (ending) =>
        this.#client.send(
          new this.#sdk.CreateMultipartUploadCommand({
            ...attributesOf(location, attributes),
            ...(checksum === "crc32" ? { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } : {}),
            ...(checksum === "sha256" ? { ChecksumAlgorithm: "SHA256", ChecksumType: "COMPOSITE" } : {}),
          }),
          ending,
        ),
      location,
      "beginning to write",
    );
    if (answer.UploadId === undefined || answer.UploadId === "")
      throw storageFault("S3_REQUEST", {
        doing: `beginning to write ${showLocation(location)}`,
        reason: "it gave no upload id",
      });
    return answer.UploadId;
  }

  async uploadPart(
    location: StorageLocation,
    upload: { readonly uploadId: string; readonly number: number },
    body: Uint8Array,
    options: { readonly checksum?: SentChecksum; readonly signal: AbortSignal },
  ): Promise<StoredAnswer> {
    const answer = await this.#send(
      (ending) =>
        this.#client.send(
          new this.#sdk.UploadPartCommand({
            Bucket: location.bucket,
            Key: location.key,
            UploadId: upload.uploadId,
            PartNumber: upload.number,
            Body: body,
            ContentLength: body.byteLength,
            ...sentChecksum(options.checksum),
          }),
          ending,
        ),
      location,
      `writing part ${String(upload.number)} of`,
      options.signal,
    );
    return answerOf(answer);
  }

  async completeUpload(
    location: StorageLocation,
    upload: {
      readonly uploadId: string;
      readonly parts: readonly { readonly number: number; readonly etag: string; readonly checksum?: SentChecksum }[];
      readonly size: number;
      /** CRC32 of the whole. */
      readonly crc32?: string;
      readonly ifNoneMatch?: boolean;
    },
  ): Promise<StoredAnswer> {
    const answer = await this.#send(
      (ending) =>
        this.#client.send(
          new this.#sdk.CompleteMultipartUploadCommand({
            Bucket: location.bucket,
            Key: location.key,
            UploadId: upload.uploadId,
            MultipartUpload: {
              Parts: upload.parts.map((part) => ({
                PartNumber: part.number,
                ETag: `"${part.etag}"`,
                ...sentChecksum(part.checksum),
              })),
            },
            ...(upload.crc32 === undefined
              ? {}
              : { ChecksumCRC32: upload.crc32, ChecksumType: "FULL_OBJECT", MpuObjectSize: upload.size }),
            ...(upload.ifNoneMatch === true ? { IfNoneMatch: "*" } : {}),
          }),
          ending,
        ),
      location,
      "completing",
    );
    return answerOf(answer);
  }

  /** Aborts an upload. One that is not there is no error. */
  async abortUpload(location: StorageLocation, uploadId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#send(
        (ending) =>
          this.#client.send(
            new this.#sdk.AbortMultipartUploadCommand({
              Bucket: location.bucket,
              Key: location.key,
              UploadId: uploadId,
            }),
            ending,
          ),
        location,
        "aborting the upload of",
        signal,
      );
    } catch (error) {
      if (nameOf((error as Error).cause) !== "NoSuchUpload" && statusOf((error as Error).cause) !== 404) throw error;
    }
  }

  /** Parts of an upload that the store has; `undefined` when there is no such upload. */
  async listParts(
    location: StorageLocation,
    uploadId: string,
    signal = this.signal,
  ): Promise<StoredPart[] | undefined> {
    const parts: StoredPart[] = [];
    let marker: string | undefined;
    try {
      do {
        const page = await this.#send(
          (ending) =>
            this.#client.send(
              new this.#sdk.ListPartsCommand({
                Bucket: location.bucket,
                Key: location.key,
                UploadId: uploadId,
                ...(marker === undefined ? {} : { PartNumberMarker: marker }),
              }),
              ending,
            ),
          location,
          "listing the parts of",
          signal,
        );
        for (const part of page.Parts ?? [])
          parts.push({
            number: part.PartNumber ?? 0,
            size: part.Size ?? -1,
            etag: unquoted(part.ETag),
            checksums: checksumsOf(part),
          });
        marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      } while (marker !== undefined);
    } catch (error) {
      if (nameOf((error as Error).cause) === "NoSuchUpload" || statusOf((error as Error).cause) === 404)
        return undefined;
      throw error;
    }
    return parts;
  }

  /** Uploads of exactly this key that were begun and not ended. */
  async listUploads(location: StorageLocation): Promise<OpenUpload[]> {
    const uploads: OpenUpload[] = [];
    let marker: { KeyMarker: string; UploadIdMarker: string } | undefined;
    do {
      const page = await this.#send(
        (ending) =>
          this.#client.send(
            new this.#sdk.ListMultipartUploadsCommand({
              Bucket: location.bucket,
              Prefix: location.key,
              EncodingType: "url",
              ...marker,
            }),
            ending,
          ),
        location,
        "listing the uploads of",
      );
      for (const one of page.Uploads ?? []) {
        const key = page.EncodingType === "url" ? decodeKey(one.Key ?? "") : one.Key;
        if (key === location.key && one.UploadId !== undefined)
          uploads.push({ key, uploadId: one.UploadId, initiated: one.Initiated ?? new Date() });
      }
      marker =
        page.IsTruncated === true && page.NextKeyMarker !== undefined && page.NextUploadIdMarker !== undefined
          ? { KeyMarker: decodeKey(page.NextKeyMarker), UploadIdMarker: page.NextUploadIdMarker }
          : undefined;
    } while (marker !== undefined);
    return uploads;
  }

  async tags(location: StorageLocation): Promise<Record<string, string>> {
    const answer = await this.#send(
      (ending) =>
        this.#client.send(
          new this.#sdk.GetObjectTaggingCommand({ Bucket: location.bucket, Key: location.key }),
          ending,
        ),
      location,
      "reading the tags of",
    );
    return Object.fromEntries((answer.TagSet ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
  }

  async delete(location: StorageLocation, signal: AbortSignal): Promise<void> {
    await this.#send(
      (ending) =>
        this.#client.send(new this.#sdk.DeleteObjectCommand({ Bucket: location.bucket, Key: location.key }), ending),
      location,
      "deleting",
      signal,
    );
  }

  async #send<Output>(
    request: (options: { readonly abortSignal: AbortSignal }) => Promise<Output>,
    location: StorageLocation,
    doing: string,
    signal = this.signal,
  ): Promise<Output> {
    try {
      signal.throwIfAborted();
      return await request({ abortSignal: signal });
    } catch (error) {
      const what = showLocation(location);
      const place = { doing: `${doing} ${what}`, store: this.name, bucket: location.bucket, what };
      throw mapError(error, place, signal);
    }
  }
}

/** A key from a listing that was asked for with `EncodingType: url`: as in forms, where a space is `+`. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", "%20"));
  } catch {
    return key;
  }
}

function unquoted(etag: string | undefined): string {
  return (etag ?? "").replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
}

interface ChecksumFields {
  readonly ChecksumCRC32?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumCRC64NVME?: string | undefined;
  readonly ChecksumSHA1?: string | undefined;
  readonly ChecksumSHA256?: string | undefined;
}

function checksumsOf(fields: ChecksumFields): StoredChecksums {
  return present({
    crc32: fields.ChecksumCRC32,
    crc32c: fields.ChecksumCRC32C,
    crc64nvme: fields.ChecksumCRC64NVME,
    sha1: fields.ChecksumSHA1,
    sha256: fields.ChecksumSHA256,
  });
}

function sentChecksum(checksum: SentChecksum | undefined): { ChecksumCRC32?: string; ChecksumSHA256?: string } {
  if (checksum === undefined) return {};
  return checksum.algorithm === "crc32" ? { ChecksumCRC32: checksum.value } : { ChecksumSHA256: checksum.value };
}

function answerOf(
  answer: ChecksumFields & { ETag?: string | undefined; ServerSideEncryption?: string | undefined },
): StoredAnswer {
  return {
    etag: unquoted(answer.ETag),
    checksums: checksumsOf(answer),
    ...present({ encryption: answer.ServerSideEncryption }),
  };
}

function infoOf({ bucket, key }: StorageLocation, answer: HeadObjectCommandOutput): ObjectInfo {
  return {
    bucket,
    key,
    size: answer.ContentLength ?? 0,
    etag: unquoted(answer.ETag),
    modified: answer.LastModified ?? new Date(0),
    checksums: checksumsOf(answer),
    metadata: answer.Metadata ?? {},
    ...present({
      versionId: answer.VersionId === "null" ? undefined : answer.VersionId,
      checksumType: answer.ChecksumType,
      partsCount: answer.PartsCount,
      contentType: answer.ContentType,
      contentEncoding: answer.ContentEncoding,
      cacheControl: answer.CacheControl,
      storageClass: answer.StorageClass,
      encryption: answer.ServerSideEncryption,
      kmsKeyId: answer.SSEKMSKeyId,
    }),
  };
}

function attributesOf(location: StorageLocation, attributes: ObjectAttributes) {
  const { tags } = attributes;
  return {
    Bucket: location.bucket,
    Key: location.key,
    ...present({
      ContentType: attributes.contentType,
      ContentEncoding: attributes.contentEncoding,
      CacheControl: attributes.cacheControl,
      Metadata: attributes.metadata === undefined ? undefined : { ...attributes.metadata },
      Tagging:
        tags === undefined || Object.keys(tags).length === 0
          ? undefined
          : Object.entries(tags)
              .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
              .join("&"),
      StorageClass: attributes.storageClass as PutObjectCommandInput["StorageClass"],
      ServerSideEncryption: attributes.encryption as PutObjectCommandInput["ServerSideEncryption"],
      SSEKMSKeyId: attributes.kmsKeyId,
    }),
  };
}

/** The fields that have a value. */
function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>;
  };
}
