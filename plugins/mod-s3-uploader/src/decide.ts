import { compareFile, showLocation, storageFault } from "@datapy/object-storage";
import type { ObjectAttributes, ObjectInfo, ObjectStorage } from "@datapy/object-storage";
import type { UploaderParams } from "./parameters.js";
import type { PlannedFile } from "./plan-upload.js";

/** What becomes of a file, and why. */
export interface Decision {
  readonly upload: boolean;
  readonly reason: string;
  /** The object that stands there. */
  readonly there: ObjectInfo | undefined;
}

/**
 * Looks at the object that a file would replace. Throws `S3_EXISTS` where `overwrite: never` meets one of other content.
 */
export async function decide(
  storage: ObjectStorage,
  params: UploaderParams,
  { file, location }: PlannedFile,
  attributes: ObjectAttributes,
): Promise<Decision> {
  const there = await storage.head(location);
  if (there === undefined) return { upload: true, reason: "it is new", there };
  if (params.overwrite === "always") return { upload: true, reason: "everything is overwritten", there };
  if (params.overwrite === "skip") return { upload: false, reason: "there is an object of that key", there };
  const { outcome, by } = await compareFile(storage, there, file.path, { partSize: params.part_size, weak: false });
  if (params.overwrite === "never") {
    if (outcome === "same") return { upload: false, reason: `it is there already, by ${by}`, there };
    throw storageFault("S3_EXISTS", { what: showLocation(location), policy: "never" });
  }
  if (outcome === "unknown") return { upload: true, reason: "the store keeps nothing to compare it by", there };
  if (outcome === "different") return { upload: true, reason: `it is another, by ${by}`, there };
  const changed = await changedAttribute(storage, there, attributes);
  if (changed !== undefined) return { upload: true, reason: `its ${changed} is to change`, there };
  return { upload: false, reason: `it is the same, by ${by}`, there };
}

/** Name of an attribute that the object does not have as it should; `undefined` when all are right. */
async function changedAttribute(
  storage: ObjectStorage,
  there: ObjectInfo,
  wanted: ObjectAttributes,
): Promise<string | undefined> {
  const pairs: [string, string | undefined, string | undefined][] = [
    ["content type", there.contentType, wanted.contentType],
    ["content encoding", there.contentEncoding, wanted.contentEncoding],
    ["cache control", there.cacheControl, wanted.cacheControl],
    // A store leaves the usual class away.
    ["storage class", there.storageClass ?? "STANDARD", wanted.storageClass],
    ["encryption", there.encryption, wanted.encryption],
  ];
  const pair = pairs.find(([, is, shall]) => shall !== undefined && is !== shall);
  if (pair !== undefined) return pair[0];
  if (wanted.kmsKeyId !== undefined && there.kmsKeyId?.endsWith(wanted.kmsKeyId) !== true) return "KMS key";
  if (wanted.metadata !== undefined && canonical(lowerCase(wanted.metadata)) !== canonical(there.metadata))
    return "metadata";
  if (wanted.tags !== undefined && canonical(wanted.tags) !== canonical(await storage.tags(there))) return "tags";
  return undefined;
}

/** Names of metadata travel as headers, which know no capitals. */
function lowerCase(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
}

function canonical(values: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
}
