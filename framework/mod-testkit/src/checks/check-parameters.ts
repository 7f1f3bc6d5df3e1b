import assert from "node:assert/strict";
import { load } from "js-yaml";
import type { ModDefinition } from "@datapy/mod-kit";
import { describeLoaded, exampleParameters } from "@datapy/sdk/contract";
import type { LoadedMod } from "../mod-package.js";
import type { Workplace, WorkplaceRun } from "../workplace.js";
import { none } from "../expect.js";

/** Nobody's parameter. */
const UNKNOWN = "datapy_testkit_no_such_parameter";

/** What `datapy mods info --example` prints is YAML that the mod takes: it comes as far as `run`. */
export async function checkExample(mod: LoadedMod, place: Workplace): Promise<void> {
  const takesAll: ModDefinition = { ...mod.definition, run: (_params, ctx) => Promise.resolve(ctx.result.success()) };
  const { status, errors } = await place.run(takesAll, { params: exampleValues(mod) });
  assert.notEqual(
    status,
    "error",
    `the example does not fit (\`examples\` of a parameter are shown in it): ${errors.join("\n")}`,
  );
}

/** The values of {@link checkExample}. What it takes from the environment, which are secrets, is not there. */
export function exampleValues({ registered, definition }: LoadedMod): Record<string, unknown> {
  const yaml = exampleParameters(describeLoaded(registered, definition)).replace(/\$\{env\.\w+\}/g, "example");
  // Where nothing must be given, all of it is comments, which is no document to the parser.
  return /^[^#\s]/m.test(yaml) ? (load(yaml) as Record<string, unknown>) : {};
}

/** A parameter that the mod does not have is refused before anything runs, by its name. */
export async function checkUnknownParameter(mod: LoadedMod, place: Workplace): Promise<void> {
  const { errors, ran } = await refused(mod, place, { params: { ...exampleValues(mod), [UNKNOWN]: 1 } });
  assert.ok(errors.includes(UNKNOWN), `the error names the parameter: ${errors}`);
  assert.equal(ran, false, "a mod does not run with a parameter that it does not have");
}

/** Parameters that must be given are all named when they are not. */
export async function checkMissingParameters(mod: LoadedMod, place: Workplace): Promise<void> {
  const required = describeLoaded(mod.registered, mod.definition).parameters.filter((one) => one.required);
  if (required.length === 0) return;
  const { errors, ran } = await refused(mod, place, {});
  const unnamed = required.map(({ name }) => name).filter((name) => !errors.includes(name));
  none(unnamed, `every required parameter that is missing is named: ${errors}`);
  assert.equal(ran, false, "a mod does not run without its required parameters");
}

async function refused(
  { definition }: LoadedMod,
  place: Workplace,
  run: WorkplaceRun,
): Promise<{ errors: string; ran: boolean }> {
  let ran = false;
  const watched = {
    ...definition,
    run: (...given: Parameters<typeof definition.run>) => {
      ran = true;
      return definition.run(...given);
    },
  };
  const envelope = await place.run(watched, run);
  assert.equal(envelope.status, "error", "parameters that do not fit are an error");
  const { exit_code: code, errors } = envelope;
  assert.equal(code, 20, `parameters that do not fit are a validation error, exit code 20: ${errors.join("\n")}`);
  return { errors: errors.join("\n"), ran };
}
