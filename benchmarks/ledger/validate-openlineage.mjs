// Holds ledger files to the JSON Schemas that the OpenLineage project publishes.
//
//   node benchmarks/ledger/validate-openlineage.mjs SPEC LEDGER...
//
// SPEC is the `spec` folder of a copy of the OpenLineage repository; each LEDGER a file of `.datapy/runs`, or a folder of them.
// Every event is validated against OpenLineage.json, and every facet that names a schema of the standard against that schema.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const { Ajv2020 } = createRequire(path.join(root, "framework/sdk/package.json"))("ajv/dist/2020.js");

const [spec, ...ledgers] = process.argv.slice(2);
if (spec === undefined || ledgers.length === 0) throw new Error("usage: validate-openlineage.mjs SPEC LEDGER...");

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat("uuid", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
ajv.addFormat("uri", { validate: (text) => URL.canParse(text) });
const schemas = [path.join(spec, "OpenLineage.json")];
for (const name of readdirSync(path.join(spec, "facets")))
  if (name.endsWith(".json")) schemas.push(path.join(spec, "facets", name));
for (const file of schemas) ajv.addSchema(JSON.parse(readFileSync(file, "utf8")));

function filesOf(place) {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ndjson"))
    .map((name) => path.join(place, name));
}

function* facetsOf(event) {
  for (const owner of [event.run, event.job, ...event.inputs, ...event.outputs]) {
    for (const key of ["facets", "inputFacets", "outputFacets"]) yield* Object.entries(owner[key] ?? {});
  }
}

let [events, facets, faults] = [0, 0, 0];
const counts = new Map();
function check(schema, value, what) {
  const validate = ajv.getSchema(schema);
  if (validate === undefined) {
    faults += 1;
    console.error(`${what}: there is no schema ${schema}`);
  } else if (!validate(value)) {
    faults += 1;
    console.error(`${what}: ${ajv.errorsText(validate.errors)}`);
  }
}
for (const file of ledgers.flatMap(filesOf)) {
  readFileSync(file, "utf8")
    .split("\n")
    .forEach((line, index) => {
      if (line === "") return;
      const event = JSON.parse(line);
      const what = `${file}:${index + 1}`;
      events += 1;
      counts.set(event.eventType, (counts.get(event.eventType) ?? 0) + 1);
      check("https://openlineage.io/spec/2-0-2/OpenLineage.json", event, what);
      check(event.schemaURL, event, what);
      for (const [key, facet] of facetsOf(event)) {
        if (!facet._schemaURL.startsWith("https://openlineage.io/spec/")) continue;
        facets += 1;
        check(facet._schemaURL, facet, `${what} facet ${key}`);
        check(facet._schemaURL.split("#")[0], { [key]: facet }, `${what} facet ${key}`);
      }
    });
}
console.log(
  `${events} events (${[...counts].map(([type, count]) => `${count} ${type}`).join(", ")}), ${facets} facets, ${faults} faults`,
);
process.exitCode = faults === 0 && events > 0 ? 0 : 1;
