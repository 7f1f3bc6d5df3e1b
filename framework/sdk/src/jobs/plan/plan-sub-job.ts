import { existsSync } from "node:fs";
import path from "node:path";
import { loadConfiguration } from "../../config/load-configuration.js";
import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import { fault } from "../../errors.js";
import type { Registry } from "../../registry/registry-types.js";
import type { PlanRequest, PlannedJob } from "./plan-job.js";
import type { StepPlanning } from "./plan-step.js";
import type { WrittenStep } from "./plan-steps.js";
import { plainValue } from "./step-definition.js";
import { subJobMissing } from "./sub-job-missing.js";

const UNKNOWN = { session: { id: "" }, run: { date: "" }, mods: {} };

/**
 * Plans the job that a step runs: as if it were run by itself, with the step's parameters as globals over its own.
 *
 * @throws DatapyError `DATAPY_JOB_CYCLE`; whatever `planJob` throws
 */
export async function planSubJob(
  step: WrittenStep,
  request: PlanRequest,
  planning: StepPlanning,
  registry: Registry,
): Promise<PlannedJob> {
  const { configuration, masker } = planning;
  const file = await subJobFile(step, configuration);
  const within = [...(request.within ?? []), configuration.parts.runFile?.document.name ?? ""];
  if (within.includes(file)) {
    const cycle = [...within.slice(within.indexOf(file)), file].map((one) => path.basename(one)).join(" → ");
    throw fault("DATAPY_JOB_CYCLE", { cycle }, { location: step.job?.location });
  }
  if (request.configuration.parts.request.files?.[file] === undefined && !existsSync(file)) {
    throw subJobMissing(file, within.at(-1) ?? "", step.job?.location);
  }
  const globals = step.params === undefined ? {} : ((await configuration.expandValue(step.params, UNKNOWN)) as object);
  const own = await loadSubJob(request.configuration, file, globals as Readonly<Record<string, unknown>>);
  const { planJob } = await import("./plan-job.js");
  return planJob({
    configuration: own,
    env: request.env,
    registry,
    masker,
    overrides: request.overrides,
    within,
  });
}

/** Absolute path of the job that a step runs; a relative one is taken from the file that the step stands in. */
async function subJobFile(step: WrittenStep, configuration: ResolvedConfiguration): Promise<string> {
  const node = step.job;
  const written = node === undefined ? "" : await plainValue(node, (one) => configuration.expandValue(one, UNKNOWN));
  const parent = configuration.parts.runFile?.document.name ?? "";
  return path.resolve(configuration.cwd, path.dirname(parent), String(written));
}

/** Reads the file of a sub-job, in the project and environment of the job around it. */
export async function loadSubJob(
  around: ResolvedConfiguration,
  file: string,
  globals: Readonly<Record<string, unknown>>,
): Promise<ResolvedConfiguration> {
  const { cwd, dataFolder, env, environmentName, references, masker, files } = around.parts.request;
  const { project } = around.parts;
  const text = files?.[file];
  const configuration = await loadConfiguration({
    cwd,
    dataFolder,
    env,
    file: text === undefined ? { path: file } : { name: file, text },
    ...(environmentName === undefined ? {} : { environmentName }),
    ...(references === undefined ? {} : { references }),
    ...(masker === undefined ? {} : { masker }),
    ...(files === undefined ? {} : { files }),
    project: project === undefined ? null : { name: project.document.name, text: project.document.text },
    globals,
  });
  return configuration as ResolvedConfiguration; // What `loadConfiguration` makes.
}
