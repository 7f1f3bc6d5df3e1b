import zlib from "node:zlib";

/** Reversed polynomial of CRC-32 (ISO-HDLC), as in gzip, zip and S3. */
const POLYNOMIAL = 0xedb88320;

/** CRC-32 of bytes, going on from `before`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return zlib.crc32(bytes, before);
}

/** As S3 writes it: base64 of the four bytes, the highest first. */
export function crc32Text(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString("base64");
}

type Matrix = readonly number[];

function times(matrix: Matrix, vector: number): number {
  let sum = 0;
  for (let bits = vector, row = 0; bits !== 0; bits >>>= 1, row += 1) if ((bits & 1) === 1) sum ^= matrix[row] ?? 0;
  return sum >>> 0;
}

function square(matrix: Matrix): Matrix {
  return matrix.map((row) => times(matrix, row));
}

/**
 * CRC-32 of two pieces one after the other, from the CRC-32 of each and the length of the second in bytes. The register is moved on by
 * `length` zero bytes, by repeated squaring of the matrix over GF(2) that moves it by one bit: the method of zlib's `crc32_combine`.
 */
export function combineCrc32(first: number, second: number, length: number): number {
  if (length <= 0) return first >>> 0;
  // One zero bit.
  let operator: Matrix = Array.from({ length: 32 }, (_, row) => (row === 0 ? POLYNOMIAL : 2 ** (row - 1)));
  // Three squarings make the operator of a zero byte.
  for (let step = 0; step < 3; step += 1) operator = square(operator);
  let moved = first >>> 0;
  for (let bytes = length; bytes > 0; bytes = Math.floor(bytes / 2)) {
    if (bytes % 2 === 1) moved = times(operator, moved);
    operator = square(operator);
  }
  return (moved ^ second) >>> 0;
}
