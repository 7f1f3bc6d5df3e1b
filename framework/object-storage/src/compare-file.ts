import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { combineDigests, digestFile } from "./digests.js";
import type { DigestAlgorithm } from "./digests.js";
import type { ObjectInfo } from "./object-info.js";
import type { ObjectStorage } from "./object-storage.js";

/** Whether a file and an object hold the same, and what told so. */
export interface Comparison {
  /** `unknown` when the store keeps nothing that the content could be compared by. */
  readonly outcome: "same" | "different" | "unknown";
  /** Such as `sha256`, `md5 of 3 parts`, `size`. */
  readonly by: string;
}

/** A checksum that the store keeps. */
interface Proof {
  readonly algorithm: DigestAlgorithm;
  readonly expected: Buffer;
  /** Number of parts whose checksums it is made of; 0 when it is of the whole. */
  readonly parts: number;
}

/** Best first. A CRC comes last: two different files have the same CRC-32 once in four thousand million times. */
const ORDER = ["sha256", "md5", "sha1", "crc64nvme", "crc32c", "crc32"] as const;

/**
 * Compares a file with an object by the best checksum that the store keeps. `partSize` is tried first where the checksum is made of
 * parts; the store is asked for their sizes when that does not fit. `weak` takes a 32-bit checksum for enough.
 */
export async function compareFile(
  storage: ObjectStorage,
  info: ObjectInfo,
  file: string,
  options: { readonly partSize?: number; readonly weak: boolean },
): Promise<Comparison> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    if (size !== info.size) return { outcome: "different", by: "size" };
    for (const proof of proofsOf(info)) {
      if (!options.weak && proof.algorithm.startsWith("crc32")) continue;
      const by = proof.parts === 0 ? proof.algorithm : `${proof.algorithm} of ${String(proof.parts)} parts`;
      const outcome = await compareBy(storage, info, handle, proof, options.partSize);
      if (outcome !== "unknown") return { outcome, by };
    }
    return { outcome: "unknown", by: "size" };
  } finally {
    await handle.close();
  }
}

/** What the store keeps of an object that its content can be compared by. */
export function proofsOf(info: ObjectInfo): Proof[] {
  const found = new Map<string, Proof>();
  for (const [algorithm, text] of Object.entries(info.checksums) as [DigestAlgorithm, string][]) {
    const match = /^([A-Za-z0-9+/=]+?)(?:-(\d+))?$/.exec(text);
    if (match === null) continue;
    // Some stores leave the number of parts away.
    const parts = match[2] === undefined ? (info.checksumType === "COMPOSITE" ? partsOf(info) : 0) : Number(match[2]);
    found.set(algorithm, { algorithm, expected: Buffer.from(match[1] ?? "", "base64"), parts });
  }
  const etag = /^([0-9a-f]{32})(?:-(\d+))?$/.exec(info.etag);
  // With a key of KMS, or of the customer, an ETag is no MD5.
  if (etag !== null && info.encryption?.startsWith("aws:kms") !== true)
    found.set("md5", { algorithm: "md5", expected: Buffer.from(etag[1] ?? "", "hex"), parts: Number(etag[2] ?? 0) });
  return ORDER.flatMap((algorithm) => found.get(algorithm) ?? []);
}

function partsOf(info: ObjectInfo): number {
  return Number(/-(\d+)$/.exec(info.etag)?.[1] ?? 0);
}

async function compareBy(
  storage: ObjectStorage,
  info: ObjectInfo,
  file: FileHandle,
  proof: Proof,
  hint: number | undefined,
): Promise<Comparison["outcome"]> {
  if (proof.parts === 0) {
    const [digest] = await digestFile(file, proof.algorithm, [info.size], storage.signal);
    return digest?.equals(proof.expected) === true ? "same" : "different";
  }
  const matches = async (sizes: readonly number[]): Promise<boolean> => {
    const parts = await digestFile(file, proof.algorithm, sizes, storage.signal);
    return (await combineDigests(proof.algorithm, parts)).equals(proof.expected);
  };
  const guessed = hint === undefined ? undefined : uniform(info.size, hint, proof.parts);
  if (guessed !== undefined && (await matches(guessed))) return "same";
  const known = await partSizes(storage, info, proof.parts);
  if (known === undefined) return "unknown";
  return (await matches(known)) ? "same" : "different";
}

function uniform(size: number, partSize: number, count: number): number[] | undefined {
  if (Math.ceil(size / partSize) !== count) return undefined;
  return Array.from({ length: count }, (_, index) => Math.min(partSize, size - index * partSize));
}

/** Sizes of the parts that an object was uploaded in; `undefined` when the store does not tell. */
async function partSizes(storage: ObjectStorage, info: ObjectInfo, count: number): Promise<number[] | undefined> {
  const ask = async (part: number): Promise<number | undefined> => {
    const answer = await storage.head(info, { part }).catch((error: unknown) => {
      storage.signal.throwIfAborted();
      void error;
      return undefined;
    });
    return answer?.partsCount === count ? answer.size : undefined;
  };
  const first = await ask(1);
  if (first === undefined) return undefined;
  const last = count === 1 ? first : await ask(count);
  const regular = uniform(info.size, first, count);
  if (regular !== undefined && regular.at(-1) === last) return regular;
  const sizes = [first];
  for (let part = 2; part <= count; part += 1) {
    const size = await ask(part);
    if (size === undefined) return undefined;
    sizes.push(size);
  }
  return sizes;
}
