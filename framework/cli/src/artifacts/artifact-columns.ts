import type { ArtifactEntry } from "@datapy/sdk/artifacts";
import type { TableColumn } from "../output/table.js";

/** Columns of the list of artifacts. */
export function artifactColumns(now: Date): TableColumn<ArtifactEntry>[] {
  return [
    { title: "id", value: ({ id }) => id },
    { title: "age", value: ({ made_at }) => age(made_at, now), align: "right" },
    { title: "session", value: ({ session_id }) => session_id.slice(0, 8) },
    { title: "job", value: ({ job }) => job },
    { title: "step", value: ({ step, mod }) => step ?? mod },
    { title: "key", value: ({ key }) => key },
    { title: "kind", value: ({ kind }) => kind },
    { title: "rows", value: ({ rows }) => (rows === undefined ? "" : String(rows)), align: "right" },
    { title: "size", value: ({ bytes }) => (bytes === undefined ? "" : byteSize(bytes)), align: "right" },
    { title: "state", value: ({ state }) => state },
  ];
}

/** `12s`, `5m`, `3h`, `9d`. */
export function age(since: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(since)) / 1_000));
  if (seconds < 60) return `${String(seconds)}s`;
  if (seconds < 3_600) return `${String(Math.floor(seconds / 60))}m`;
  return seconds < 86_400 ? `${String(Math.floor(seconds / 3_600))}h` : `${String(Math.floor(seconds / 86_400))}d`;
}

/** `999 B`, `1.2 KiB`, `3.4 GiB`. */
export function byteSize(bytes: number): string {
  if (bytes < 1_024) return `${String(bytes)} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let [size, unit] = [bytes / 1_024, 0];
  while (size >= 1_024 && unit < units.length - 1) [size, unit] = [size / 1_024, unit + 1];
  return `${size.toFixed(1)} ${units[unit] ?? ""}`;
}
