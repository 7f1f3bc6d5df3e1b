import { storageFault } from "./object-storage-errors.js";

const MIB = 1024 * 1024;
/** Limits of S3. */
export const SMALLEST_PART = 5 * MIB;
export const MOST_PARTS = 10_000;
const LARGEST_PART = 5 * 1024 * MIB;

/** How a file is cut into parts. All have `partSize` bytes but the last, which may have fewer. */
export interface PartLayout {
  readonly size: number;
  readonly partSize: number;
  readonly count: number;
}

/** Cuts a file into parts of `wanted` bytes, or of more where it would be too many. Throws `S3_INPUT_INVALID` for a file that no store takes. */
export function layoutParts(size: number, wanted: number): PartLayout {
  let partSize = Math.max(SMALLEST_PART, wanted);
  if (size > partSize * MOST_PARTS) partSize = Math.ceil(size / MOST_PARTS / MIB) * MIB;
  if (partSize > LARGEST_PART)
    throw storageFault("S3_INPUT_INVALID", { reason: `a file of ${String(size)} bytes is too large for S3` });
  return { size, partSize, count: Math.max(1, Math.ceil(size / partSize)) };
}

/** First byte and length of a part; parts count from 1. */
export function partRange(layout: PartLayout, number: number): { readonly start: number; readonly length: number } {
  const start = (number - 1) * layout.partSize;
  return { start, length: Math.min(layout.partSize, layout.size - start) };
}
