import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "./crc32.js";

/** Algorithms of checksums that stores keep. */
export type DigestAlgorithm = "md5" | "sha1" | "sha256" | "crc32" | "crc32c" | "crc64nvme";

/** A checksum in the making. */
export interface RunningDigest {
  update(bytes: Uint8Array): void;
  digest(): Promise<Buffer>;
}

/** Begins a checksum. */
export async function beginDigest(algorithm: DigestAlgorithm): Promise<RunningDigest> {
  if (algorithm === "crc32") {
    let value = 0;
    return {
      update: (bytes) => void (value = crc32(bytes, value)),
      digest: () => {
        const result = Buffer.alloc(4);
        result.writeUInt32BE(value);
        return Promise.resolve(result);
      },
    };
  }
  if (algorithm === "crc32c" || algorithm === "crc64nvme") {
    const { Crc32cNode, Crc64NvmeJs } = await import("@aws-sdk/checksums/crc");
    const running = algorithm === "crc32c" ? new Crc32cNode() : new Crc64NvmeJs();
    return { update: (bytes) => running.update(bytes), digest: async () => Buffer.from(await running.digest()) };
  }
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: () => Promise.resolve(hash.digest()) };
}

/** MD5 of bytes, hexadecimal: the ETag of an object that was written in one piece. */
export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** A checksum of pieces: of their checksums one after the other, with their number, as S3 has it. */
export async function combineDigests(algorithm: DigestAlgorithm, parts: readonly Buffer[]): Promise<Buffer> {
  const running = await beginDigest(algorithm);
  for (const part of parts) running.update(part);
  return running.digest();
}

/** ETag of an upload in parts, from the MD5 of each. */
export function multipartEtag(parts: readonly string[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(Buffer.from(part, "hex"));
  return `${hash.digest("hex")}-${String(parts.length)}`;
}

const BLOCK = 1024 * 1024;

/** Checksum of a file, or those of its pieces of the given sizes, read once from beginning to end. */
export async function digestFile(
  file: FileHandle,
  algorithm: DigestAlgorithm,
  sizes: readonly number[],
  signal: AbortSignal,
): Promise<Buffer[]> {
  const block = Buffer.allocUnsafe(BLOCK);
  const digests: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    const running = await beginDigest(algorithm);
    for (let left = size; left > 0;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(block, 0, Math.min(BLOCK, left), at);
      if (bytesRead === 0) break;
      running.update(block.subarray(0, bytesRead));
      at += bytesRead;
      left -= bytesRead;
    }
    digests.push(await running.digest());
  }
  return digests;
}
