import { load } from "js-yaml";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { openWorkbench } from "./api-workbench.js";
import type { Workbench } from "./api-workbench.js";

/** A folder a case: `answer.json` or `answer.ndjson` is what the API says, `params.yaml` holds the parameters. */
const samples = path.join(__dirname, "samples");

interface Expected {
  readonly status: string;
  readonly error?: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly rows?: readonly (readonly unknown[])[];
}

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.stop());

test.each(readdirSync(samples).sort())("%s", async (name) => {
  const at = (file: string): string => path.join(samples, name, file);
  const type = existsSync(at("answer.ndjson")) ? "ndjson" : "json";
  const endpoint = bench.api.on(`/${name}`, (_seen, response) => {
    response.writeHead(200, { "content-type": `application/${type}` });
    response.end(readFileSync(at(`answer.${type}`)));
  });
  const params = { endpoint, ...(load(readFileSync(at("params.yaml"), "utf8")) as Record<string, unknown>) };
  const expected = JSON.parse(readFileSync(at("expected.json"), "utf8")) as Expected;
  if (expected.error !== undefined) {
    expect(await bench.fail(params)).toContain(expected.error);
    return;
  }
  const table = await bench.read(params);
  expect(table.envelope?.status).toBe(expected.status);
  expect(table.columns).toEqual(expected.columns);
  expect(table.rows).toEqual(expected.rows);
});
