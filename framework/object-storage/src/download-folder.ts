import { randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isGone, ownProcess } from "./owner-process.js";
import type { OwnerProcess } from "./owner-process.js";

const PREFIX = ".datapy-download-";
const OWNER = "owner.json";
/** What another host has begun counts as left behind after so long, in milliseconds. */
const SILENCE_MS = 7 * 86_400_000;

interface Owner extends OwnerProcess {
  readonly at: number;
  /** Its own run has given it up. */
  readonly abandoned?: boolean;
}

/**
 * A folder beside the files that a run downloads, in which they grow until they are whole. A run takes over the folders of runs that were
 * killed or gave up, so that what they had is not fetched again.
 */
export class DownloadFolder {
  readonly path: string;
  /** Folders of earlier runs, now this run's. */
  readonly #left: readonly string[];

  private constructor(folder: string, left: readonly string[]) {
    this.path = folder;
    this.#left = left;
  }

  /** Opens one below `root`, which is made when it is not there. Without `resume` what earlier runs have left is removed. */
  static async open(root: string, resume: boolean): Promise<DownloadFolder> {
    await mkdir(root, { recursive: true });
    const left: string[] = [];
    for (const name of await readdir(root)) {
      if (!name.startsWith(PREFIX)) continue;
      const folder = path.join(root, name);
      if (!(await isLeft(folder))) continue;
      const own = await claim(folder, newFolder(root));
      if (own === undefined) continue;
      if (resume) left.push(own);
      else await rm(own, { recursive: true, force: true });
    }
    const folder = newFolder(root);
    await mkdir(folder);
    await writeOwner(folder, {});
    return new DownloadFolder(folder, left);
  }

  /** Path of the growing file of that name, moved here from an earlier run's folder where that has one. */
  async place(name: string): Promise<string> {
    const file = path.join(this.path, name);
    for (const folder of this.#left) {
      try {
        await rename(path.join(folder, `${name}.json`), `${file}.json`);
        await rename(path.join(folder, name), file);
        return file;
      } catch {
        // It has none.
      }
    }
    return file;
  }

  /** Removes it, and what earlier runs had left. With `keep` it stays for the next run. */
  async close(keep: boolean): Promise<void> {
    for (const folder of this.#left) await rm(folder, { recursive: true, force: true });
    if (keep && (await readdir(this.path)).some((name) => name !== OWNER && name.endsWith(".json"))) {
      await writeOwner(this.path, { abandoned: true });
      return;
    }
    await rm(this.path, { recursive: true, force: true });
  }
}

function newFolder(root: string): string {
  return path.join(root, PREFIX + randomBytes(6).toString("hex"));
}

async function writeOwner(folder: string, more: { readonly abandoned?: boolean }): Promise<void> {
  const owner: Owner = { ...ownProcess(), at: Date.now(), ...more };
  await writeFile(path.join(folder, OWNER), JSON.stringify(owner));
}

async function isLeft(folder: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(path.join(folder, OWNER), "utf8")) as Owner;
    return owner.abandoned === true || isGone(owner, owner.at, SILENCE_MS);
  } catch {
    // Another run has taken it, or is just making it.
    return false;
  }
}

async function claim(folder: string, own: string): Promise<string | undefined> {
  try {
    await rename(folder, own);
    await writeOwner(own, {});
    return own;
  } catch {
    return undefined;
  }
}
