import { readFileSync } from "node:fs";
import path from "node:path";
import { defineMod } from "@datapy/mod-kit";
import { parameters } from "./parameters.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** The mod `csv-reader`: delimited text files into one typed table. */
export const csvReader = defineMod({
  metadata: {
    name: "csv-reader",
    version,
    description:
      "Reads CSV files of any dialect into a typed table; damaged rows fail the run or are set aside, never guessed at",
    author: "DataPy Team",
    tags: ["source", "csv", "tsv", "file"],
    category: "source",
  },
  params: parameters,
  artifacts: {
    output_data: {
      kind: "table",
      description: "The rows, typed. Not made when the files have neither rows nor a header",
      optional: true,
    },
    quarantine: {
      kind: "table",
      description: "Damaged rows: source_file, line, byte_offset, column, reason, raw",
      optional: true,
    },
  },
  check: async (params) => {
    const { findFiles } = await import("./input/find-files.js");
    findFiles(typeof params.input_path === "string" ? [params.input_path] : params.input_path);
  },
  guess: {
    parameter: "input_path",
    files: [".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".csv.gz", ".tsv.gz", ".txt.gz", ".csv.zst", ".tsv.zst"],
    run: async (params, ctx) => {
      const { guessCsv } = await import("./guess/guess-csv.js");
      return guessCsv(params, ctx);
    },
  },
  replay: async (request, ctx) => {
    const { replayRows } = await import("./replay/replay-rows.js");
    return replayRows(request, ctx);
  },
  run: async (params, ctx) => {
    // The reader proper is loaded when it runs, not when its parameters are looked at.
    const { readCsv } = await import("./read/read-csv.js");
    return readCsv(params, ctx);
  },
});
