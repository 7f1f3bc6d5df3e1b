import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { runMod } from "@datapy/sdk";
import { NAUGHTY_STRINGS } from "../../../test/support/naughty-strings.js";
import { openWorkbench, succeeded } from "../../mod-database-writer/test/support/workbench.js";
import type { Workbench } from "../../mod-database-writer/test/support/workbench.js";

const WRITER = path.join(__dirname, "..", "..", "mod-database-writer", "dist", "index.js");
const READER = path.join(__dirname, "..", "dist", "index.js");

/** Names that a file of a Unix system can have. */
const NAMES = NAUGHTY_STRINGS.filter(
  (text) => !["", ".", ".."].includes(text) && !text.includes("/") && Buffer.byteLength(text) <= 240,
);

describe.each(["sqlite", "duckdb"] as const)("files of %s", (kind) => {
  let bench: Workbench;
  let input_artifact: string;

  beforeAll(async () => {
    bench = await openWorkbench();
    input_artifact = await bench.artifact("one", "select 42 as id");
  });
  afterAll(() => bench.close());

  test("have any name, given in parts or percent-encoded, and no other file is made", async () => {
    expect(NAMES.length).toBeGreaterThan(90);
    const folder = path.join(bench.folder, `files of ${kind}`);
    mkdirSync(folder);
    // Each file is synced to the disk a few times; every name is one file's, of one kind or the other.
    const names = NAMES.filter((_, index) => index % 2 === (kind === "sqlite" ? 0 : 1));
    for (const [index, name] of names.entries()) {
      const file = path.join(folder, name);
      const parts = { database_type: kind, database: file };
      const encoded = { connection_string: `${kind}://${file.split("/").map(encodeURIComponent).join("/")}` };
      const [write, read] = index % 2 === 0 ? [parts, encoded] : [encoded, parts];
      succeeded(await runMod(WRITER, { ...write, input_artifact, table_name: "t" }));
      const done = succeeded(await runMod(READER, { ...read, table_name: "t" }));
      expect(await bench.rows(done.artifacts["output_data"] ?? "")).toEqual([{ id: kind === "duckdb" ? 42 : "42" }]);
    }
    expect(readdirSync(folder).sort()).toEqual([...names].sort());
  }, 300_000);
});
