import type { SourceLocation } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import type { RunFile } from "../config/config-sources.js";
import { layerParameters } from "../config/layer-parameters.js";
import { canonicalModKey } from "../config/mod-key.js";
import { TracedObject } from "../config/traced-value.js";
import type { TracedValue } from "../config/traced-value.js";
import { fault } from "../errors.js";
import { readSchedule } from "../export/exported-job.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { stepsInCondition } from "../jobs/plan/step-references.js";
import { JobSchema } from "../schema/job-schema.js";
import { checkGlobals, checkUnusedGlobals } from "./check-globals.js";
import { checkGraph, readGraphSteps } from "./check-graph.js";
import { checkParameters } from "./check-parameters.js";
import { checkReferences, stepKey } from "./check-references.js";
import { checkSecrets } from "./check-secrets.js";
import { checkShape } from "./check-shape.js";
import { modFault } from "./finding.js";
import type { LintContext, LintStep } from "./lint-context.js";

type JobFile = RunFile & { readonly form: "simple" | "graph" };

/** Checks a job file of either form: its shape, its globals, every step's mod, parameters and references, and the graph. */
export function checkJob(file: JobFile, context: LintContext): void {
  checkShape(file.root, JobSchema, context.findings);
  const { mods, steps } = Object.fromEntries(file.root.entries) as Partial<Record<string, TracedValue>>;
  if (mods !== undefined && steps !== undefined) {
    context.findings.error(fault("DATAPY_JOB_FORM", {}, { location: steps.keyLocation }));
  }
  checkSchedule(file.root, context);
  const jobSteps = file.form === "graph" ? readGraphSteps(file.steps, context) : readSimpleSteps(file.mods, context);
  checkGlobals(file.globals, context);
  for (const [index, step] of jobSteps.entries()) {
    reportUnknownMod(step, context);
    if (step.lookup !== undefined && "mod" in step.lookup)
      checkStepParameters(file, step, step.lookup.mod, jobSteps.slice(0, index), context);
    else checkSecrets(step.node, undefined, context.findings);
  }
  if (file.form === "graph") {
    for (const step of jobSteps) checkCondition(step, context);
    checkGraph(jobSteps, context);
  } else checkSimpleReferences(jobSteps, context);
  checkUnusedGlobals(file, jobSteps, context);
}

/** A schedule that no export could write. The job itself runs all the same. */
function checkSchedule(root: TracedObject, context: LintContext): void {
  try {
    readSchedule(root);
  } catch (error) {
    if (!isDatapyError(error)) throw error;
    // What is of another shape is told with the rest of the file.
    if (error.code === "DATAPY_SCHEDULE_INVALID") context.findings.warning(error);
  }
}

/** The mods of the simple form, in file order. */
function readSimpleSteps(mods: TracedObject | undefined, context: LintContext): LintStep[] {
  const seen = new Map<string, SourceLocation | undefined>();
  const steps: LintStep[] = [];
  for (const [key, node] of mods?.entries ?? []) {
    const name = canonicalModKey(key);
    if (seen.has(name)) {
      const first = seen.get(name)?.line ?? 0;
      context.findings.error(
        fault("DATAPY_YAML_DUPLICATE_KEY", { key: `${key} (the mod ${name})`, first }, { location: node.keyLocation }),
      );
    } else seen.set(name, node.keyLocation);
    const own: TracedObject = node.kind === "object" ? node : new TracedObject(node, new Map());
    steps.push({ id: key, mod: key, lookup: context.findMod(key), node: own, hasForeach: false });
  }
  return steps;
}

/** A condition that is not understood, and a sink that is to be cached. */
function checkCondition(step: LintStep, context: LintContext): void {
  try {
    stepsInCondition(step.node.entries.get("when"));
  } catch (error) {
    if (!isDatapyError(error)) throw error;
    context.findings.error(error);
  }
  const cache = step.node.entries.get("cache");
  const isOff = cache === undefined || (cache.kind === "scalar" && cache.value === false);
  const { lookup } = step;
  if (!isOff && lookup !== undefined && "mod" in lookup && lookup.mod.category === "sink") {
    const details = { step: step.id, mod: lookup.mod.name };
    context.findings.error(fault("DATAPY_STEP_CACHE_SINK", details, { location: cache.location }));
  }
}

/** A step of the simple form sees those before it. */
function checkSimpleReferences(steps: readonly LintStep[], context: LintContext): void {
  const before = new Map<string, LintStep>();
  for (const step of steps) {
    checkReferences(step.node, { steps: before, ordered: true, item: false }, context);
    before.set(stepKey(step.id), step);
  }
}

function reportUnknownMod(step: LintStep, context: LintContext): void {
  const { mod, lookup, node } = step;
  if (mod === undefined || lookup === undefined) return;
  const location = node.entries.get("mod")?.location ?? node.keyLocation ?? node.location;
  if ("error" in lookup) {
    const { error } = lookup;
    if (!isDatapyError(error)) throw error;
    context.findings.error(modFault(error, mod, location));
  } else if ("mod" in lookup && mod.startsWith("datapy.mods.")) {
    const hint = `Write ${lookup.mod.name}.`;
    context.findings.warning(fault("DATAPY_NAME_DEPRECATED", { what: `the dotted name ${mod}` }, { location, hint }));
  }
}

function checkStepParameters(
  file: JobFile,
  step: LintStep,
  mod: RegisteredMod,
  before: readonly LintStep[],
  context: LintContext,
): void {
  const schema = mod.manifest?.params;
  if (schema === undefined) return;
  const merged = layerParameters(context.parts, { mod: mod.name, step: step.id, schema }, []);
  // In the simple form, the table of the nearest mod before that makes one is given to one that takes a table.
  const isFed = file.form === "simple" && before.some(makesTable);
  const given = new Set(isFed ? ["input_artifact"] : []);
  checkParameters(mod, merged, { complete: true, given }, context);
}

/** Whether a step makes a table, as far as is known: of an unknown mod it may. */
function makesTable({ lookup }: LintStep): boolean {
  const artifacts = lookup !== undefined && "mod" in lookup ? lookup.mod.manifest?.artifacts : undefined;
  return (
    artifacts === undefined || Object.values(artifacts).some((one) => (one as { kind?: unknown }).kind === "table")
  );
}
