import { crc32 as reference } from "node:zlib";
import fc from "fast-check";
import { combineCrc32, crc32, crc32Text } from "../src/crc32.js";

test("the CRC-32 of two pieces is that of the whole", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (one, other) => {
      expect(combineCrc32(crc32(one), crc32(other), other.length)).toBe(reference(Buffer.concat([one, other])));
    }),
  );
  // Far more than what fits into 32 bits of length.
  expect(combineCrc32(0, 0, 2 ** 40)).toBe(0);
});

test("as S3 writes it", () => {
  expect(crc32Text(crc32(Buffer.from("123456789")))).toBe(Buffer.from("cbf43926", "hex").toString("base64"));
});
