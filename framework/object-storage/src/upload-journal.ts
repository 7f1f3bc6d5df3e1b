import { createHash, randomBytes } from "node:crypto";
import { open, readFile, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { isGone, ownProcess } from "./owner-process.js";
import type { OwnerProcess } from "./owner-process.js";
import type { StorageLocation } from "./storage-uri.js";

/** An upload in parts that a run has begun: what another run needs to go on with it, or to take it away. */
export interface JournalEntry extends StorageLocation {
  readonly version: 1;
  /** Endpoint, or `Amazon S3`. */
  readonly store: string;
  /** Missing while the store has not answered yet. */
  readonly uploadId?: string;
  readonly partSize: number;
  readonly source: { readonly path: string; readonly size: number; readonly modified: number };
  /** Of everything that is fixed when an upload begins: attributes, algorithm. */
  readonly fingerprint: string;
  /** When the upload was to begin, in milliseconds since 1970. */
  readonly begun: number;
  readonly owner: OwnerProcess;
  /** When the owner took it, in milliseconds since 1970. */
  readonly at: number;
  /** Its own run has given up on it and could not take it away. */
  readonly abandoned?: boolean;
}

/** An entry and its file. */
export interface JournalRecord {
  readonly entry: JournalEntry;
  /** Changes it. Stands on the disk when this resolves. */
  update(change: Partial<Pick<JournalEntry, "uploadId" | "fingerprint" | "abandoned">>): Promise<void>;
  /** Takes it away: the upload is completed or aborted. */
  end(): Promise<void>;
}

/**
 * Journal of uploads in parts, a file each, in a folder that outlives the run. An entry is written before the upload begins and goes when
 * it has ended, so that what stands there and belongs to no living process was left behind by a killed one.
 */
export class UploadJournal {
  readonly #folder: string;
  readonly #store: string;
  /** Milliseconds after which what another host has begun counts as left behind. */
  readonly #silence: number;

  constructor(folder: string, store: string, silence: number) {
    this.#folder = folder;
    this.#store = store;
    this.#silence = silence;
  }

  /** Writes that an upload is about to begin. */
  async begin(entry: Omit<JournalEntry, "version" | "store" | "owner" | "at" | "begun">): Promise<JournalRecord> {
    const now = Date.now();
    const whole: JournalEntry = { version: 1, store: this.#store, owner: ownProcess(), begun: now, at: now, ...entry };
    const record = this.#record(this.#newFile(entry), whole);
    await record.update({});
    return record;
  }

  /** Takes over what killed runs have left behind at this store. What two runs want at once, one of them gets. */
  async claim(wanted: (entry: JournalEntry) => boolean): Promise<JournalRecord[]> {
    const claimed: JournalRecord[] = [];
    for (const name of (await readdir(this.#folder)).sort()) {
      const file = path.join(this.#folder, name);
      const entry = name.endsWith(".json") ? await readEntry(file) : undefined;
      if (entry?.store !== this.#store || !wanted(entry)) continue;
      if (entry.abandoned !== true && !isGone(entry.owner, entry.at, this.#silence)) continue;
      const own = this.#newFile(entry);
      try {
        await rename(file, own);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
        throw error;
      }
      const { abandoned: _, ...rest } = entry;
      const record = this.#record(own, { ...rest, owner: ownProcess(), at: Date.now() });
      await record.update({});
      claimed.push(record);
    }
    return claimed;
  }

  /** Upload ids that any entry names. */
  async known(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const name of await readdir(this.#folder)) {
      const id = name.endsWith(".json") ? (await readEntry(path.join(this.#folder, name)))?.uploadId : undefined;
      if (id !== undefined) ids.add(id);
    }
    return ids;
  }

  #newFile({ bucket, key }: StorageLocation): string {
    const hash = createHash("sha256")
      .update(JSON.stringify([this.#store, bucket, key]))
      .digest("hex");
    return path.join(this.#folder, `${hash.slice(0, 32)}.${randomBytes(8).toString("hex")}.json`);
  }

  #record(file: string, first: JournalEntry): JournalRecord {
    let entry = first;
    return {
      get entry() {
        return entry;
      },
      update: async (change) => {
        entry = { ...entry, ...change };
        await write(file, JSON.stringify(entry));
      },
      end: () => rm(file, { force: true }),
    };
  }
}

async function readEntry(file: string): Promise<JournalEntry | undefined> {
  try {
    const value = JSON.parse(await readFile(file, "utf8")) as Partial<JournalEntry> | null;
    return value?.version === 1 && typeof value.bucket === "string" && typeof value.key === "string"
      ? (value as JournalEntry)
      : undefined;
  } catch {
    // Another run has just ended it.
    return undefined;
  }
}

async function write(file: string, text: string): Promise<void> {
  const beside = `${file}.unfinished`;
  const handle = await open(beside, "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
