import { mkdir } from "node:fs/promises";
import path from "node:path";
import {
  DownloadFolder,
  Semaphore,
  findLocalFiles,
  isPattern,
  isStorageUri,
  matcherOf,
  openStorage,
  parseStorageUri,
  patternPrefix,
  showLocation,
  stageDownload,
  storageFault,
} from "@datapy/object-storage";
import type { ObjectStorage } from "@datapy/object-storage";
import type { ValidatorParams } from "./parameters.js";
import type { ValidatorContext } from "./validator-context.js";

/** A file to look at. */
export interface CheckedFile {
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

/** Where files come from. Opens a store only when one is named. */
export class FileSource {
  readonly #params: ValidatorParams;
  readonly #ctx: ValidatorContext;
  #storage: Promise<ObjectStorage> | undefined;

  constructor(params: ValidatorParams, ctx: ValidatorContext) {
    this.#params = params;
    this.#ctx = ctx;
  }

  /** Files that the parameters name, each once. A path that names nothing gives none: that is what `exists` is for. */
  async find(): Promise<CheckedFile[]> {
    const found = new Map<string, CheckedFile>();
    for (const input of [this.#params.input_path].flat()) {
      const files = isStorageUri(input) ? await this.#inStore(input) : await this.#here(input);
      for (const file of files) if (!found.has(file.uri)) found.set(file.uri, file);
    }
    return [...found.values()];
  }

  async close(): Promise<void> {
    (await this.#storage?.catch(() => undefined))?.close();
  }

  async #here(input: string): Promise<CheckedFile[]> {
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

  async #inStore(input: string): Promise<CheckedFile[]> {
    const { bucket, key } = parseStorageUri(input);
    const storage = await (this.#storage ??= openStorage({ values: this.#params, signal: this.#ctx.signal }));
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
  ): CheckedFile {
    const uri = showLocation({ bucket, key });
    let fetching: Promise<string> | undefined;
    return {
      uri,
      name: key.slice(key.lastIndexOf("/") + 1),
      size,
      modified: modified.getTime(),
      local: () => (fetching ??= this.#fetch(storage, bucket, key)),
      beside: async (ending) => {
        const [other] = await this.#inStore(uri + ending);
        return other?.local();
      },
    };
  }

  async #fetch(storage: ObjectStorage, bucket: string, key: string): Promise<string> {
    const info = await storage.head({ bucket, key });
    if (info === undefined) throw storageFault("S3_OBJECT_MISSING", { what: showLocation({ bucket, key }) });
    const target = this.#ctx.data.temporaryPath("object");
    await mkdir(path.dirname(target), { recursive: true });
    const folder = await DownloadFolder.open(path.dirname(target), false);
    const settings = {
      storage,
      log: this.#ctx.log,
      partSize: 16 * 1024 * 1024,
      concurrency: 4,
      turns: new Semaphore(4),
      maxRetries: this.#params.max_retries,
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
