import { storageFault } from "./object-storage-errors.js";

/** A place in a store. `key` is as the store has it, never percent-encoded; empty for the bucket itself. */
export interface StorageLocation {
  readonly bucket: string;
  readonly key: string;
}

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._:-]{1,254}$/;

/** Whether a text is meant as an address in a store. */
export function isStorageUri(text: string): boolean {
  return /^s3[an]?:\/\//i.test(text);
}

/**
 * Takes `s3://bucket/key` apart (`s3a://` and `s3n://` mean the same). The key is what stands after the bucket, letter for letter: `%20`,
 * `?` and `#` are no more than characters of it, as in all tools of this field.
 * @throws DatapyError `S3_URI_INVALID`
 */
export function parseStorageUri(uri: string): StorageLocation {
  const match = /^s3[an]?:\/\/([^/]*)(?:\/([\s\S]*))?$/i.exec(uri);
  if (match === null)
    throw storageFault("S3_URI_INVALID", { uri: JSON.stringify(uri), reason: "it does not begin with s3://" });
  const bucket = match[1] ?? "";
  requireBucket(bucket, uri);
  return { bucket, key: match[2] ?? "" };
}

/** Throws `S3_URI_INVALID` unless `bucket` can name a bucket or an access point. */
export function requireBucket(bucket: string, uri: string = bucket): void {
  if (bucket.startsWith("arn:")) return;
  if (BUCKET.test(bucket) && !bucket.includes("..")) return;
  throw storageFault("S3_URI_INVALID", {
    uri: JSON.stringify(uri),
    reason: bucket === "" ? "it names no bucket" : `${JSON.stringify(bucket)} cannot name a bucket`,
  });
}

/** For people: the key as it is. */
export function showLocation({ bucket, key }: StorageLocation): string {
  return `s3://${bucket}/${key}`;
}

/** For lineage: a URI in which `?`, `#` and `%` of the key cannot be taken for something else. */
export function locationUri({ bucket, key }: StorageLocation): string {
  const encoded = key.split("/").map((step) => encodeURIComponent(step.replace(/\p{Surrogate}/gu, "\ufffd")));
  return `s3://${bucket}/${encoded.join("/")}`;
}
