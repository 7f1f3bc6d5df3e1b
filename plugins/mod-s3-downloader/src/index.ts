import { readFileSync } from "node:fs";
import path from "node:path";
import { defineMod } from "@datapy/mod-kit";
import { artifacts } from "./download-context.js";
import { DownloaderParameters } from "./parameters.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** Downloads objects of an S3-compatible store. */
export default defineMod({
  metadata: {
    name: "s3-downloader",
    version,
    description: "Downloads objects of an S3-compatible store to files or into a table, verified and resumable",
    author: "The DataPy authors",
    tags: ["s3", "download", "object storage", "minio", "source"],
    category: "source",
  },
  params: DownloaderParameters,
  artifacts,
  check: async (params, ctx) => (await import("./run-download.js")).checkDownload(params, ctx),
  run: async (params, ctx) => (await import("./run-download.js")).runDownload(params, ctx),
});
