import { readFileSync } from "node:fs";
import path from "node:path";
import { defineMod } from "@datapy/mod-kit";
import { artifacts } from "./reader-context.js";
import { parameters } from "./parameters.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** The mod `file-reader`: files that are no CSV into one typed table. */
export const fileReader = defineMod({
  metadata: {
    name: "file-reader",
    version,
    description:
      "Reads JSON, NDJSON, Parquet, Excel and fixed-width files into a typed table; damaged rows fail the run or are set aside",
    author: "The DataPy authors",
    tags: ["source", "json", "parquet", "excel", "fixed-width"],
    category: "source",
  },
  params: parameters,
  artifacts,
  check: async (params) => {
    const { findInput } = await import("./input/find-input.js");
    await findInput(params);
  },
  run: async (params, ctx) => {
    const { readFiles } = await import("./read-files.js");
    return readFiles(params, ctx);
  },
});
