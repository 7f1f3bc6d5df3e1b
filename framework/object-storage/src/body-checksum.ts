import { createHash } from "node:crypto";
import { crc32, crc32Text } from "./crc32.js";
import { md5 } from "./digests.js";
import type { StoredAnswer, StoredPart } from "./object-info.js";
import type { SentChecksum } from "./object-storage.js";
import { storageFault } from "./object-storage-errors.js";

/** How often content is sent whose checksum does not agree. */
export const CHECKSUM_TRIES = 3;

/** A body with what is known of it before it is sent. */
export interface CheckedBody {
  readonly bytes: Uint8Array;
  readonly crc32: number;
  /** What goes with it to the store. */
  readonly sent: SentChecksum | undefined;
}

/** Makes the checksums of a body. */
export function checkBody(bytes: Uint8Array, algorithm: SentChecksum["algorithm"] | undefined): CheckedBody {
  const crc = crc32(bytes);
  const sent: SentChecksum | undefined =
    algorithm === "crc32"
      ? { algorithm, value: crc32Text(crc) }
      : algorithm === "sha256"
        ? { algorithm, value: createHash("sha256").update(bytes).digest("base64") }
        : undefined;
  return { bytes, crc32: crc, sent };
}

/**
 * Compares what a store says that it got with what was sent: by the checksum, else by the ETag, which is the MD5 unless a key of KMS is
 * used. Gives what it was compared by; `undefined` when the store says nothing that could be compared.
 * @throws DatapyError `S3_CHECKSUM`
 */
export function verifyAnswer(
  body: CheckedBody,
  answer: StoredAnswer,
  what: string,
  trustEtag: boolean,
): string | undefined {
  const { sent } = body;
  const stored = sent === undefined ? undefined : answer.checksums[sent.algorithm];
  if (sent !== undefined && stored !== undefined) {
    if (stored === sent.value) return sent.algorithm;
    throw storageFault("S3_CHECKSUM", {
      what,
      reason: `its ${sent.algorithm} is ${stored}, and ${sent.value} was sent`,
    });
  }
  if (!trustEtag || answer.encryption?.startsWith("aws:kms") === true || !/^[0-9a-f]{32}$/.test(answer.etag))
    return undefined;
  const expected = md5(body.bytes);
  if (answer.etag === expected) return "md5";
  throw storageFault(
    "S3_CHECKSUM",
    { what, reason: `its MD5 (ETag) is ${answer.etag}, and ${expected} was sent` },
    { hint: "Nothing damaged was kept. Run again; for a store whose ETags are no MD5, set `verify: read_back`." },
  );
}

/** Whether a part that the store has is the same as a body. Only a yes that rests on a checksum of it counts. */
export function isSamePart(body: CheckedBody, part: StoredPart): boolean {
  if (part.size !== body.bytes.byteLength) return false;
  if (/^[0-9a-f]{32}$/.test(part.etag) && part.etag === md5(body.bytes)) return true;
  return body.sent?.algorithm === "sha256" && part.checksums.sha256 === body.sent.value;
}
