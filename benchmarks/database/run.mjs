// Load, unload and upsert of PostgreSQL by the database mods against psql doing the same; and a script of four mods, CSV → clean → validate →
// PostgreSQL, against the load of the clean table alone.
//
//   node benchmarks/database/run.mjs [--rows 5000000] [--upsert-rows 1000000] [--pairs 3] [--only load,unload,upsert,pipeline] [--times-ten]
//
// Starts a PostgreSQL server of its own from npm, generates rows × 8 typed columns as Parquet and as CSV, and runs both sides in turn,
// each in a process of its own. Needs `psql` (Debian: postgresql-client). Prints every pair's ratio and the median; ends with 1 when a
// limit is missed and with 77 when there is no psql. With --times-ten the
// pipeline also runs on ten times the rows, for its peak memory alone. --upsert-rows is a fifth of the rows unless it is given.
import { spawnSync } from "node:child_process";

if (spawnSync("psql", ["--version"]).status === 0) await import("./measure.mjs");
else {
  console.error("psql is not installed; there is nothing to compare with (Debian: apt-get install postgresql-client)");
  process.exitCode = 77;
}
