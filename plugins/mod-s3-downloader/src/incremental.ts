import { createHash } from "node:crypto";
import type { StateStore } from "@datapy/mod-kit";
import type { ListedObject } from "@datapy/object-storage";
import type { DownloaderParams } from "./parameters.js";
import type { Selection } from "./select-objects.js";

/** What successful runs have read. */
interface ReadSoFar {
  /** Time of the newest object, in milliseconds since 1970. */
  readonly watermark: number;
  /** ETag by key of the objects that are not older than the late window. */
  readonly seen: Readonly<Record<string, string>>;
}

/** Objects that are new, and what to keep when they are read. */
export interface NewObjects {
  readonly objects: ListedObject[];
  /** Keeps it; the host does so when the run has succeeded. */
  keep(): void;
}

/**
 * Of objects, those that no successful run has read: newer than the newest that was read, or within the late window before it and then not
 * known, or known with other content. A store dates an object in parts by when its upload began, so that it may come late.
 */
export async function onlyNew(
  state: StateStore,
  params: DownloaderParams,
  selection: Selection,
  objects: readonly ListedObject[],
): Promise<NewObjects> {
  const name = params.state_key ?? nameOf(params, selection);
  const before = params.reset_state ? undefined : read(await state.get(name));
  const from = before === undefined ? -Infinity : before.watermark - params.late_window;
  const fresh = objects.filter(
    (one) =>
      one.modified.getTime() >= from &&
      !(before !== undefined && Object.hasOwn(before.seen, one.key) && before.seen[one.key] === one.etag),
  );
  return {
    objects: fresh,
    keep: () => {
      const watermark = objects.reduce(
        (newest, one) => Math.max(newest, one.modified.getTime()),
        before?.watermark ?? 0,
      );
      const kept = objects.filter((one) => one.modified.getTime() >= watermark - params.late_window);
      state.set(name, { watermark, seen: Object.fromEntries(kept.map((one) => [one.key, one.etag])) });
    },
  };
}

function nameOf(params: DownloaderParams, selection: Selection): string {
  const parts = [
    params.endpoint_url ?? "",
    selection.bucket,
    selection.keys ?? [],
    selection.prefix,
    selection.pattern ?? "",
  ];
  return `objects_${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24)}`;
}

function read(value: unknown): ReadSoFar | undefined {
  const { watermark, seen } = (value ?? {}) as Partial<ReadSoFar>;
  return typeof watermark === "number" && typeof seen === "object" ? { watermark, seen } : undefined;
}
