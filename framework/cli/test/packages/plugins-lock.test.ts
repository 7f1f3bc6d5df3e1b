import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { withPluginsLock } from "../../src/packages/plugins-lock.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a command that waits for another in vain says which process holds the lock, and the file", async () => {
  await withPluginsLock(folder, async () => {
    await expect(withPluginsLock(folder, () => Promise.resolve(), { waitMs: 0 })).rejects.toMatchObject({
      code: "DATAPY_PLUGINS_BUSY",
      exitCode: 30,
      message: expect.stringContaining(String(process.pid)) as string,
      hint: expect.stringContaining(path.join(folder, ".plugins.lock")) as string,
    });
  });
});

test("a data directory that cannot be made says why in words", async () => {
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  await expect(withPluginsLock(path.join(file, "below"), () => Promise.resolve())).rejects.toMatchObject({
    code: "DATAPY_PLUGINS_DIRECTORY",
    message: `the data directory ${path.join(file, "below")} cannot be used: a part of its path is a file, not a folder`,
  });
});
