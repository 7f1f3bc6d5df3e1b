import { defineMod } from "@datapy/mod-kit";
import { WriterParameters } from "./parameters.js";

/** Writes a table artifact into a database table, all of it or nothing. */
export default defineMod({
  metadata: {
    name: "database-writer",
    version: "1.0.0",
    description: "Writes a table artifact into a database table, all of it or nothing",
    author: "DataPy Team",
    tags: ["sink", "database", "postgresql", "mysql", "mariadb", "sqlite", "duckdb", "upsert"],
    category: "sink",
  },
  params: WriterParameters,
  artifacts: {
    quarantine: {
      kind: "table",
      description: "Rows that the database refused, with its code and reason",
      optional: true,
    },
  },
  check: async (params, ctx) => (await import("./check-target.js")).checkTarget(params, ctx),
  run: async (params, ctx) => (await import("./run-load.js")).runLoad(params, ctx),
});
