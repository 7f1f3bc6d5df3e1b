import type { ModLogger } from "@datapy/mod-kit";
import type { ObjectAttributes, StoredAnswer } from "./object-info.js";
import type { ObjectStorage, SentChecksum } from "./object-storage.js";
import type { Semaphore } from "./semaphore.js";
import type { StorageLocation } from "./storage-uri.js";
import type { UploadJournal } from "./upload-journal.js";

/** A local file, as it stood when the run began. */
export interface SourceFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** What all uploads of a run have in common. */
export interface UploadSettings {
  readonly storage: ObjectStorage;
  readonly log: ModLogger;
  readonly attributes: ObjectAttributes;
  /** Bytes of a part; also the largest file that is written in one piece. */
  readonly partSize: number;
  /** Parts under way at once, over all files. */
  readonly concurrency: number;
  readonly turns: Semaphore;
  /** `auto`: CRC-32, with KMS SHA-256; none where the store refuses them. */
  readonly checksum: "auto" | "crc32" | "sha256" | "none";
  /** Read every object back and compare, instead of only where the store gives nothing to compare by. */
  readonly readBack: boolean;
  /** The store shall refuse when there is an object of that key. */
  readonly ifNoneMatch: boolean;
  /** What becomes of an object that the store has not encrypted as `attributes` asks: it is told of, or taken away and the run fails. */
  readonly onUnencrypted: "warn" | "fail";
  /** Go on with what a killed run has left behind. */
  readonly resume: boolean;
  readonly journal: UploadJournal;
  /** Told of bytes that the store has. */
  readonly onBytes: (bytes: number) => void;
}

/** What became of an upload. */
export interface UploadedObject extends StorageLocation {
  readonly bytes: number;
  readonly etag: string;
  /** CRC-32 of the content, base64. */
  readonly crc32: string;
  readonly parts: number;
  /** Parts that were there already, of a run that was killed. */
  readonly partsResumed: number;
  /** What the store's copy was compared by. */
  readonly verifiedBy: string;
  /** How its encryption differs from what was asked for; `undefined` when it does not. */
  readonly unencrypted?: string;
}

/** An upload that has only to be made visible. */
export interface StagedUpload extends StorageLocation {
  publish(): Promise<UploadedObject>;
  /** Takes it away. Never throws: what cannot be taken away now is left to the next run, with a word in the log. */
  discard(): Promise<void>;
}

/** Compares what a store answered with what it was sent. */
export interface PartProof {
  readonly answer: StoredAnswer;
  readonly checksum: SentChecksum | undefined;
}
