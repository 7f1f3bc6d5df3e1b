import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { runMod } from "@datapy/sdk";
import {
  failed,
  keysOf,
  modEntry,
  noise,
  openBench,
  openUploads,
  put,
  stored,
  succeeded,
} from "../../../framework/object-storage/test/servers/bench.js";
import type { Bench } from "../../../framework/object-storage/test/servers/bench.js";
import { startFaultProxy } from "../../../framework/object-storage/test/servers/fault-proxy.js";
import type { FaultProxy } from "../../../framework/object-storage/test/servers/fault-proxy.js";
import { startMod } from "../../../framework/object-storage/test/servers/mod-process.js";
import { STORE_NAMES, startStore } from "../../../framework/object-storage/test/servers/stores.js";
import type { TestStore } from "../../../framework/object-storage/test/servers/stores.js";

const MIB = 1024 * 1024;
const CONTENT = noise(11 * MIB + 1, "faults");

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STORE_NAMES)("uploads to %s that go wrong", (name) => {
  let store: TestStore;
  let proxy: FaultProxy;
  let file: string;
  beforeAll(async () => {
    store = await startStore(name);
    proxy = await startFaultProxy(store.endpoint);
    file = bench.file("data.bin", CONTENT);
  });
  beforeEach(() => proxy.use(() => undefined));
  afterAll(async () => {
    await proxy.stop();
    await store.stop();
  });

  const params = (key: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...store.parameters(proxy.endpoint),
    input_path: file,
    key,
    part_size: "5MiB",
    max_retries: 1,
    ...more,
  });
  const upload = (key: string, more: Record<string, unknown> = {}) => bench.run("s3-uploader", params(key, more));
  const partsSeen = (): string[] => proxy.seen.filter((one) => one.startsWith("PUT") && one.includes("partNumber"));
  const journal = (): string[] => {
    const state = path.join(bench.work, "state");
    return readdirSync(state, { recursive: true, encoding: "utf8" }).filter((one) => /\.journal.+\.json/.test(one));
  };

  /** Kills an upload for real when `part` parts have come through. */
  const killed = async (key: string, part: number): Promise<void> => {
    let passed = 0;
    let enough: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (enough = resolve));
    proxy.use(({ method, part: number }) => {
      if (method !== "PUT" || number === undefined) return undefined;
      passed += 1;
      if (passed <= part) return undefined;
      enough();
      // What comes after is never answered.
      return { wait: () => new Promise(() => undefined) };
    });
    const { child, ended } = startMod(bench, "s3-uploader", params(key, { concurrency: 1 }));
    await reached;
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    proxy.use(() => undefined);
  };

  test("killed in the middle: nothing visible; the next run goes on with the parts that are there", async () => {
    await killed("killed", 2);
    expect(await keysOf(store, "killed")).toEqual([]);
    expect(await openUploads(store, "killed")).toEqual(["killed"]);
    const envelope = succeeded(await upload("killed"));
    expect(envelope.metrics).toMatchObject({ parts_resumed: 2, parts_written: 1 });
    expect(partsSeen()).toHaveLength(1);
    expect((await stored(store, "killed")).equals(CONTENT)).toBe(true);
    expect(await openUploads(store, "")).toEqual([]);
    expect(journal()).toEqual([]);
  });

  test("killed, and the file is another by then: its parts are taken away, nothing of them gets in", async () => {
    await killed("changed", 2);
    const other = Buffer.from(CONTENT);
    other[3] = (other[3] ?? 0) ^ 1;
    writeFileSync(file, other);
    expect(succeeded(await upload("changed")).metrics).toMatchObject({ parts_resumed: 0, parts_written: 3 });
    expect((await stored(store, "changed")).equals(other)).toBe(true);
    expect(await openUploads(store, "")).toEqual([]);
    writeFileSync(file, CONTENT);
  });

  test("killed, and the next run has other work: it takes away what was left", async () => {
    await killed("left", 1);
    const small = bench.file("small.txt", "small");
    expect(succeeded(await upload("else", { input_path: small })).metrics).toMatchObject({ uploads_cleared: 1 });
    expect(await openUploads(store, "")).toEqual([]);
    expect(journal()).toEqual([]);
  });

  test("without `resume` a killed run's parts are taken away", async () => {
    await killed("anew", 1);
    expect(succeeded(await upload("anew", { resume: false })).metrics).toMatchObject({
      parts_resumed: 0,
      parts_written: 3,
    });
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("a part that fails once is sent again; one that fails for good aborts the upload", async () => {
    proxy.use(({ part, count }) => (part === 3 && count === 1 ? { status: 503, code: "SlowDown" } : undefined));
    succeeded(await upload("again"));
    expect((await stored(store, "again")).equals(CONTENT)).toBe(true);
    proxy.use(({ part }) => (part === 3 ? { status: 500, code: "InternalError" } : undefined));
    expect(failed(await upload("never"))).toMatch(/^30 S3_SERVER: .*part 3 of s3:\/\/test\/never.*InternalError/);
    expect(await keysOf(store, "never")).toEqual([]);
    expect(await openUploads(store, "")).toEqual([]);
    expect(journal()).toEqual([]);
  });

  test("a part that did not arrive as it was sent is sent again, then given up", async () => {
    const lie = {
      etag: '"00000000000000000000000000000000"',
      "x-amz-checksum-crc32": store.modern ? "AAAAAA==" : undefined,
    };
    proxy.use(({ part, count }) => (part === 2 && count === 1 ? { headers: lie } : undefined));
    succeeded(await upload("lied"));
    expect(partsSeen()).toHaveLength(4);
    proxy.use(({ part }) => (part === 2 ? { headers: lie } : undefined));
    expect(failed(await upload("liar"))).toMatch(/^30 S3_CHECKSUM: part 2 of s3:\/\/test\/liar is not what was sent/);
    expect(await keysOf(store, "liar")).toEqual([]);
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("the answer to the last request is lost: the object counts, and is not sent twice", async () => {
    proxy.use(({ method, url, count }) =>
      method === "POST" && url.searchParams.has("uploadId") && count === 1 ? { hangUp: "after" } : undefined,
    );
    const envelope = await upload("lost");
    // s3rver's ETags do not tell of parts, so that the object cannot be told from another's: the run fails, and the next finds it done.
    if (store.modern) succeeded(envelope);
    else expect(failed(envelope)).toContain("NoSuchUpload");
    expect((await stored(store, "lost")).equals(CONTENT)).toBe(true);
    proxy.use(() => undefined);
    expect(succeeded(await upload("lost")).metrics).toMatchObject({ files_skipped: 1 });
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("the answer to the first request is lost: what it began is found and taken away", async () => {
    proxy.use(({ method, url }) =>
      method === "POST" && url.searchParams.has("uploads") ? { hangUp: "after" } : undefined,
    );
    expect(failed(await upload("unborn"))).toMatch(/^30 S3_CONNECT/);
    expect(await openUploads(store, "")).toEqual([]);
    expect(journal()).toEqual([]);
  });

  test("canceled in the middle: aborted, nothing visible", async () => {
    const controller = new AbortController();
    proxy.use(({ part }) => {
      if (part === 3) controller.abort();
      return undefined;
    });
    const envelope = await runMod(modEntry("s3-uploader"), params("canceled"), { signal: controller.signal });
    expect(failed(envelope)).toMatch(/^50 DATAPY_CANCELED/);
    expect(await keysOf(store, "canceled")).toEqual([]);
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("an upload that cannot be aborted now is taken away by the next run", async () => {
    proxy.use(({ method, part }) =>
      part === 2 || method === "DELETE" ? { status: 500, code: "InternalError" } : undefined,
    );
    failed(await upload("stuck"));
    expect(await openUploads(store, "")).toEqual(["stuck"]);
    expect(journal()).toHaveLength(1);
    proxy.use(() => undefined);
    succeeded(await upload("other", { input_path: bench.file("small2.txt", "x") }));
    expect(await openUploads(store, "")).toEqual([]);
    expect(journal()).toEqual([]);
  });

  test("one of many files fails: none is visible", async () => {
    bench.file("many/a.txt", "a");
    bench.file("many/b.bin", CONTENT);
    bench.file("many/c.bin", noise(6 * MIB, "c"));
    proxy.use(({ url, part }) =>
      url.pathname.endsWith("b.bin") && part === 3 ? { status: 500, code: "InternalError" } : undefined,
    );
    failed(
      await upload("", {
        key: undefined,
        input_path: path.join(bench.folder, "many"),
        prefix: "many/",
        success_marker: "_SUCCESS",
      }),
    );
    expect(await keysOf(store, "many/")).toEqual([]);
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("a file that changes while it is sent is refused", async () => {
    const moving = bench.file("moving.bin", CONTENT);
    let wrote = false;
    proxy.use(({ part }) => {
      if (part !== undefined && !wrote) {
        wrote = true;
        writeFileSync(moving, noise(11 * MIB + 1, "moved"));
      }
      return undefined;
    });
    expect(failed(await upload("moving", { input_path: moving, concurrency: 1 }))).toMatch(/^30 S3_FILE_CHANGED/);
    expect(await keysOf(store, "moving")).toEqual([]);
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("`never`: an object that comes meanwhile is not overwritten", async () => {
    proxy.use(({ method, url }) =>
      method === "POST" && url.searchParams.has("uploadId") ? { wait: () => put(store, "race", "theirs") } : undefined,
    );
    expect(failed(await upload("race", { overwrite: "never" }))).toMatch(/^30 S3_EXISTS/);
    expect((await stored(store, "race")).toString()).toBe("theirs");
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("a store that refuses checksums gets none", async () => {
    proxy.use(({ method, url }) =>
      method === "POST" &&
      url.searchParams.has("uploads") &&
      proxy.seen.filter((one) => one.includes("?uploads")).length === 1
        ? { status: 501, code: "NotImplemented" }
        : undefined,
    );
    const envelope = succeeded(await upload("plain"));
    const [line] = JSON.parse(readFileSync(envelope.artifacts["manifest"] ?? "", "utf8")) as Record<string, unknown>[];
    expect(line?.["verified_by"]).toBe("md5");
  });

  test("uploads of the same key that nobody knows are aborted when they are old", async () => {
    await store.client.send(new CreateMultipartUploadCommand({ Bucket: "test", Key: "foreign" }));
    succeeded(await upload("foreign"));
    expect(await openUploads(store, "")).toEqual(["foreign"]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    succeeded(await upload("foreign", { overwrite: "always", abandoned_after: "1s" }));
    expect(await openUploads(store, "")).toEqual([]);
  });

  test("two runs at once of the same key: both succeed, the object is whole", async () => {
    const results = await Promise.all([
      upload("twice", { overwrite: "always" }),
      upload("twice", { overwrite: "always" }),
    ]);
    for (const one of results) succeeded(one);
    expect((await stored(store, "twice")).equals(CONTENT)).toBe(true);
    expect(await openUploads(store, "")).toEqual([]);
  });
});
