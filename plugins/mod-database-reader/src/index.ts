import { defineMod } from "@datapy/mod-kit";
import { ReaderParameters } from "./parameters.js";

/** Reads a table or a query of a database into a table artifact. */
export default defineMod({
  metadata: {
    name: "database-reader",
    version: "1.0.0",
    description: "Reads a table or a query of a database into a table artifact",
    author: "DataPy Team",
    tags: ["source", "database", "postgresql", "mysql", "mariadb", "sqlite", "duckdb", "incremental"],
    category: "source",
  },
  params: ReaderParameters,
  artifacts: { output_data: { kind: "table", description: "The rows that were read, in the types of the database" } },
  check: async (params, ctx) => (await import("./run-read.js")).checkSource(params, ctx),
  guess: {
    parameter: "table_name",
    run: async (params, ctx, given) => (await import("./guess-table.js")).guessTable(params, ctx, given),
  },
  run: async (params, ctx) => (await import("./run-read.js")).runRead(params, ctx),
});
