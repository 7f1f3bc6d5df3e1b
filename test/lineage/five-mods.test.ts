import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Artifact, Type, defineMod, sql, table } from "@datapy/mod-kit";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { traceLineage } from "@datapy/sdk/lineage";

const plugin = (name: string): string => path.resolve(__dirname, "../../plugins", name, "dist/index.js");
const TARGET = "postgresql://warehouse:5432/shop/public.customers";

/** Names, and spending by country: a column of two, and one of many rows. */
const summarize = defineMod({
  metadata: {
    name: "summarize",
    version: "1.0.0",
    description: "Joins names, sums up by country",
    category: "transformer",
  },
  params: Type.Object({ input_artifact: Artifact() }),
  artifacts: { output_data: { kind: "table", description: "Customers with their country's spending" } },
  async run({ input_artifact: uri }, ctx) {
    const query = sql`select id, first_name || ' ' || last_name as name, email, sum(spent) over (partition by country) as country_spent,
      true as is_new from ${table(uri)}`;
    await ctx.data.writeTable("output_data", query, {
      lineage: {
        id: [{ uri, column: "id" }],
        name: [
          { uri, column: "first_name", change: "transformation" },
          { uri, column: "last_name", change: "transformation" },
        ],
        email: [{ uri, column: "email" }],
        country_spent: [{ uri, column: "spent", change: "aggregation" }],
        is_new: [],
      },
    });
    return ctx.result.success();
  },
});

/** Stands for a sink in a database that the test has not: it names the table that it would load. */
const load = defineMod({
  metadata: { name: "load", version: "1.0.0", description: "Names its target", category: "sink" },
  params: Type.Object({ input_artifact: Artifact() }),
  async run({ input_artifact: uri }, ctx) {
    const columns = await ctx.data.describe(sql`select * from ${table(uri)}`);
    const lineage = Object.fromEntries(columns.map(({ name }) => [name.toUpperCase(), [{ uri, column: name }]]));
    ctx.result.addDataset({
      role: "output",
      uri: TARGET,
      columns: columns.map(({ name, type }) => ({ name: name.toUpperCase(), type })),
      lineage,
    });
    return ctx.result.success();
  },
});

let work: string;
beforeAll(() => {
  work = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-lineage-")));
  setGlobalConfig({ work_path: work, log_level: "error" });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function output(envelope: Envelope): string {
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  return envelope.artifacts["output_data"] ?? "";
}

test("which source columns feed this target column, through five mods", async () => {
  const source = path.join(work, "customers.csv");
  writeFileSync(
    source,
    "id,First Name,Last Name,E-Mail,Spent,Country\n1,Ada,Lovelace,ada@x.org,10.50,UK\n2,Alan,Turing,alan@x.org,2.25,UK\n",
  );
  const read = output(await runMod(plugin("mod-csv-reader"), { input_path: source, source_file: true }));
  const cleaned = output(
    await runMod(plugin("mod-data-cleaner"), {
      input_artifact: read,
      rename: {
        "First Name": "first_name",
        "Last Name": "last_name",
        "E-Mail": "email",
        Spent: "spent",
        Country: "country",
      },
      mask: { email: "hash" },
      mask_salt: "salt and pepper",
    }),
  );
  const valid = output(
    await runMod(plugin("mod-validator"), { input_artifact: cleaned, rules: [{ check: "required", column: "id" }] }),
  );
  const summarized = output(await runMod(summarize, { input_artifact: valid }));
  expect((await runMod(load, { input_artifact: summarized })).status).toBe("success");

  const { columns, runs } = traceLineage(work, { reference: "public.customers", cwd: work, columns: true });
  expect(runs.map(({ mod }) => mod)).toEqual(["load", "summarize", "validator", "data-cleaner", "csv-reader"]);
  expect(
    columns?.map(({ column, kind, dataset, other, change }) => [
      column,
      kind === "source" ? `${path.basename(dataset)}: ${other ?? ""}` : kind,
      change,
    ]),
  ).toEqual([
    ["ID", "customers.csv: id", "identity"],
    ["NAME", "customers.csv: First Name", "transformation"],
    ["NAME", "customers.csv: Last Name", "transformation"],
    ["EMAIL", "customers.csv: E-Mail", "masked"],
    ["COUNTRY_SPENT", "customers.csv: Spent", "aggregation"],
    ["IS_NEW", "constant", undefined],
  ]);
  const down = traceLineage(work, { reference: source, cwd: work, direction: "down", column: "Last Name" });
  expect(down.columns).toMatchObject([{ kind: "target", dataset: TARGET, other: "NAME", change: "transformation" }]);
});
