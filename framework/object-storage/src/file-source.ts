import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { ModContext } from "@datapy/mod-kit";
import { DownloadFolder } from "./download-folder.js";
import { stageDownload } from "./download-object.js";
import { findLocalFiles } from "./find-local-files.js";
import { isPattern, matcherOf, patternPrefix } from "./glob-pattern.js";
import { openStorage } from "./object-storage.js";
import type { ObjectStorage } from "./object-storage.js";
import { storageFault } from "./object-storage-errors.js";
import { Semaphore } from "./semaphore.js";
import type { StorageValues } from "./storage-parameters.js";
import { isStorageUri, parseStorageUri, showLocation } from "./storage-uri.js";
import type { StorageLocation } from "./storage-uri.js";

/** A file, here or in a store. */
export interface SourcedFile {
  /** Path, or address in a store. */
  readonly uri: string;
  /** Without its folder. */
  readonly name: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Path of its content on this machine; fetched first where it stands in a store, compared with the store's checksum. */
  local(): Promise<string>;
  /** The file beside it with `ending` behind its name; `undefined` when there is none. */
  beside(ending: string): Promise<string | undefined>;
}

/** What {@link FileSource} needs of the context of a mod. */
export type FileSourceHost = Pick<ModContext, "log" | "signal"> & {
  readonly data: Pick<ModContext["data"], "temporaryPath">;
};

/** Where a mod's files come from: this machine, or a store, which is opened only when one is named. Closed by who made it. */
export class FileSource {
  readonly #values: StorageValues;
  readonly #host: FileSourceHost;
  readonly #fetched = new Map<string, Promise<string>>();
  #storage: Promise<ObjectStorage> | undefined;

  constructor(values: StorageValues, host: FileSourceHost) {
    this.#values = values;
    this.#host = host;
  }

  /** Files that paths, folders, patterns and addresses name, each once. What names nothing gives none. */
  async find(inputs: string | readonly string[]): Promise<SourcedFile[]> {
    const found = new Map<string, SourcedFile>();
    for (const input of [inputs].flat()) {
      const files = isStorageUri(input) ? await this.#inStore(input) : await this.#here(input);
      for (const file of files) if (!found.has(file.uri)) found.set(file.uri, file);
    }
    return [...found.values()];
  }

  async close(): Promise<void> {
    (await this.#storage?.catch(() => undefined))?.close();
  }

  async #here(input: string): Promise<SourcedFile[]> {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input))
      throw storageFault("S3_INPUT_INVALID", { reason: `${input} is neither a path nor an address in a store` });
    const files = await findLocalFiles(input).catch((error: unknown) => {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      // Not there, as opposed to there and not to be read.
      if ((error as { code?: string }).code === "S3_FILE" && code === undefined) return [];
      throw error;
    });
    return files.map(({ path: file, size, modified }) => ({
      uri: file,
      name: path.basename(file),
      size,
      modified,
      local: () => Promise.resolve(file),
      beside: async (ending) => ((await this.#here(file + ending)).length > 0 ? file + ending : undefined),
    }));
  }

  async #inStore(input: string): Promise<SourcedFile[]> {
    const { bucket, key } = parseStorageUri(input);
    const storage = await (this.#storage ??= openStorage({ values: this.#values, signal: this.#host.signal }));
    const found: { key: string; size: number; modified: Date }[] = [];
    if (key !== "" && !key.endsWith("/") && !isPattern(key)) {
      const info = await storage.head({ bucket, key });
      if (info !== undefined) found.push(info);
    } else {
      const matches = isPattern(key) ? matcherOf(key) : () => true;
      for await (const one of storage.list(bucket, isPattern(key) ? patternPrefix(key) : key))
        if (matches(one.key) && !one.key.endsWith("/")) found.push(one);
    }
    return found.map((one) => this.#object(storage, bucket, one));
  }

  #object(
    storage: ObjectStorage,
    bucket: string,
    { key, size, modified }: { key: string; size: number; modified: Date },
  ): SourcedFile {
    const uri = showLocation({ bucket, key });
    return {
      uri,
      name: key.slice(key.lastIndexOf("/") + 1),
      size,
      modified: modified.getTime(),
      local: () => this.#local(storage, { bucket, key }),
      beside: async (ending) => {
        const [other] = await this.#inStore(uri + ending);
        return other?.local();
      },
    };
  }

  /** Fetches an object once, however often it is named. */
  #local(storage: ObjectStorage, location: StorageLocation): Promise<string> {
    const uri = showLocation(location);
    const fetching = this.#fetched.get(uri) ?? this.#fetch(storage, location);
    this.#fetched.set(uri, fetching);
    return fetching;
  }

  async #fetch(storage: ObjectStorage, location: StorageLocation): Promise<string> {
    const info = await storage.head(location);
    if (info === undefined) throw storageFault("S3_OBJECT_MISSING", { what: showLocation(location) });
    const target = this.#host.data.temporaryPath("object");
    await mkdir(path.dirname(target), { recursive: true });
    const folder = await DownloadFolder.open(path.dirname(target), false);
    const settings = {
      storage,
      log: this.#host.log,
      partSize: 16 * 1024 * 1024,
      concurrency: 4,
      turns: new Semaphore(4),
      maxRetries: this.#values.max_retries,
      verify: "auto" as const,
      onBytes: () => undefined,
    };
    try {
      await (await stageDownload(settings, info, folder)).place(target, true);
    } finally {
      await folder.close(false);
    }
    return target;
  }
}
