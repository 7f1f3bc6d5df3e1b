import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { fault } from "@datapy/sdk/errors";
import { isDescription } from "./npm.js";
import type { PackageDescription } from "./npm.js";

/** Bytes of one block of a tar archive; headers take one, contents are filled up to whole ones. */
const BLOCK = 512;
/** No package.json is larger. */
const LARGEST = 8 * 1024 * 1024;

/**
 * Reads package.json out of a package's tarball without unpacking it. Throws `DATAPY_PLUGIN_SOURCE` when the file is no such thing.
 * The format is ustar (POSIX.1-1988): blocks of 512 bytes, the name in bytes 0–99, the size in octal in bytes 124–135.
 */
export async function readTarballDescription(file: string): Promise<PackageDescription> {
  let text: string | undefined;
  try {
    await pipeline(createReadStream(file), createGunzip(), async (source: AsyncIterable<Buffer>) => {
      text = await findPackageJson(source);
    });
    const description: unknown = JSON.parse(text ?? "null");
    if (isDescription(description)) return description;
  } catch (error) {
    const detail = `it cannot be read as a package: ${error instanceof Error ? error.message : String(error)}`;
    throw fault(
      "DATAPY_PLUGIN_SOURCE",
      { given: file, detail },
      { cause: error, hint: "A tarball of a package is what `npm pack` makes." },
    );
  }
  const detail = "it holds no package.json with a name and a version";
  throw fault(
    "DATAPY_PLUGIN_SOURCE",
    { given: file, detail },
    { hint: "A tarball of a package is what `npm pack` makes." },
  );
}

/** The text of `<any folder>/package.json`, the archive's first folder being the package. Reads to the end, so that damage shows. */
async function findPackageJson(source: AsyncIterable<Buffer>): Promise<string | undefined> {
  let pending: Buffer = Buffer.alloc(0);
  let skip = 0;
  let wanted: number | undefined;
  let found: string | undefined;
  for await (const chunk of source) {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    pending = Buffer.concat([pending, chunk.subarray(skipped)]);
    for (;;) {
      if (wanted !== undefined) {
        if (pending.length < wanted) break;
        found ??= pending.toString("utf8", 0, wanted);
        const whole = Math.ceil(wanted / BLOCK) * BLOCK;
        wanted = undefined;
        skip = Math.max(0, whole - pending.length);
        pending = pending.subarray(Math.min(whole, pending.length));
        continue;
      }
      if (pending.length < BLOCK) break;
      const name = pending.toString("utf8", 0, 100).replace(/\0.*$/s, "");
      const size = Number.parseInt(pending.toString("latin1", 124, 136), 8) || 0;
      pending = pending.subarray(BLOCK);
      if (/^[^/]+\/package\.json$/.test(name) && size <= LARGEST) {
        wanted = size;
        continue;
      }
      const whole = Math.ceil(size / BLOCK) * BLOCK;
      skip = Math.max(0, whole - pending.length);
      pending = pending.subarray(Math.min(whole, pending.length));
    }
  }
  return found;
}
