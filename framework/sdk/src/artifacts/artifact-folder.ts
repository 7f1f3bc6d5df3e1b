import { mkdirSync } from "node:fs";
import { copyFile, mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { ArtifactDeclarations, FileArtifact, TableArtifact } from "@datapy/mod-kit";
import { fileError } from "../data/duckdb-error.js";
import { fault } from "../errors.js";
import { GrowingChecksum } from "./file-checksum.js";

/** A file in the making. */
export interface UnfinishedFile {
  readonly path: string;
  /** Says that the file will be written from front to back: its checksum is then computed beside. */
  follow(): void;
  /** Makes sure that what was written stands on the disk. Gives its size in bytes. */
  sync(): Promise<number>;
  /** Gives it its final name, which is returned, in one step. */
  publish(): Promise<string>;
  /** Removes it. Does nothing after {@link publish}. */
  discard(): Promise<void>;
}

/** An artifact, with the checksum of its file. */
export type RecordedArtifact = (TableArtifact | FileArtifact) & {
  /** SHA-256 in hexadecimal; `undefined` where the run ended before it was known. */
  readonly checksum?: string | undefined;
};

/** What a run makes, and where. */
export interface ArtifactFolder {
  /** Throws unless the mod declares `key` as a `kind` and the run has not made it yet. */
  require(key: string, kind: "table" | "file"): void;
  create(key: string, kind: "table" | "file", extension: string): Promise<UnfinishedFile>;
  /** Notes a published artifact. */
  add<Made extends TableArtifact | FileArtifact>(artifact: Made): Made;
  /** Artifacts of the run so far. */
  readonly made: readonly (TableArtifact | FileArtifact)[];
  /** The same with their checksums, which are computed from the moment of {@link add} on, while the run goes on. Never throws. */
  recorded(signal?: AbortSignal): Promise<readonly RecordedArtifact[]>;
  /** A new path in the run's temporary folder, whose last part is `name`. */
  temporaryPath(name: string): string;
  removeTemporary(file: string): Promise<void>;
  /** Removes the run's temporary folder. */
  close(): Promise<void>;
}

/** Options of {@link openArtifactFolder}. */
export interface ArtifactFolderOptions {
  readonly mod: string;
  readonly declared: ArtifactDeclarations;
  /** Where finished artifacts go: `<workPath>/artifacts/<session>/<step>`. */
  readonly folder: string;
  /** The run's own temporary folder, on the same disk. Made on first use. */
  readonly temporary: string;
  /** Told of every artifact. */
  readonly onAdd: (artifact: TableArtifact | FileArtifact) => void;
}

/** Opens the artifacts of one run. Touches no disk before the first artifact. */
export function openArtifactFolder({ mod, declared, folder, temporary, onAdd }: ArtifactFolderOptions): ArtifactFolder {
  const made: (TableArtifact | FileArtifact)[] = [];
  const begun = new Set<string>();
  const checksums = new Map<string, Promise<string | undefined>>();
  const unneeded = new AbortController();
  let paths = 0;

  function require(key: string, kind: "table" | "file"): void {
    if (!Object.hasOwn(declared, key) || declared[key]?.kind !== kind)
      throw fault("DATAPY_ARTIFACT_UNDECLARED", { mod, kind, key });
    if (begun.has(key)) throw fault("DATAPY_ARTIFACT_TWICE", { key });
  }

  function temporaryPath(name: string): string {
    const last = path.basename(name);
    if (last === "" || last === "." || last === ".." || last.includes("\0"))
      throw fault("DATAPY_FILE_FAILED", { path: JSON.stringify(name), detail: "not a file name" });
    const parent = path.join(temporary, String(++paths));
    try {
      mkdirSync(parent, { recursive: true });
    } catch (error) {
      throw fileError(error, parent);
    }
    return path.join(parent, last);
  }

  const hash = (key: string, checksum: GrowingChecksum): void => {
    checksums.set(
      key,
      checksum.finish(unneeded.signal).catch(() => undefined),
    );
  };

  return {
    require,
    made,
    temporaryPath,
    create(key, kind, extension) {
      require(key, kind);
      begun.add(key);
      const name = encodeURIComponent(key) + extension;
      const file = temporaryPath(name);
      const checksum = new GrowingChecksum(file);
      let published = false;
      return Promise.resolve({
        path: file,
        follow: () => checksum.follow(),
        sync() {
          // Written whole: what is left of the checksum is computed while the disk takes the file.
          hash(key, checksum);
          return syncFile(file);
        },
        async publish() {
          const target = path.join(folder, name);
          await place(file, target);
          published = true;
          return target;
        },
        async discard() {
          if (published) return;
          begun.delete(key);
          checksums.delete(key);
          await checksum.cancel();
          await rm(file, { recursive: true, force: true }).catch(() => undefined);
        },
      });
    },
    add(artifact) {
      made.push(artifact);
      if (!checksums.has(artifact.key)) hash(artifact.key, new GrowingChecksum(artifact.uri));
      onAdd(artifact);
      return artifact;
    },
    async recorded(signal) {
      // A run that is to end now does not wait for them.
      if (signal?.aborted === true) unneeded.abort();
      signal?.addEventListener("abort", () => unneeded.abort(), { once: true });
      return Promise.all(made.map(async (one) => ({ ...one, checksum: await checksums.get(one.key) })));
    },
    removeTemporary: (file) => rm(file, { recursive: true, force: true }).catch(() => undefined),
    async close() {
      unneeded.abort();
      if (paths > 0) await rm(temporary, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    },
  };
}

async function syncFile(file: string): Promise<number> {
  try {
    const handle = await open(file, "r+");
    try {
      await handle.sync();
      return (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, file);
  }
}

/** Renames a synced file into place, so that it is there whole or not at all, also after a loss of power. */
async function place(file: string, target: string): Promise<void> {
  const folder = path.dirname(target);
  try {
    await mkdir(folder, { recursive: true });
    try {
      await rename(file, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
      // Somebody put the artifacts on another disk than the work path.
      const beside = path.join(folder, `.${path.basename(target)}.unfinished`);
      await copyFile(file, beside);
      await syncFile(beside);
      await rename(beside, target);
      await rm(file, { force: true });
    }
    await syncFolder(folder);
  } catch (error) {
    throw fileError(error, target);
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its renames need no such step.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems (network ones) refuse to sync a folder.
    if (!["EINVAL", "ENOTSUP", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await handle.close();
  }
}
