import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { withLock } from "../../src/locks/with-lock.js";

test("who waits for a lock in vain is told what is held, by whom, and in which file", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-lock-"));
  const file = path.join(folder, "held.lock");
  try {
    await withLock(file, "the bookmarks", async () => {
      await expect(withLock(file, "the bookmarks", () => Promise.resolve(), 0)).rejects.toMatchObject({
        code: "DATAPY_LOCK_HELD",
        exitCode: 30,
        retryable: true,
        message: expect.stringMatching(`^the bookmarks are held by .*${String(process.pid)}`) as string,
        hint: expect.stringContaining(file) as string,
      });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
