import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { fileChecksum, GrowingChecksum } from "../../src/artifacts/file-checksum.js";
import { temporaryWorkPath } from "../support/temporary-work-path.js";

const work = temporaryWorkPath();

it.each([0, 1, 1_048_576, 2_500_001])("gives the SHA-256 of a file of %i bytes", async (bytes) => {
  const content = Buffer.alloc(bytes, "abc");
  const file = path.join(work(), "file");
  writeFileSync(file, content);
  expect(await fileChecksum(file)).toBe(createHash("sha256").update(content).digest("hex"));
});

it("says which file cannot be read, and ends with the signal's reason", async () => {
  await expect(fileChecksum(path.join(work(), "none"))).rejects.toMatchObject({ code: "DATAPY_FILE_FAILED" });
  const reason = new Error("enough");
  await expect(fileChecksum(path.join(work(), "none"), AbortSignal.abort(reason))).rejects.toBe(reason);
});

const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

describe("of a file that grows", () => {
  it("is that of the whole file, also when that gets its final name meanwhile", async () => {
    const file = path.join(work(), "growing");
    const checksum = new GrowingChecksum(file);
    checksum.follow();
    writeFileSync(file, "");
    for (let piece = 0; piece < 12; piece += 1) {
      appendFileSync(file, Buffer.alloc(1_000_003 + piece, `piece ${String(piece)}`));
      await pause(20);
    }
    const finishing = checksum.finish();
    renameSync(file, `${file}.final`);
    expect(await finishing).toBe(sha256(`${file}.final`));
  });

  it("holds for a Parquet file while DuckDB writes it", async () => {
    const file = path.join(work(), "rows.parquet");
    const checksum = new GrowingChecksum(file);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    checksum.follow();
    await connection.run(
      `copy (select i, md5(i::varchar) as text, [i, i + 1] as list from range(2_000_000) t(i)) to '${file}' (format parquet, use_tmp_file false, return_stats)`,
    );
    connection.closeSync();
    instance.closeSync();
    expect(await checksum.finish()).toBe(sha256(file));
  });

  it("may be given up, and tells when there is no file", async () => {
    const checksum = new GrowingChecksum(path.join(work(), "none"));
    checksum.follow();
    await pause(80);
    await expect(checksum.finish()).rejects.toMatchObject({ code: "DATAPY_FILE_FAILED" });
    await checksum.cancel();
  });
});
