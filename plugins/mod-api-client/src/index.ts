import { defineMod } from "@datapy/mod-kit";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Params } from "./params.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

/** Reads records of an HTTP API into a table, or sends a table to an endpoint. */
export default defineMod({
  metadata: {
    name: "api-client",
    version,
    description: "Reads records of an HTTP API page by page into a table, or sends a table to an endpoint in batches",
    author: "The DataPy authors",
    tags: ["api", "http", "rest", "json", "ndjson", "oauth2", "pagination", "incremental"],
    category: "source",
  },
  params: Params,
  artifacts: {
    output_data: { kind: "table", description: "The records that were read", optional: true },
    quarantine: {
      kind: "table",
      description:
        "Records that do not fit `columns`, as texts; of rows that were sent, those that did not arrive, with what the endpoint said",
      optional: true,
    },
  },
  check: async (params, ctx) => (await import("./check-endpoint.js")).checkEndpoint(params, ctx),
  run: async (params, ctx) =>
    params.mode === "send"
      ? (await import("./run-send.js")).runSend(params, ctx)
      : (await import("./run-read.js")).runRead(params, ctx),
});
