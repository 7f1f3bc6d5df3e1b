import { readFileSync } from "node:fs";
import { startFaultProxy } from "../../../framework/object-storage/test/servers/fault-proxy.js";
import type { FaultProxy } from "../../../framework/object-storage/test/servers/fault-proxy.js";
import {
  failed,
  headOf,
  keysOf,
  noise,
  openBench,
  openUploads,
  stored,
  succeeded,
} from "../../../framework/object-storage/test/servers/bench.js";
import type { Bench } from "../../../framework/object-storage/test/servers/bench.js";
import {
  ENCRYPTING_STORE_NAMES,
  STORE_NAMES,
  startStore,
} from "../../../framework/object-storage/test/servers/stores.js";
import type { TestStore } from "../../../framework/object-storage/test/servers/stores.js";

const MIB = 1024 * 1024;
const KMS_KEY = "orders-key";

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STORE_NAMES)("encryption by a store that does not know it: %s", (name) => {
  let store: TestStore;
  // Stands before the real store, and only looks.
  let proxy: FaultProxy;
  beforeAll(async () => {
    store = await startStore(name);
    proxy = await startFaultProxy(store.endpoint);
  });
  afterAll(async () => {
    await proxy.stop();
    await store.stop();
  });
  const upload = (params: Record<string, unknown>) =>
    bench.run("s3-uploader", { ...store.parameters(proxy.endpoint), part_size: "5MiB", ...params });

  /** The encryption's headers of each request that has any, by what the request does. */
  const asked = (): Record<string, Record<string, unknown>> =>
    Object.fromEntries(
      proxy.seen.flatMap((request, index) => {
        const headers = Object.entries(proxy.seenHeaders[index] ?? {}).filter(([header]) =>
          header.startsWith("x-amz-server-side-encryption"),
        );
        const doing = request.replace(/\?.*(uploadId|partNumber|uploads|x-id=\w+).*$/, "?$1");
        return headers.length === 0 ? [] : [[doing, Object.fromEntries(headers)]];
      }),
    );

  test.each([
    ["AES256", { server_side_encryption: "AES256" }, { "x-amz-server-side-encryption": "AES256" }],
    ["aws:kms", { server_side_encryption: "aws:kms" }, { "x-amz-server-side-encryption": "aws:kms" }],
    [
      "a key of KMS",
      { server_side_encryption: "aws:kms", kms_key_id: KMS_KEY },
      { "x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KMS_KEY },
    ],
    ["aws:kms:dsse", { server_side_encryption: "aws:kms:dsse" }, { "x-amz-server-side-encryption": "aws:kms:dsse" }],
  ])(
    "%s is asked for where an object begins, and nowhere else; that it is ignored is told",
    async (_what, params, headers) => {
      proxy.use(() => undefined);
      const small = bench.file("wire/small.txt", "small");
      const large = bench.file("wire/large.bin", noise(6 * MIB));
      const envelope = succeeded(await upload({ input_path: [small, large], overwrite: "always", ...params }));
      // PutObject and CreateMultipartUpload take these headers; UploadPart and CompleteMultipartUpload refuse them at AWS.
      expect(asked()).toEqual({
        "PUT /test/small.txt?x-id=PutObject": headers,
        "POST /test/large.bin?uploads": headers,
      });
      expect(envelope.status).toBe("warning");
      expect(envelope.warnings.join()).toMatch(
        /did not encrypt 2 of 2 objects as asked, for example s3:\/\/test\/(small\.txt|large\.bin): asked for (AES256|aws:kms)/,
      );
      const manifest = readFileSync(envelope.artifacts["manifest"] ?? "", "utf8");
      expect(manifest.match(/"unencrypted": "asked for /g)).toHaveLength(2);
    },
  );

  test("nothing is asked for, and nothing told, when nobody wants it", async () => {
    proxy.use(() => undefined);
    const input_path = bench.file("plain.txt", "plain");
    const envelope = succeeded(await upload({ input_path, on_unencrypted: "fail" }));
    expect(envelope.status).toBe("success");
    expect(asked()).toEqual({});
  });

  test("on_unencrypted: fail takes away what must not stand there in the clear", async () => {
    proxy.use(() => undefined);
    const encrypted = { server_side_encryption: "AES256", on_unencrypted: "fail" };
    for (const content of ["small", noise(6 * MIB)]) {
      const input_path = bench.file("secret.bin", content);
      const message = failed(await upload({ input_path, prefix: "secret/", ...encrypted }));
      expect(message).toMatch(/^30 S3_UNENCRYPTED: .*s3:\/\/test\/secret\/secret\.bin .*it was taken away again/);
      expect(await keysOf(store, "secret/")).toEqual([]);
      expect(await openUploads(store, "secret/")).toEqual([]);
    }
  });
});

if (ENCRYPTING_STORE_NAMES.length > 0)
  describe.each(ENCRYPTING_STORE_NAMES)("encryption by %s", (name) => {
    let store: TestStore;
    beforeAll(async () => {
      store = await startStore(name);
    });
    afterAll(async () => {
      await store.stop();
    });

    test.each([
      ["AES256", { server_side_encryption: "AES256" }],
      ["aws:kms", { server_side_encryption: "aws:kms", kms_key_id: KMS_KEY }],
    ])("%s: kept encrypted, in one piece and in parts, and the same again", async (encryption, params) => {
      const large = noise(11 * MIB + 3);
      const input_path = [bench.file("kept/small.txt", "small"), bench.file("kept/large.bin", large)];
      const prefix = `${encryption.replaceAll(":", "-")}/`;
      const upload = () =>
        bench.run("s3-uploader", {
          ...store.parameters(),
          input_path,
          prefix,
          part_size: "5MiB",
          on_unencrypted: "fail",
          ...params,
        });
      expect(succeeded(await upload()).status).toBe("success");
      for (const key of ["small.txt", "large.bin"]) {
        const head = await headOf(store, prefix + key);
        expect(head.ServerSideEncryption).toBe(encryption);
        if ("kms_key_id" in params) expect(head.SSEKMSKeyId).toContain(KMS_KEY);
      }
      expect((await stored(store, `${prefix}small.txt`)).toString()).toBe("small");
      expect((await stored(store, `${prefix}large.bin`)).equals(large)).toBe(true);
      expect(succeeded(await upload()).metrics).toMatchObject({ files_written: 0, files_skipped: 2 });
      const output_path = `${bench.folder}/back-${prefix}`;
      succeeded(await bench.run("s3-downloader", { ...store.parameters(), prefix, output_path }));
      expect(readFileSync(`${output_path}large.bin`).equals(large)).toBe(true);
    });
  });
