import { defineMod } from "@datapy/mod-kit";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Params } from "./params.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** Profiles a table or file, holds it against expectations and writes a report. */
export default defineMod({
  metadata: {
    name: "data-quality-checker",
    version,
    description: "Profiles a table or file, holds it against expectations and writes a report",
    author: "The DataPy authors",
    tags: ["quality", "profile", "expectations", "reconciliation", "report"],
    category: "solo",
  },
  params: Params,
  artifacts: {
    report: { kind: "file", description: "Profile and outcome of every expectation, as JSON" },
    report_html: { kind: "file", description: "The same as a page with plots, which needs nothing from outside" },
  },
  run: async (params, ctx) => (await import("./run-check.js")).runCheck(params, ctx),
});
