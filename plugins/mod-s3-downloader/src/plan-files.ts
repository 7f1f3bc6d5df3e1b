import { lstat } from "node:fs/promises";
import path from "node:path";
import { compareFile, localSteps, makeTarget, showLocation, storageFault } from "@datapy/object-storage";
import type { ListedObject, ObjectInfo, ObjectStorage } from "@datapy/object-storage";
import type { DownloaderParams } from "./parameters.js";
import { relativeKey } from "./select-objects.js";
import type { Selection } from "./select-objects.js";

/** An object and where its file goes below the folder. */
export interface PlannedObject {
  readonly object: ListedObject;
  readonly steps: readonly string[];
}

/**
 * Names of the files of objects, none of which leaves the folder. Throws `S3_KEY_UNSAFE`, and `S3_NAME_COLLISION` for two objects of one
 * name, or one that would have to be file and folder.
 */
export function planFiles(
  selection: Selection,
  params: DownloaderParams,
  objects: readonly ListedObject[],
): PlannedObject[] {
  if (params.file_name !== undefined && objects.length > 1)
    throw storageFault("S3_INPUT_INVALID", {
      reason: `\`file_name\` is one name for ${String(objects.length)} objects`,
    });
  const encode = params.unsafe_names === "encode";
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  const planned = objects.map((object): PlannedObject => {
    const steps =
      params.file_name === undefined
        ? localSteps(relativeKey(selection, object.key), encode)
        : localSteps(params.file_name, false);
    const what = showLocation({ bucket: selection.bucket, key: object.key });
    const place = fold(steps.join("/"));
    const other = files.get(place);
    if (other !== undefined) throw collision(other, what, steps);
    files.set(place, what);
    for (let length = 1; length < steps.length; length += 1) folders.set(fold(steps.slice(0, length).join("/")), what);
    return { object, steps };
  });
  for (const { object, steps } of planned) {
    const inside = folders.get(fold(steps.join("/")));
    if (inside !== undefined)
      throw collision(showLocation({ bucket: selection.bucket, key: object.key }), inside, steps);
  }
  return planned;
}

function collision(first: string, second: string, steps: readonly string[]): Error {
  return storageFault("S3_NAME_COLLISION", { first, second, name: steps.join("/") });
}

/** Names that some systems take for the same. */
function fold(name: string): string {
  return process.platform === "win32" || process.platform === "darwin" ? name.normalize("NFC").toLowerCase() : name;
}

/** What becomes of an object. */
export interface FileDecision {
  readonly info: ObjectInfo;
  /** Where the file goes; absolute. */
  readonly target: string;
  readonly fetch: boolean;
  readonly reason: string;
}

/** Looks at the file that an object would replace. Throws `S3_EXISTS` where `overwrite: never` meets one of other content. */
export async function decideFile(
  storage: ObjectStorage,
  params: DownloaderParams,
  info: ObjectInfo,
  root: string,
  steps: readonly string[],
): Promise<FileDecision> {
  const target = await makeTarget(root, steps);
  const there = await lstat(target).catch(() => undefined);
  const decide = (fetch: boolean, reason: string): FileDecision => ({ info, target, fetch, reason });
  if (there === undefined) return decide(true, "it is new");
  if (params.overwrite === "always") return decide(true, "everything is overwritten");
  if (params.overwrite === "skip") return decide(false, "there is a file of that name");
  // A link is replaced by the file, never written through.
  const { outcome, by } = there.isFile()
    ? await compareFile(storage, info, target, { partSize: params.part_size, weak: false })
    : { outcome: "different" as const, by: "kind" };
  if (outcome === "same") return decide(false, `it is the same, by ${by}`);
  if (params.overwrite === "never") throw storageFault("S3_EXISTS", { what: target, policy: "never" });
  return decide(true, outcome === "unknown" ? "the store keeps nothing to compare it by" : `it is another, by ${by}`);
}

/** Last step of a key, for an artifact's ending. */
export function endingOf(key: string): string {
  const ending = /(?:\.[A-Za-z0-9_-]+){1,2}$/.exec(path.posix.basename(key))?.[0] ?? "";
  return ending.length <= 20 ? ending : path.posix.extname(ending);
}
