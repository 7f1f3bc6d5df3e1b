import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileChecksum } from "../../src/artifacts/file-checksum.js";
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
