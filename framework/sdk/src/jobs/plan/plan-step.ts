import type { ResolvedParameters } from "../../config/configuration-types.js";
import { propertiesOf, semanticsOf } from "../../config/schema-properties.js";
import type { JsonSchema } from "../../config/schema-properties.js";
import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import { untrace } from "../../config/traced-value.js";
import { validateParameters } from "../../contract/validate-parameters.js";
import { FaultList } from "../../faults.js";
import type { Masker } from "../../secrets/masker-types.js";
import { hashOf } from "./canonical-json.js";
import type { ModCatalog, PlannedMod } from "./mod-catalog.js";
import type { JobSource, WrittenStep } from "./plan-steps.js";
import type { Plan, PlanOrigin, PlanStep } from "./plan-types.js";
import { readStepOptions } from "./step-definition.js";

/** What the planning of all steps of a job shares. */
export interface StepPlanning {
  readonly file: JobSource;
  /** One that leaves what only a run can answer as it is written. */
  readonly configuration: ResolvedConfiguration;
  readonly catalog: ModCatalog;
  readonly masker: Masker;
  readonly overrides: Readonly<Record<string, unknown>>;
}

/** What a step has to do with others. */
export interface StepLinks {
  readonly needs: readonly string[];
  readonly reads: readonly string[];
  /** Table that is at hand for `input_artifact`. */
  readonly input: { readonly step: string; readonly artifact: string } | undefined;
  readonly subJob: Plan | undefined;
}

/** References are as they are written where a run alone can answer them. */
const UNKNOWN = { session: { id: "" }, run: { date: "" }, mods: {} };
const RUN_TIME = /\$\{\s*(?:mods|steps|item|session|run)\b/;

/** Plans one step. Throws `FaultList` of what is wrong with its references and parameters, as far as that can be known. */
export async function planStep(step: WrittenStep, links: StepLinks, planning: StepPlanning): Promise<PlanStep> {
  const { configuration, masker } = planning;
  const options = await readStepOptions(planning.file.form === "graph" ? step.node : undefined, (node) =>
    configuration.expandValue(node, UNKNOWN),
  );
  const found = step.mod === undefined ? undefined : await planning.catalog.find(step.mod);
  const resolved = found === undefined ? undefined : await resolve(step, found, planning);
  const isFed = found !== undefined && resolved !== undefined && takesInput(found.schema, resolved.values);
  const input = isFed ? links.input : undefined;
  if (found !== undefined && resolved !== undefined) refuseInvalid(found, resolved, input !== undefined);
  const parameters =
    found !== undefined && resolved !== undefined
      ? hideSecrets(resolved.values, found.schema, masker)
      : step.params === undefined
        ? {}
        : masker.maskJson(await configuration.expandValue(step.params, UNKNOWN));
  const when = plainEntry(step, "when");
  const foreach = plainEntry(step, "foreach");
  const { description, ...settings } = options;
  const core = {
    ...(found === undefined ? {} : { mod: found.mod }),
    parameters: parameters as Readonly<Record<string, unknown>>,
    ...(input === undefined ? {} : { input }),
    ...(foreach === undefined ? {} : { foreach }),
  };
  const waits = input === undefined || links.needs.includes(input.step) ? links.needs : [...links.needs];
  return {
    id: step.id,
    ...(description === undefined ? {} : { description }),
    ...core,
    ...(links.subJob === undefined ? {} : { sub_job: links.subJob }),
    provenance: resolved === undefined ? {} : provenanceOf(resolved, masker),
    needs: waits,
    reads: links.reads,
    ...(when === undefined ? {} : { when: when as boolean | string }),
    ...settings,
    hash: hashOf({ ...core, mod: identityOf(found), sub_job: links.subJob?.hash }),
  };
}

/** A mod is what it is wherever its file lies and however it is referred to. */
function identityOf(found: PlannedMod | undefined): object | undefined {
  if (found === undefined) return undefined;
  const { name, version, package: packageName, source_hash } = found.mod;
  return { name, version, package: packageName, source_hash };
}

async function resolve(step: WrittenStep, found: PlannedMod, planning: StepPlanning): Promise<ResolvedParameters> {
  const { configuration, masker } = planning;
  const { resolved, faults } = await configuration.preview({
    mod: found.mod.name,
    step: step.id,
    schema: found.schema,
    params: overridesFor(found.schema, planning.overrides),
    references: UNKNOWN,
  });
  if (faults.length > 0) throw new FaultList(faults);
  for (const secret of resolved.secrets) masker.add(secret);
  return resolved;
}

/** Those overrides that are parameters of the mod. */
export function overridesFor(
  schema: JsonSchema,
  overrides: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const declared = propertiesOf(schema);
  return Object.fromEntries(Object.entries(overrides).filter(([name]) => declared.has(name)));
}

/** Whether a mod takes a table that nothing gives it. */
function takesInput(schema: JsonSchema, values: Readonly<Record<string, unknown>>): boolean {
  const property = propertiesOf(schema).get("input_artifact");
  return property !== undefined && semanticsOf(property)?.kind === "artifact" && values["input_artifact"] === undefined;
}

/** Holds parameters that are known whole against the mod's schema now: a job that cannot work shall not begin. */
function refuseInvalid(found: PlannedMod, resolved: ResolvedParameters, isFed: boolean): void {
  for (const { template } of resolved.origins.values()) if (template !== undefined && RUN_TIME.test(template)) return;
  const faults = validateParameters({
    schema: found.schema,
    // Any text is an artifact as far as a schema can tell.
    values: isFed ? { ...resolved.values, input_artifact: "artifact" } : resolved.values,
    locate: (pointer) => resolved.locate(pointer),
    mod: found.mod.name,
    secrets: resolved.secrets,
  });
  if (faults.length > 0) throw new FaultList(faults);
}

/** Secrets are hidden by what they are for, and by value wherever else they stand. */
function hideSecrets(values: Readonly<Record<string, unknown>>, schema: JsonSchema, masker: Masker): object {
  const shown: Record<string, unknown> = {};
  const declared = propertiesOf(schema);
  for (const [name, value] of Object.entries(values)) {
    const isSecret = semanticsOf(declared.get(name))?.kind === "secret";
    shown[name] = isSecret && value !== null && value !== undefined ? "***" : value;
  }
  return masker.maskJson(shown);
}

function provenanceOf(resolved: ResolvedParameters, masker: Masker): Record<string, PlanOrigin> {
  const provenance: Record<string, PlanOrigin> = {};
  for (const [pointer, { layer, location, template }] of resolved.origins) {
    // Defaults are what is left where nothing is said.
    if (layer === "default") continue;
    provenance[pointer] = {
      layer,
      ...(location === undefined ? {} : { file: location.file }),
      ...(location?.line === undefined ? {} : { line: location.line }),
      ...(location?.column === undefined ? {} : { column: location.column }),
      ...(template === undefined ? {} : { template: masker.mask(template) }),
    };
  }
  return provenance;
}

function plainEntry(step: WrittenStep, key: string): unknown {
  if (step.node === step.params) return undefined;
  const value = step.node.entries.get(key);
  return value === undefined ? undefined : untrace(value);
}
