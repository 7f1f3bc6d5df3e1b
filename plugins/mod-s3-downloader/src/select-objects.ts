import {
  isPattern,
  matcherOf,
  parseStorageUri,
  patternPrefix,
  requireBucket,
  showLocation,
  storageFault,
} from "@datapy/object-storage";
import type { ListedObject, ObjectStorage } from "@datapy/object-storage";
import type { DownloaderParams } from "./parameters.js";

/** Which objects a run is to read. */
export interface Selection {
  readonly bucket: string;
  /** Named one by one; else `undefined`. */
  readonly keys: readonly string[] | undefined;
  readonly prefix: string;
  /** Matches what stands behind the prefix's last slash. */
  readonly pattern: string | undefined;
}

/** What the parameters select. Throws `S3_INPUT_INVALID`, `S3_URI_INVALID`. */
export function selectionOf(params: DownloaderParams): Selection {
  const invalid = (reason: string): never => {
    throw storageFault("S3_INPUT_INVALID", { reason });
  };
  const { input_path: uri, prefix, pattern } = params;
  const keys = params.key === undefined ? undefined : [params.key].flat();
  if (uri === undefined) {
    const { bucket } = params;
    if (bucket === undefined) return invalid("`bucket` or `input_path` has to say what to read");
    requireBucket(bucket);
    if (keys !== undefined && (prefix !== "" || pattern !== undefined))
      return invalid("`key` names objects letter for letter; `prefix` and `pattern` select them. Give either");
    return { bucket, keys, prefix, pattern };
  }
  if (params.bucket !== undefined || keys !== undefined || prefix !== "" || pattern !== undefined)
    return invalid("`input_path` stands for `bucket`, `key`, `prefix` and `pattern`; give either");
  const { bucket, key } = parseStorageUri(uri);
  if (key === "" || key.endsWith("/")) return { bucket, keys: undefined, prefix: key, pattern: undefined };
  if (!isPattern(key)) return { bucket, keys: [key], prefix: "", pattern: undefined };
  const literal = patternPrefix(key);
  const folder = literal.slice(0, literal.lastIndexOf("/") + 1);
  return { bucket, keys: undefined, prefix: folder, pattern: key.slice(folder.length) };
}

/** The part of a key below its prefix's last folder: where its file goes. A key that was named alone is its last step. */
export function relativeKey(selection: Selection, key: string): string {
  if (selection.keys !== undefined) return key.slice(key.lastIndexOf("/") + 1);
  return key.slice(selection.prefix.lastIndexOf("/") + 1);
}

/** Objects of the selection, in the order of their keys. Marks of folders (an empty object whose key ends with a slash) are left out. */
export async function findObjects(
  storage: ObjectStorage,
  selection: Selection,
  params: DownloaderParams,
): Promise<{ readonly found: ListedObject[]; readonly seen: number }> {
  const { bucket, keys, prefix, pattern } = selection;
  const since = timeOf(params.modified_since, "modified_since") ?? -Infinity;
  const before = timeOf(params.modified_before, "modified_before") ?? Infinity;
  const matches = pattern === undefined ? () => true : matcherOf(pattern);
  const wanted = (one: ListedObject): boolean => one.modified.getTime() >= since && one.modified.getTime() < before;
  const found: ListedObject[] = [];
  let seen = 0;
  if (keys !== undefined) {
    for (const key of new Set(keys)) {
      const info = await storage.head({ bucket, key });
      if (info === undefined) throw storageFault("S3_OBJECT_MISSING", { what: showLocation({ bucket, key }) });
      seen += 1;
      if (wanted(info)) found.push(info);
    }
    return { found, seen };
  }
  // What stands in front of the first special character narrows the listing.
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const narrow = pattern === undefined ? prefix : longer(prefix, folder + patternPrefix(pattern));
  for await (const one of storage.list(bucket, narrow)) {
    seen += 1;
    if (one.key.endsWith("/") && one.size === 0) continue;
    if (one.key.startsWith(prefix) && matches(one.key.slice(folder.length)) && wanted(one)) found.push(one);
  }
  return { found, seen };
}

function longer(one: string, other: string): string {
  return other.startsWith(one) ? other : one;
}

function timeOf(text: string | undefined, parameter: string): number | undefined {
  if (text === undefined) return undefined;
  const full = /^\d{4}-\d\d-\d\d$/.test(text)
    ? `${text}T00:00:00Z`
    : /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text)
      ? text
      : `${text}Z`;
  const time = Date.parse(full.replace(" ", "T"));
  if (Number.isNaN(time))
    throw storageFault("S3_INPUT_INVALID", { reason: `\`${parameter}\` ${JSON.stringify(text)} is no time` });
  return time;
}
