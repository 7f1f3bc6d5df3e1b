import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { GetObjectTaggingCommand } from "@aws-sdk/client-s3";
import {
  failed,
  headOf,
  keysOf,
  noise,
  openBench,
  openUploads,
  put,
  stored,
  succeeded,
} from "../../../framework/object-storage/test/servers/bench.js";
import type { Bench } from "../../../framework/object-storage/test/servers/bench.js";
import { STORE_NAMES, startStore } from "../../../framework/object-storage/test/servers/stores.js";
import type { TestStore } from "../../../framework/object-storage/test/servers/stores.js";

const MIB = 1024 * 1024;

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STORE_NAMES)("uploads to %s", (name) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await startStore(name);
  });
  afterAll(async () => {
    await store.stop();
  });
  const upload = (params: Record<string, unknown>) => bench.run("s3-uploader", { ...store.parameters(), ...params });

  test("a small file, a large one in parts, an empty one: equal, verified, told", async () => {
    const large = noise(11 * MIB + 3);
    bench.file("in/small.csv", "id,name\n1,Ann\n");
    bench.file("in/deep/er/large.bin", large);
    bench.file("in/empty.txt", "");
    const envelope = succeeded(
      await upload({ input_path: path.join(bench.folder, "in"), prefix: "all/", part_size: "5MiB" }),
    );
    expect(await keysOf(store, "all/")).toEqual(["all/deep/er/large.bin", "all/empty.txt", "all/small.csv"]);
    expect((await stored(store, "all/deep/er/large.bin")).equals(large)).toBe(true);
    expect((await stored(store, "all/small.csv")).toString()).toBe("id,name\n1,Ann\n");
    expect((await stored(store, "all/empty.txt")).length).toBe(0);
    expect((await headOf(store, "all/small.csv")).ContentType).toBe("text/csv");
    expect(envelope.metrics).toMatchObject({
      files_read: 3,
      files_written: 3,
      files_skipped: 0,
      bytes_written: large.length + 14,
      parts_written: 5,
    });
    expect(await openUploads(store, "")).toEqual([]);
    const manifest = JSON.parse(readFileSync(envelope.artifacts["manifest"] ?? "", "utf8")) as Record<
      string,
      unknown
    >[];
    expect(manifest.map((one) => [one["key"], one["status"], one["verified_by"]])).toEqual([
      ["all/deep/er/large.bin", "written", store.modern ? "crc32" : "md5"],
      ["all/empty.txt", "written", store.modern ? "crc32" : "md5"],
      ["all/small.csv", "written", store.modern ? "crc32" : "md5"],
    ]);
    // Every multipart upload carries a checksum of the whole where the store knows such.
    if (store.modern) expect((await headOf(store, "all/deep/er/large.bin")).ChecksumType).toBe("FULL_OBJECT");
  });

  test("the same content again is skipped, other content of the same size is not", async () => {
    const file = bench.file("again/data.bin", noise(6 * MIB));
    const small = bench.file("again/small.txt", "one");
    const params = {
      input_path: path.join(bench.folder, "again"),
      prefix: "again/",
      part_size: "5MiB",
      metadata: { Owner: "sales" },
    };
    expect(succeeded(await upload(params)).metrics).toMatchObject({ files_written: 2 });
    // The time of a file says nothing of its content.
    utimesSync(file, new Date(), new Date());
    expect(succeeded(await upload(params)).metrics).toMatchObject({
      files_written: 0,
      files_skipped: 2,
      bytes_written: 0,
    });
    // Also when it is cut in other parts now.
    expect(succeeded(await upload({ ...params, part_size: "16MiB" })).metrics).toMatchObject({
      files_skipped: 2,
    });
    writeFileSync(small, "two");
    expect(succeeded(await upload(params)).metrics).toMatchObject({ files_written: 1 });
    expect((await stored(store, "again/small.txt")).toString()).toBe("two");
    expect(succeeded(await upload({ ...params, metadata: { owner: "finance" } })).metrics).toMatchObject({
      files_written: 2,
    });
    expect((await headOf(store, "again/small.txt")).Metadata).toEqual({ owner: "finance" });
    expect(
      succeeded(await upload({ ...params, metadata: { owner: "finance" }, overwrite: "always" })).metrics,
    ).toMatchObject({ files_written: 2 });
  });

  test("`never` leaves other content alone and fails, `skip` leaves it and goes on", async () => {
    await put(store, "kept/a.txt", "theirs");
    const input_path = bench.file("kept/a.txt", "ours");
    bench.file("kept/b.txt", "new");
    const refused = failed(
      await upload({ input_path: path.join(bench.folder, "kept"), prefix: "kept/", overwrite: "never" }),
    );
    expect(refused).toMatch(/^30 S3_EXISTS: s3:\/\/test\/kept\/a\.txt exists already/);
    expect(await keysOf(store, "kept/")).toEqual(["kept/a.txt"]);
    expect(succeeded(await upload({ input_path, prefix: "kept/", overwrite: "skip" })).metrics).toMatchObject({
      files_skipped: 1,
    });
    expect((await stored(store, "kept/a.txt")).toString()).toBe("theirs");
    await put(store, "kept/same.txt", "ours");
    expect(
      succeeded(await upload({ input_path, prefix: "kept/", key: "same.txt", overwrite: "never" })).metrics,
    ).toMatchObject({ files_skipped: 1 });
  });

  test("attributes: type, metadata, tags; a marker comes last", async () => {
    const input_path = bench.file("attributes/report.html", "<p>");
    succeeded(
      await upload({
        input_path,
        output_path: "s3://test/attributes/{not a template}.html",
        bucket: undefined,
        metadata: { source: "crm" },
        ...(store.modern ? { tags: { team: "data + co", "a=b": "1" } } : {}),
        content_type: "text/html; charset=utf-8",
      }),
    );
    const key = "attributes/{not a template}.html";
    expect(await headOf(store, key)).toMatchObject({
      ContentType: "text/html; charset=utf-8",
      Metadata: { source: "crm" },
    });
    if (store.modern) {
      const { TagSet } = await store.client.send(new GetObjectTaggingCommand({ Bucket: "test", Key: key }));
      expect(TagSet).toEqual(
        expect.arrayContaining([
          { Key: "team", Value: "data + co" },
          { Key: "a=b", Value: "1" },
        ]),
      );
    }
    succeeded(
      await upload({
        input_path,
        prefix: "marked/",
        key_template: "{stem}-{date}.{extension}",
        success_marker: "_SUCCESS",
      }),
    );
    const keys = await keysOf(store, "marked/");
    expect(keys).toEqual(["marked/_SUCCESS", expect.stringMatching(/^marked\/report-\d{4}-\d\d-\d\d\.html$/)]);
  });

  test("a table of an earlier step: rows counted, lineage noted", async () => {
    const csv = bench.file("table.csv", "id,name\n1,Ann\n2,Bob\n");
    const table = succeeded(await bench.run("csv-reader", { input_path: csv })).artifacts["output_data"];
    const envelope = succeeded(await upload({ input_artifact: table, prefix: "tables/" }));
    expect(envelope.metrics).toMatchObject({ rows_output: 2, files_written: 1 });
    expect(envelope.artifacts["output_uri"]).toBe("s3://test/tables/output_data.parquet");
    expect((await stored(store, "tables/output_data.parquet")).equals(readFileSync(table ?? ""))).toBe(true);
  });

  test("checksums: SHA-256, none, and read back", async () => {
    const input_path = bench.file("sums.bin", noise(6 * MIB, "sums"));
    for (const params of [{ checksum: "sha256" }, { checksum: "none" }, { verify: "read_back" }]) {
      const envelope = succeeded(
        await upload({ input_path, prefix: "sums/", part_size: "5MiB", overwrite: "always", ...params }),
      );
      const [line] = JSON.parse(readFileSync(envelope.artifacts["manifest"] ?? "", "utf8")) as Record<
        string,
        unknown
      >[];
      const by = "verify" in params ? "read_back" : params.checksum === "sha256" && store.modern ? "sha256" : "md5";
      expect(line?.["verified_by"]).toBe(by);
    }
  });

  test("what cannot work is refused before anything is written", async () => {
    const input_path = bench.file("refused/a.txt", "a");
    bench.file("refused/sub/a.txt", "other");
    const folder = path.join(bench.folder, "refused");
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ input_path, bucket: "no-such-bucket" }, /^20 S3_BUCKET_MISSING/],
      [{ input_path: path.join(folder, "missing.txt") }, /^20 S3_FILE: .*missing\.txt/],
      [{ input_path: path.join(folder, "*.csv") }, /^20 S3_EMPTY/],
      [{ input_path, key: "../up.txt", prefix: "p/" }, /^20 S3_KEY_UNSAFE/],
      [{ input_path, key: "%2e%2e%2fup.txt", prefix: "p/" }, /^20 S3_KEY_UNSAFE/],
      [{ input_path, key: "/abs.txt" }, /^20 S3_KEY_UNSAFE/],
      [{ input_path, key_template: "{nmae}" }, /^20 S3_TEMPLATE_INVALID: .*did you mean \{name\}/],
      [{ input_path: folder, key_template: "{name}" }, /^20 S3_NAME_COLLISION/],
      [{ input_path: folder, key: "one" }, /^20 S3_INPUT_INVALID/],
      [
        { input_path, tags: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${String(i)}`, "x"])) },
        /^20 S3_INPUT_INVALID/,
      ],
      [{ input_path, metadata: { name: "Zoë" } }, /^20 S3_INPUT_INVALID/],
      [{ input_path, kms_key_id: "k" }, /^20 S3_INPUT_INVALID/],
      [{ input_path, access_key_id: "WRONG" }, /^30 S3_(CREDENTIALS|ACCESS_DENIED)/],
      // s3rver looks at no signature.
      ...(store.modern
        ? [
            [{ input_path, secret_access_key: "wrong" }, /^30 S3_(CREDENTIALS|ACCESS_DENIED)/] as [
              Record<string, unknown>,
              RegExp,
            ],
          ]
        : []),
      [{ input_path, endpoint_url: "http://127.0.0.1:1", max_retries: 0 }, /^30 S3_CONNECT/],
    ];
    for (const [params, expected] of cases) {
      const message = failed(await upload(params));
      expect(message).toMatch(expected);
      expect(message).not.toContain(store.secretAccessKey === "S3RVER" ? "\0" : store.secretAccessKey);
    }
    expect(succeeded(await upload({ input_path: path.join(folder, "*.csv"), on_empty: "warn" })).status).toBe(
      "warning",
    );
    expect(await keysOf(store, "p/")).toEqual([]);
  });
});
