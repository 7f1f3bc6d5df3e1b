import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { sweepTemporaryFolders, temporaryFolder } from "../../src/artifacts/temporary-folder.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "datapy-tmp-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A folder as another process would have made it. */
function folderOf(change: { readonly host?: string; readonly pid?: number; readonly start?: string }): string {
  const [host, pid, start] = path.basename(temporaryFolder(root, randomUUID()).path).split("-");
  const folder = path.join(
    root,
    "tmp",
    [change.host ?? host, change.pid ?? pid, change.start ?? start, randomUUID()].join("-"),
  );
  mkdirSync(path.join(folder, "run"), { recursive: true });
  writeFileSync(path.join(folder, "run", "half.parquet"), "x");
  return folder;
}

const deadPid = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

it("is there after make and gone after remove, in either way", async () => {
  const folder = temporaryFolder(root, randomUUID());
  expect(existsSync(folder.path)).toBe(false);
  writeFileSync(path.join(await folder.make(), "a"), "");
  await folder.remove();
  expect(existsSync(folder.path)).toBe(false);
  await folder.make();
  folder.removeSync();
  expect(existsSync(folder.path)).toBe(false);
});

it("is swept when its process is dead, or when the number of its process belongs to another one by now", async () => {
  folderOf({ pid: deadPid() });
  if (process.platform === "linux") folderOf({ start: "1" });
  await sweepTemporaryFolders(root);
  expect(await readdir(path.join(root, "tmp"))).toEqual([]);
});

it("is kept while its process lives, and on another machine for a week", async () => {
  const living = folderOf({});
  const foreign = folderOf({ host: "00000000", pid: deadPid() });
  const old = folderOf({ host: "00000000", pid: deadPid() });
  const lastMonth = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
  utimesSync(old, lastMonth, lastMonth);
  const notOurs = path.join(root, "tmp", "something-else");
  mkdirSync(notOurs);
  await sweepTemporaryFolders(root);
  expect([living, foreign, old, notOurs].map((folder) => existsSync(folder))).toEqual([true, true, false, true]);
});

it("needs nothing to be there", async () => {
  await sweepTemporaryFolders(path.join(root, "nowhere"));
});
