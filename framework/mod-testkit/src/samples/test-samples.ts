import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Envelope, ModDefinition } from "@datapy/mod-kit";
import { loadPackagedMod, openModPackage } from "../mod-package.js";
import { testApi } from "../test-api.js";
import { openWorkplace } from "../workplace.js";
import type { Workplace } from "../workplace.js";
import { openSampleTables, withNumbers } from "./sample-tables.js";
import type { SampleTables } from "./sample-tables.js";
import { findSamples, sampleParameters } from "./sample.js";
import type { Expected, Sample } from "./sample.js";
import { same } from "../expect.js";

/**
 * Declares a test for every folder of the package's `test/samples`: runs the mod with `params.yaml` and compares with `expected.json`
 * ({@link Expected}). A package of several mods names the one in `options.mod`.
 */
export function testSamples(packageRoot: string, options: { readonly mod?: string } = {}): void {
  const { describe, test, beforeAll, afterAll } = testApi();
  describe("samples", () => {
    let place: Workplace;
    let tables: SampleTables;
    let definition: ModDefinition;

    beforeAll(async () => {
      place = openWorkplace();
      tables = openSampleTables();
      mkdirSync(path.join(place.folder, "inputs"));
      const { mods } = openModPackage(packageRoot);
      const registered = options.mod === undefined ? mods[0] : mods.find(({ name }) => name === options.mod);
      assert.ok(registered !== undefined, `the package has no mod ${options.mod ?? ""}`);
      ({ definition } = await loadPackagedMod(registered));
    });
    afterAll(async () => {
      await tables.close();
      place.close();
    });

    for (const sample of findSamples(packageRoot)) {
      test(sample.name, async () => {
        const params = await sampleParameters(sample, tables, path.join(place.folder, "inputs"));
        await compare(sample, definition, await place.run(definition, { params }), tables);
      });
    }
  });
}

async function compare(
  { expected }: Sample,
  definition: ModDefinition,
  envelope: Envelope,
  tables: SampleTables,
): Promise<void> {
  same(
    { status: envelope.status, errors: expected.status === "error" ? [] : envelope.errors },
    { status: expected.status, errors: [] },
    "how the run ended",
  );
  if (envelope.status === "error") {
    if (expected.exit_code !== undefined) assert.equal(envelope.exit_code, expected.exit_code);
    assert.ok(expected.error !== undefined, "a sample that fails says with which error");
    assert.ok(envelope.errors.join("\n").includes(expected.error), envelope.errors.join("\n"));
    return;
  }
  for (const [key, value] of Object.entries(expected.metrics ?? {}))
    same(envelope.metrics[key], value, `metric ${key}`);
  const warnings = envelope.warnings.join("\n");
  for (const text of expected.warnings ?? []) assert.ok(warnings.includes(text), `${text} in ${warnings}`);

  const output = envelope.artifacts["output_data"];
  if (output !== undefined) {
    const table = await tables.read(output);
    if (expected.columns !== undefined) same(table.columns, expected.columns, "columns of output_data");
    same(table.rows, withNumbers(expected.rows ?? []), "rows of output_data");
  } else assert.equal(expected.rows, undefined, "the run made no output_data");
  await compareOthers(expected, definition, envelope.artifacts, tables);
  if (Object.hasOwn(definition.artifacts, "quarantine") && envelope.metrics["rows_rejected"] !== undefined)
    assert.equal(
      envelope.artifacts["quarantine"] !== undefined,
      Number(envelope.metrics["rows_rejected"]) > 0,
      "there is a quarantine exactly when rows were rejected",
    );
}

async function compareOthers(
  expected: Expected,
  definition: ModDefinition,
  artifacts: Readonly<Record<string, string>>,
  tables: SampleTables,
): Promise<void> {
  const others = { ...expected.artifacts, ...(expected.quarantine && { quarantine: expected.quarantine }) };
  for (const [key, rows] of Object.entries(others)) {
    const uri = artifacts[key];
    assert.ok(uri !== undefined, `the run made no ${key}`);
    assert.equal(definition.artifacts[key]?.kind, "table", `${key} is a table`);
    same((await tables.read(uri)).rows, withNumbers(rows), key);
  }
}
