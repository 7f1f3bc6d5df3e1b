import { readFileSync } from "node:fs";
import path from "node:path";
import { defineMod } from "@datapy/mod-kit";
import { fileFormat } from "./file-format.js";
import { parameters } from "./parameters.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** The mod `file-writer`: a table as a file of any common format. */
export const fileWriter = defineMod({
  metadata: {
    name: "file-writer",
    version,
    description:
      "Writes a table as CSV, TSV, JSON, NDJSON, Parquet or Excel, in one file or a folder of partitions, all at once or not at all",
    author: "The DataPy authors",
    tags: ["sink", "csv", "json", "parquet", "excel"],
    category: "sink",
  },
  params: parameters,
  artifacts: {
    output_file: { kind: "file", description: "What was written: the file, or the folder of partitions" },
  },
  check: (params) => Promise.resolve(params).then((given) => void fileFormat(given)),
  run: async (params, ctx) => {
    const { writeFile } = await import("./write-file.js");
    return writeFile(params, ctx);
  },
});
