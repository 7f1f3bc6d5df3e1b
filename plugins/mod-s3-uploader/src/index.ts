import { readFileSync } from "node:fs";
import path from "node:path";
import { defineMod } from "@datapy/mod-kit";
import { UploaderParameters } from "./parameters.js";
import { artifacts } from "./upload-context.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** Uploads files, folders and artifacts to an S3-compatible store. */
export default defineMod({
  metadata: {
    name: "s3-uploader",
    version,
    description:
      "Uploads files, folders and artifacts to an S3-compatible store, verified, resumable, leaving nothing half done",
    author: "The DataPy authors",
    tags: ["s3", "upload", "object storage", "minio", "sink"],
    category: "sink",
  },
  params: UploaderParameters,
  artifacts,
  check: async (params, ctx) => (await import("./run-upload.js")).checkUpload(params, ctx),
  run: async (params, ctx) => (await import("./run-upload.js")).runUpload(params, ctx),
});
