import { readFileSync } from "node:fs";
import path from "node:path";
import { defineMod } from "@datapy/mod-kit";
import { ValidatorParameters } from "./parameters.js";
import { artifacts } from "./validator-context.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** Checks files before anything reads them. */
export default defineMod({
  metadata: {
    name: "file-validator",
    version,
    description:
      "Checks files, local or in an S3-compatible store, before anything reads them: presence, size, age, name, encoding, content, archives",
    author: "The DataPy authors",
    tags: ["validate", "files", "s3", "csv", "archive", "checksum", "quality"],
    category: "solo",
  },
  params: ValidatorParameters,
  artifacts,
  run: async (params, ctx) => (await import("./run-validation.js")).runValidation(params, ctx),
});
