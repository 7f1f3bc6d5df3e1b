import { setTimeout as sleep } from "node:timers/promises";
import { isDatapyError } from "@datapy/mod-kit";
import { crc32, crc32Text } from "./crc32.js";
import { multipartEtag } from "./digests.js";
import { nameOf } from "./map-error.js";
import type { ObjectAttributes, ObjectInfo, StoredAnswer } from "./object-info.js";
import type { ObjectStorage } from "./object-storage.js";
import { storageFault } from "./object-storage-errors.js";
import type { StorageLocation } from "./storage-uri.js";
import { showLocation } from "./storage-uri.js";
import type { UploadSettings, UploadedObject } from "./upload-types.js";

/** Not every store shows at once what it has just taken. */
const LOOKS = 5;

/**
 * Looks at an object that was just written: it must be there, of that size, of that content. `by` is what its parts were compared by; where
 * the store gave nothing to compare by (`undefined`), the object is read back. Gives what it was compared by in the end, and whether it is
 * encrypted as asked.
 * @throws DatapyError `S3_CHECKSUM`, `S3_UNENCRYPTED`
 */
export async function verifyObject(
  settings: Pick<UploadSettings, "storage" | "log" | "attributes" | "onUnencrypted">,
  done: StorageLocation & { readonly bytes: number; readonly etag: string },
  whole: number,
  by: string | undefined,
): Promise<Pick<UploadedObject, "verifiedBy" | "unencrypted">> {
  const info = await look(settings.storage, done);
  const verifiedBy = await verifyContent(settings, done, info, whole, by);
  const unencrypted = encryptionFault(settings.attributes, info);
  if (unencrypted === undefined) return { verifiedBy };
  if (settings.onUnencrypted === "warn") return { verifiedBy, unencrypted };
  throw storageFault("S3_UNENCRYPTED", {
    what: showLocation(done),
    reason: unencrypted,
    state: await takenAway(settings, done),
  });
}

/** What an object's encryption is instead of what was asked for; `undefined` when it is as asked. A store may ignore what it does not know. */
function encryptionFault({ encryption, kmsKeyId }: ObjectAttributes, info: ObjectInfo): string | undefined {
  if (encryption === undefined) return undefined;
  if (info.encryption === undefined) return `asked for ${encryption}, the store tells of none`;
  if (info.encryption !== encryption) return `asked for ${encryption}, the store says ${info.encryption}`;
  // An alias stands for a key of another name.
  if (kmsKeyId === undefined || /(?:^|:)alias\//.test(kmsKeyId) || info.kmsKeyId === undefined) return undefined;
  return info.kmsKeyId.endsWith(kmsKeyId) ? undefined : `asked for key ${kmsKeyId}, the store says ${info.kmsKeyId}`;
}

async function takenAway({ storage }: Pick<UploadSettings, "storage">, location: StorageLocation): Promise<string> {
  try {
    await storage.delete(location, storage.signal);
    return "it was taken away again";
  } catch (error) {
    return `it could not be taken away again and is still there (${(error as Error).message})`;
  }
}

async function verifyContent(
  { storage, log }: Pick<UploadSettings, "storage" | "log">,
  done: StorageLocation & { readonly bytes: number; readonly etag: string },
  info: ObjectInfo,
  whole: number,
  by: string | undefined,
): Promise<string> {
  const what = showLocation(done);
  if (info.size !== done.bytes)
    throw storageFault("S3_CHECKSUM", {
      what,
      reason: `it has ${String(info.size)} bytes, and ${String(done.bytes)} were sent`,
    });
  if (done.etag !== "" && info.etag !== "" && info.etag !== done.etag)
    throw storageFault(
      "S3_OBJECT_CHANGED",
      { what },
      { hint: "Another writer has replaced it since. Let one writer at a time use a key." },
    );
  const stored = info.checksums.crc32;
  if (stored !== undefined && !stored.includes("-") && info.checksumType !== "COMPOSITE") {
    if (stored !== crc32Text(whole))
      throw storageFault("S3_CHECKSUM", { what, reason: `its crc32 is ${stored}, and ${crc32Text(whole)} was sent` });
    if (by !== undefined) return by;
  }
  if (by !== undefined) return by;
  log.debug(`reading ${what} back to compare it`);
  const read = await checksumOf(storage, info);
  if (read !== whole)
    throw storageFault("S3_CHECKSUM", {
      what,
      reason: `read back, its crc32 is ${crc32Text(read)}, and ${crc32Text(whole)} was sent`,
    });
  return "read_back";
}

async function look(storage: ObjectStorage, location: StorageLocation): Promise<ObjectInfo> {
  for (let attempt = 1; ; attempt += 1) {
    const info = await storage.head(location);
    if (info !== undefined) return info;
    if (attempt >= LOOKS)
      throw storageFault("S3_CHECKSUM", {
        what: showLocation(location),
        reason: "the store took it, and does not have it",
      });
    await sleep(100 * 2 ** attempt, undefined, { signal: storage.signal });
  }
}

/** CRC-32 of an object as it comes back. */
async function checksumOf(storage: ObjectStorage, info: ObjectInfo): Promise<number> {
  const { body } = await storage.get(info, { etag: info.etag });
  let value = 0;
  for await (const chunk of body) value = crc32(chunk as Buffer, value);
  return value;
}

/**
 * When the answer to "complete" is lost and the request is sent again, the store says that there is no such upload. If the object is there
 * with the very parts, that is what happened. Else gives `undefined`.
 */
export async function completedByLostAnswer(
  { storage }: Pick<UploadSettings, "storage">,
  error: unknown,
  upload: { readonly location: StorageLocation; readonly source: { readonly size: number } },
  etags: readonly string[],
): Promise<StoredAnswer | undefined> {
  if (!isDatapyError(error) || nameOf(error.cause) !== "NoSuchUpload") return undefined;
  const info = await storage.head(upload.location).catch(() => undefined);
  if (info?.size !== upload.source.size || !etags.every((etag) => /^[0-9a-f]{32}$/.test(etag))) return undefined;
  return info.etag === multipartEtag(etags) ? { etag: info.etag, checksums: info.checksums } : undefined;
}
