import type { ModContext } from "@datapy/mod-kit";

/** What the uploader makes here. */
export const artifacts = {
  manifest: {
    kind: "file",
    description:
      "JSON list of the objects: source, address, size, checksum, ETag, whether it was written or the same already",
  },
} as const;

/** Context of the uploader. */
export type UploadContext = ModContext<typeof artifacts>;
