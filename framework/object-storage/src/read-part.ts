import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { storageFault } from "./object-storage-errors.js";
import type { SourceFile } from "./upload-types.js";

/** Opens a file that is to be sent. Throws `S3_FILE`, or `S3_FILE_CHANGED` when it is not what it was. */
export async function openSource(source: SourceFile): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(source.path, "r");
  } catch (error) {
    throw storageFault("S3_FILE", { file: source.path, reason: (error as Error).message }, { cause: error });
  }
  try {
    await requireUnchanged(handle, source);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Throws `S3_FILE_CHANGED` when a file has another size or time than when the run began. */
export async function requireUnchanged(handle: FileHandle, source: SourceFile): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  if (size !== source.size || mtimeMs !== source.modified) throw storageFault("S3_FILE_CHANGED", { file: source.path });
}

/** Fills `buffer` from a place in a file. */
export async function readPart(
  handle: FileHandle,
  source: SourceFile,
  buffer: Uint8Array,
  start: number,
): Promise<void> {
  for (let filled = 0; filled < buffer.byteLength;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.byteLength - filled, start + filled);
    if (bytesRead === 0) throw storageFault("S3_FILE_CHANGED", { file: source.path });
    filled += bytesRead;
  }
}
