import fc from "fast-check";
import { isPattern, matcherOf, patternPrefix } from "../src/glob-pattern.js";
import { mapError } from "../src/map-error.js";
import { layoutParts, partRange } from "../src/part-layout.js";
import { locationUri, parseStorageUri, showLocation } from "../src/storage-uri.js";

test("addresses: the key is taken letter for letter", () => {
  expect(parseStorageUri("s3://bucket/a b/%20?x#y")).toEqual({ bucket: "bucket", key: "a b/%20?x#y" });
  expect(parseStorageUri("S3A://bucket")).toEqual({ bucket: "bucket", key: "" });
  expect(parseStorageUri("s3://bucket//a")).toEqual({ bucket: "bucket", key: "/a" });
  for (const uri of ["s3:///a", "http://b/a", "s3://a..b/c", "s3://-/x", "s3://b c/d"])
    expect(() => parseStorageUri(uri)).toThrow();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (key) => {
      expect(parseStorageUri(showLocation({ bucket: "bucket", key }))).toEqual({ bucket: "bucket", key });
      const { pathname, search, hash } = new URL(
        locationUri({ bucket: "bucket", key: `x${key.replace(/[./\\]/g, "")}` }),
      );
      expect([decodeURIComponent(pathname), search, hash]).toEqual([`/x${key.replace(/[./\\]/g, "")}`, "", ""]);
    }),
  );
});

test("patterns", () => {
  expect(["a*", "a?", "[ab]", "{a,b}", "a{b}", "plain"].map(isPattern)).toEqual([true, true, true, true, false, false]);
  expect(patternPrefix("in/2024-*/x")).toBe("in/2024-");
  for (const [pattern, yes, no] of [
    ["*.csv", ["a.csv", ".b.csv"], ["a/b.csv", "a.csv2"]],
    ["**/*.csv", ["a.csv", "a/b/c.csv"], ["a.txt"]],
    ["a/**", ["a/b", "a/b/c"], ["b/a"]],
    ["!a", ["!a"], ["b"]],
    ["{a,b}/[0-9]?.x", ["a/1q.x", "b/22.x"], ["c/11.x", "a/1.x"]],
  ] as const) {
    const matches = matcherOf(pattern);
    expect([pattern, yes.filter((one) => !matches(one)), no.filter(matches)]).toEqual([pattern, [], []]);
  }
});

test("parts: as wanted, larger where there would be too many, and they make up the file", () => {
  expect(layoutParts(0, 1)).toMatchObject({ count: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 * 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 30 }), (size, wanted) => {
      const layout = layoutParts(size, wanted);
      expect(layout.count).toBeLessThanOrEqual(10_000);
      expect(layout.partSize).toBeGreaterThanOrEqual(5 * 2 ** 20);
      const last = partRange(layout, layout.count);
      expect(last.length).toBeGreaterThan(0);
      expect(last.start + last.length).toBe(size);
    }),
  );
});

test.each([
  [{ name: "SlowDown", $metadata: { httpStatusCode: 503 } }, "S3_SERVER", true],
  [{ name: "InternalError", $metadata: { httpStatusCode: 500 } }, "S3_SERVER", true],
  [{ name: "TooManyRequests", $metadata: { httpStatusCode: 429 } }, "S3_SERVER", true],
  [{ name: "NotImplemented", $metadata: { httpStatusCode: 501 } }, "S3_UNSUPPORTED", false],
  [{ name: "NoSuchBucket", $metadata: { httpStatusCode: 404 } }, "S3_BUCKET_MISSING", false],
  [{ name: "AccessDenied", $metadata: { httpStatusCode: 403 } }, "S3_ACCESS_DENIED", false],
  [{ name: "403", $metadata: { httpStatusCode: 403 } }, "S3_ACCESS_DENIED", false],
  [{ name: "SignatureDoesNotMatch", $metadata: { httpStatusCode: 403 } }, "S3_CREDENTIALS", false],
  [
    { name: "CredentialsProviderError", message: "Could not load credentials from any providers" },
    "S3_CREDENTIALS",
    false,
  ],
  [{ name: "PermanentRedirect", $metadata: { httpStatusCode: 301 } }, "S3_REGION", false],
  [{ name: "RequestTimeTooSkewed", $metadata: { httpStatusCode: 403 } }, "S3_CLOCK", false],
  [{ name: "BadDigest", $metadata: { httpStatusCode: 400 } }, "S3_CHECKSUM", true],
  [{ name: "InvalidObjectState", $metadata: { httpStatusCode: 403 } }, "S3_ARCHIVED", false],
  [{ name: "Error", code: "ECONNREFUSED", message: "connect ECONNREFUSED" }, "S3_CONNECT", true],
  [{ name: "TimeoutError", message: "socket hang up" }, "S3_CONNECT", true],
  [{ name: "MalformedXML", $metadata: { httpStatusCode: 400 } }, "S3_REQUEST", false],
])("%j is %s", (error, code, retryable) => {
  expect(mapError(error, { doing: "x", store: "y", bucket: "b", what: "s3://b/k" })).toMatchObject({
    code,
    retryable,
    cause: error,
  });
});
