import type { ModContext } from "@datapy/mod-kit";

/** What the downloader makes. */
export const artifacts = {
  output_data: { kind: "table", description: "Rows of the objects, with `output: table`", optional: true },
  output_file: { kind: "file", description: "The object, when there is one and no `output_path`", optional: true },
  manifest: {
    kind: "file",
    description: "JSON list of the objects: address, file, size, ETag, time, what it was compared by",
  },
} as const;

/** Context of the downloader. */
export type DownloadContext = ModContext<typeof artifacts>;
