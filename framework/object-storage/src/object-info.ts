/** Checksums that a store keeps of an object, as it gives them (base64; with `-N` behind it when made of N parts' checksums). */
export interface StoredChecksums {
  readonly crc32?: string;
  readonly crc32c?: string;
  readonly crc64nvme?: string;
  readonly sha1?: string;
  readonly sha256?: string;
}

/** An object as a listing tells of it. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modified: Date;
}

/** An object as the store describes it. */
export interface ObjectInfo extends ListedObject {
  readonly bucket: string;
  readonly versionId?: string;
  readonly checksums: StoredChecksums;
  /** `FULL_OBJECT` or `COMPOSITE`. */
  readonly checksumType?: string;
  /** Parts that it was uploaded in, where the store says so. */
  readonly partsCount?: number;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly encryption?: string;
  readonly kmsKeyId?: string;
}

/** What an object is to have beside its content. */
export interface ObjectAttributes {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  /** `AES256`, `aws:kms` or `aws:kms:dsse`. */
  readonly encryption?: string;
  readonly kmsKeyId?: string;
}

/** What a store answers to content that it was sent. */
export interface StoredAnswer {
  readonly etag: string;
  readonly checksums: StoredChecksums;
  /** `aws:kms` and the like, where the ETag is no MD5. */
  readonly encryption?: string;
}

/** A part of an upload that the store has. */
export interface StoredPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  readonly checksums: StoredChecksums;
}

/** An upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}
