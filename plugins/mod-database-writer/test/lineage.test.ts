import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { DATABASE_NAMES, startDatabase } from "../../../framework/database/test/servers/databases.js";
import type { TestDatabase } from "../../../framework/database/test/servers/databases.js";
import { openWorkbench, succeeded } from "./support/workbench.js";
import type { Workbench } from "./support/workbench.js";

interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly outputFacets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

// One for all: a script's runs share one session, and with it one ledger.
let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

describe.each(DATABASE_NAMES)("the run ledger of %s", (name) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await startDatabase(name);
  });
  afterAll(() => database.stop());

  /** Datasets of the run that ended last. */
  const ledger = (runId: string): { text: string; inputs: Dataset[]; outputs: Dataset[] } => {
    const runs = path.join(bench.folder, "work", "runs");
    const text = readdirSync(runs, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ndjson"))
      .map((file) => readFileSync(path.join(runs, file), "utf8"))
      .join("");
    const line = text
      .split("\n")
      .filter((one) => one.includes(runId) && one.includes('"COMPLETE"'))
      .at(-1);
    const found = JSON.parse(line ?? "{}") as { event?: { inputs: Dataset[]; outputs: Dataset[] } };
    return { text, ...((found.event ?? found) as { inputs: Dataset[]; outputs: Dataset[] }) };
  };

  test("names the tables that were written and read, with columns and where they come from, without credentials", async () => {
    const file = await bench.artifact("orders", "select 1::bigint as id, 'a' as name");
    const written = succeeded(await bench.write(database, { input_artifact: file, table_name: "orders" }));
    const port = /:(\d+)\//.exec(database.connectionString)?.[1] ?? "";
    const bare = database.connectionString.replace(/^\w+:\/\/\//, "");
    const wanted = {
      postgresql: { namespace: `postgresql://127.0.0.1:${port}`, name: "postgres/public.orders" },
      mariadb: { namespace: `mysql://127.0.0.1:${port}`, name: "test/orders" },
      sqlite: { namespace: "sqlite://", name: `${bare}/orders` },
      duckdb: { namespace: "duckdb://", name: `${bare}/main.orders` },
    }[name];
    const write = ledger(written.logs.run_id);
    const output = write.outputs.find((one) => one.name === wanted.name);
    expect(output).toMatchObject(wanted);
    expect(JSON.stringify(output)).toContain('"rowCount":1');
    expect(JSON.stringify(output?.facets?.["schema"])).toContain('"name":"name"');
    expect(JSON.stringify(output?.facets?.["columnLineage"])).toContain(file);
    expect(write.text).not.toContain("secret");

    const read = succeeded(await bench.read(database, { table_name: "orders", columns: ["name"] }));
    const reading = ledger(read.logs.run_id);
    expect(reading.inputs.find((one) => one.name === wanted.name)).toMatchObject(wanted);
    const lineage = JSON.stringify(reading.outputs.map((one) => one.facets?.["columnLineage"]));
    expect(lineage).toContain(JSON.stringify(wanted.name));
    expect(lineage).not.toContain('"id"');
  });
});
