import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { RegisteredMod } from "@datapy/sdk/registry";
import { checkImport } from "./checks/check-import.js";
import { checkNames, checkSecrets } from "./checks/check-names.js";
import { checkManifest, checkMetadata, checkPackage } from "./checks/check-package.js";
import {
  checkExample,
  checkMissingParameters,
  checkUnknownParameter,
  exampleValues,
} from "./checks/check-parameters.js";
import { checkReadme } from "./checks/check-readme.js";
import { checkArtifacts, checkCanceled, checkMetrics } from "./checks/check-run.js";
import { loadPackagedMod, openModPackage } from "./mod-package.js";
import type { LoadedMod, ModPackage } from "./mod-package.js";
import { findSamples, sampleParameters } from "./samples/sample.js";
import { openSampleTables } from "./samples/sample-tables.js";
import { testSamples } from "./samples/test-samples.js";
import { testApi } from "./test-api.js";
import { watchedRun } from "./watched-run.js";
import { openWorkplace } from "./workplace.js";
import type { Workplace } from "./workplace.js";

/** Something that a mod can run on: a server that answers, a folder with files. */
export interface RunSetup {
  readonly params: Readonly<Record<string, unknown>>;
  /** Gives back what was started. */
  stop?(): Promise<void> | void;
}

/** Options of {@link testMod}. */
export interface TestModOptions {
  /** Also tests every folder of `test/samples`. Default `true`. */
  readonly samples?: boolean;
  /**
   * Parameters of a run that succeeds, by mod. Default: what `test/conformance.mjs` of the package gives
   * (`export default async (folder, modName) => ({ params, stop })`), else the first of `test/samples` that succeeds.
   */
  readonly setup?: (folder: string, mod: string) => Promise<RunSetup> | RunSetup;
}

/**
 * Declares the conformance tests of every mod in a package: what a host and its users rely on, whatever the mod does. With jest, vitest
 * (globals) or `node:test`, one line is a whole test file: `testMod(path.join(__dirname, ".."))`. The package must be built.
 */
export function testMod(packageRoot: string, options: TestModOptions = {}): void {
  const { describe, test, beforeAll, afterAll } = testApi();
  const root = path.resolve(packageRoot);
  describe(path.basename(root), () => {
    let modPackage: ModPackage;
    let loaded: readonly LoadedMod[];
    let place: Workplace;

    beforeAll(async () => {
      place = openWorkplace();
      modPackage = openModPackage(root);
      loaded = await Promise.all(modPackage.mods.map(loadPackagedMod));
    });
    afterAll(() => place.close());

    const each = async (check: (mod: LoadedMod) => Promise<void> | void): Promise<void> => {
      for (const mod of loaded) await check(mod);
    };
    test("the package can be installed", () => checkPackage(modPackage));
    test("metadata is complete, and one in code and package", () => each((mod) => checkMetadata(modPackage, mod)));
    test("the manifest is up to date", () => checkManifest(modPackage, loaded));
    test("the README's tables are up to date", () => checkReadme(modPackage, loaded));
    test("parameters and artifacts have canonical names and descriptions", () => each(checkNames));
    test("secrets are marked", () => each(checkSecrets));
    test("importing it does nothing", () => each(({ registered }) => checkImport(registered.entry)), 60_000);
    test("`mods info --example` fits the schema", () => each((mod) => checkExample(mod, place)));
    test("an unknown parameter is refused by name", () => each((mod) => checkUnknownParameter(mod, place)));
    test("missing parameters are all named", () => each((mod) => checkMissingParameters(mod, place)));
    test(
      "a run makes the artifacts and metrics that it declares; canceled, it ends",
      () => each((mod) => runs(root, mod, place, options)),
      120_000,
    );
    if (options.samples !== false && findSamples(root).length > 0) testSamples(root);
  });
}

/** One run that goes through and one that is canceled. Where nothing is known to run the mod on, it runs on its example and may fail. */
async function runs(
  root: string,
  { registered, definition }: LoadedMod,
  place: Workplace,
  options: TestModOptions,
): Promise<void> {
  const folder = path.join(place.folder, registered.name);
  mkdirSync(folder, { recursive: true });
  const setup = await findSetup(root, registered, folder, options);
  try {
    if (setup === undefined) {
      await runsOnSample(root, { registered, definition }, place, folder);
      return;
    }
    const whole = await watchedRun(definition, place, setup.params);
    assert.notEqual(whole.envelope.status, "error", whole.envelope.errors.join("\n"));
    checkArtifacts(definition, whole);
    checkMetrics(whole);
    await checkCanceled(await watchedRun(definition, place, setup.params, { cancel: true }), place);
  } finally {
    await setup?.stop?.();
  }
}

async function findSetup(
  root: string,
  { name }: RegisteredMod,
  folder: string,
  { setup }: TestModOptions,
): Promise<RunSetup | undefined> {
  if (setup !== undefined) return setup(folder, name);
  const file = path.join(root, "test", "conformance.mjs");
  if (!existsSync(file)) return undefined;
  const module = (await import(pathToFileURL(file).href)) as {
    readonly default: (folder: string, mod: string) => Promise<RunSetup> | RunSetup;
  };
  return module.default(folder, name);
}

async function runsOnSample(root: string, mod: LoadedMod, place: Workplace, folder: string): Promise<void> {
  const { definition } = mod;
  const tables = openSampleTables();
  try {
    // A sample may need more than its folder (a server); the package's own tests know what. So a few are tried.
    for (const sample of findSamples(root)
      .filter(({ expected }) => expected.status === "success")
      .slice(0, 3)) {
      const params = await sampleParameters(sample, tables, folder);
      const whole = await watchedRun(definition, place, params);
      if (whole.envelope.status === "error") continue;
      checkArtifacts(definition, whole);
      checkMetrics(whole);
      await checkCanceled(await watchedRun(definition, place, params, { cancel: true }), place);
      return;
    }
    const example = await watchedRun(definition, place, exampleValues(mod));
    checkArtifacts(definition, example);
    checkMetrics(example);
    await checkCanceled(await watchedRun(definition, place, exampleValues(mod), { cancel: true }), place);
  } finally {
    await tables.close();
  }
}
