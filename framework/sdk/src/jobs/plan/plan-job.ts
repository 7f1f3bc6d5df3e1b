import path from "node:path";
import type { DatapyError } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import { canonicalModKey } from "../../config/mod-key.js";
import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import { fault } from "../../errors.js";
import { FaultList } from "../../faults.js";
import { discoverMods } from "../../registry/discover-mods.js";
import type { Registry } from "../../registry/registry-types.js";
import { createMasker } from "../../secrets/masker.js";
import type { Masker } from "../../secrets/masker-types.js";
import { hashOf } from "./canonical-json.js";
import { modCatalog } from "./mod-catalog.js";
import type { ModCatalog } from "./mod-catalog.js";
import { planStep } from "./plan-step.js";
import type { StepPlanning } from "./plan-step.js";
import { planSubJob } from "./plan-sub-job.js";
import { findDependencies, writtenSteps } from "./plan-steps.js";
import type { Dependencies, JobSource, WrittenStep } from "./plan-steps.js";
import type { Plan, PlanJob, PlanStep } from "./plan-types.js";
import { plainValue, readJobSettings } from "./step-definition.js";
import { selectSteps } from "./select-steps.js";
import type { Selection } from "./select-steps.js";
import { runningOrder } from "./step-graph.js";

/** What a plan is made of. */
export interface PlanRequest {
  /** Of the job's file. */
  readonly configuration: ResolvedConfiguration;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default a new discovery. */
  readonly registry?: Registry | undefined;
  /** Default a new one: nothing of a secret gets into a plan. */
  readonly masker?: Masker | undefined;
  /** Steps to run. Default all. */
  readonly selection?: Selection | undefined;
  /** Parameters for every mod that declares them: over those of the job, below `--set`. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  /** Files of the jobs that this one is a step of, outermost first. */
  readonly within?: readonly string[] | undefined;
}

/** A plan, with what is needed to run it here. */
export interface PlannedJob {
  readonly plan: Plan;
  readonly configuration: ResolvedConfiguration;
  /** Every step's own part of the file. */
  readonly written: ReadonlyMap<string, WrittenStep>;
  /** Jobs that steps run, by the step's id. */
  readonly subJobs: ReadonlyMap<string, PlannedJob>;
  /** Steps that selected ones refer to and that are not selected themselves. */
  readonly missing: readonly string[];
}

/**
 * Plans a job: what lint finds is refused first, then every step's mod is found, its parameters are resolved as far as they are known
 * before the run, and everything that a step waits for is put in order. Runs nothing and writes nothing.
 *
 * @throws FaultList of all that is wrong; `DATAPY_JOB_NOT_A_JOB`, `DATAPY_SELECTION_EMPTY`, `DATAPY_STEP_…`, `DATAPY_CONDITION_INVALID`:
 * exit code 20.
 */
export async function planJob(request: PlanRequest): Promise<PlannedJob> {
  const { configuration, env, masker = createMasker() } = request;
  const file = jobSource(configuration);
  const { refuseLintErrors } = await import("../../lint/refuse-lint-errors.js");
  const registry =
    request.registry ?? discoverMods({ cwd: configuration.cwd, env, projectFile: configuration.project?.file });
  refuseLintErrors({ configuration, env, registry });

  const written = writtenSteps(file);
  if (written.length === 0)
    throw fault("DATAPY_JOB_EMPTY", { file: file.document.name }, { location: file.root.location });
  const dependencies = findDependencies(file, written);
  const order = runningOrder({ ids: written.map(({ id }) => id), needs: dependencies.needs });
  const selected = selectSteps({ file, written, dependencies, order, selection: request.selection });
  refuseSetsForNoStep(configuration, written, selected.places.size);

  const preview = configuration.forPlanning();
  const catalog = modCatalog({ cwd: configuration.cwd, env, registry });
  const planning: StepPlanning = { file, configuration: preview, catalog, masker, overrides: request.overrides ?? {} };
  const subJobs = new Map<string, PlannedJob>();
  const faults: DatapyError[] = [];
  const steps: PlanStep[] = [];
  for (const place of order) {
    const step = written[place];
    if (step === undefined || !selected.places.has(place)) continue;
    try {
      const links = linksOf(place, written, dependencies, selected);
      const input = await feeding(place, file, written, catalog);
      const subJob = step.job === undefined ? undefined : await planSubJob(step, request, planning, registry);
      if (subJob !== undefined) subJobs.set(step.id, subJob);
      steps.push(await planStep(step, { ...links, input, subJob: subJob?.plan }, planning));
    } catch (error) {
      noteFaults(error, faults);
    }
  }
  if (faults.length > 0) throw new FaultList(faults);

  const settings = await readJobSettings(file.root, (node) => preview.expandValue(node, UNKNOWN));
  const job = await describeJob(file, preview);
  const globals = (await preview.expandValue(configuration.parts.globals, UNKNOWN)) as Readonly<
    Record<string, unknown>
  >;
  const content = {
    format: 1 as const,
    job,
    environment: configuration.environment ?? null,
    settings,
    globals,
    steps,
    edges: selected.edges,
  };
  // Where the file lies says nothing of what it does.
  const { file: _, ...identity } = job;
  const plan: Plan = {
    ...masker.maskJson(content),
    hash: hashOf(masker.maskJson({ ...content, job: identity, steps: steps.map(identityOf) })),
  };
  return {
    plan,
    configuration,
    written: new Map(written.map((step) => [step.id, step])),
    subJobs,
    missing: missingOf(plan, selected),
  };
}

/** What only a run can answer stays as it is written. */
const UNKNOWN = { session: { id: "" }, run: { date: "" }, mods: {} };

/** Lines and columns, and how a mod is spelled, are no part of what a plan is. */
function identityOf({ provenance: _, mod, ...step }: PlanStep): object {
  return {
    ...step,
    mod: mod === undefined ? undefined : { ...mod, reference: undefined },
    sub_job: step.sub_job?.hash,
  };
}

function jobSource(configuration: ResolvedConfiguration): JobSource {
  const { runFile } = configuration.parts;
  if (runFile === undefined || runFile.form === "flat") {
    const file = runFile?.document.name ?? "(no file)";
    throw fault("DATAPY_JOB_NOT_A_JOB", { file }, { location: runFile?.root.location });
  }
  return runFile;
}

async function describeJob(file: JobSource, configuration: ResolvedConfiguration): Promise<PlanJob> {
  const read = async (key: string): Promise<unknown> => {
    const node = file.root.entries.get(key);
    return node === undefined ? undefined : plainValue(node, (one) => configuration.expandValue(one, UNKNOWN));
  };
  const [name, description, owner, tags] = [
    await read("name"),
    await read("description"),
    await read("owner"),
    await read("tags"),
  ];
  return {
    name: typeof name === "string" ? name : nameOfFile(file.document.name),
    file: file.document.name,
    form: file.form,
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof owner === "string" ? { owner } : {}),
    ...(Array.isArray(tags) ? { tags: tags.map(String) } : {}),
  };
}

/** A job is called as its file is. */
export function nameOfFile(file: string): string {
  const { name } = path.parse(file);
  return name === "<stdin>" ? "stdin" : name;
}

interface Links {
  readonly needs: readonly string[];
  readonly reads: readonly string[];
}

function linksOf(
  place: number,
  written: readonly WrittenStep[],
  dependencies: Dependencies,
  selected: ReturnType<typeof selectSteps>,
): Links {
  const idOf = (one: number): string => written[one]?.id ?? "";
  const inOrder = (places: Iterable<number>): string[] => [...places].sort((a, b) => a - b).map(idOf);
  return {
    needs: inOrder(selected.needs.get(place) ?? []),
    reads: inOrder(dependencies.reads[place] ?? []),
  };
}

/**
 * In the simple form, the table of the nearest step before that makes one is given to a mod that takes one: its `output_data`, else
 * the first that is always made.
 */
async function feeding(
  place: number,
  file: JobSource,
  written: readonly WrittenStep[],
  catalog: ModCatalog,
): Promise<{ readonly step: string; readonly artifact: string } | undefined> {
  if (file.form !== "simple") return undefined;
  for (let before = place - 1; before >= 0; before -= 1) {
    const step = written[before];
    if (step?.mod === undefined) continue;
    const { artifacts } = await catalog.find(step.mod);
    const tables = Object.entries(artifacts).filter(([, { kind }]) => kind === "table");
    const chosen =
      tables.find(([key]) => key === "output_data") ??
      tables.find(([, { optional }]) => optional !== true) ??
      tables[0];
    if (chosen !== undefined) return { step: step.id, artifact: chosen[0] };
  }
  return undefined;
}

/** `--set key=value` means the mod that runs: of several it is not known which. */
function refuseSetsForNoStep(
  configuration: ResolvedConfiguration,
  written: readonly WrittenStep[],
  count: number,
): void {
  const faults: DatapyError[] = [];
  for (const { target, path: keys } of configuration.parts.sets) {
    if (target.kind === "mod" && count > 1) {
      const detail = `the job runs ${String(count)} steps, and which of them it is for is not said`;
      const hint = `Write --set mods.STEP.${keys.join(".")}=value, or --set globals.${keys.join(".")}=value for all of them.`;
      faults.push(fault("DATAPY_SET_INVALID", { given: `${keys.join(".")}=…`, detail }, { hint }));
    } else if (
      target.kind === "step" &&
      !written.some(({ id }) => canonicalModKey(id) === canonicalModKey(target.step))
    ) {
      const detail = `the job has no step ${target.step} (it has ${written
        .slice(0, 12)
        .map(({ id }) => id)
        .join(", ")})`;
      faults.push(fault("DATAPY_SET_INVALID", { given: `mods.${target.step}.${keys.join(".")}=…`, detail }));
    }
  }
  if (faults.length > 0) throw new FaultList(faults);
}

function missingOf(plan: Plan, selected: ReturnType<typeof selectSteps>): string[] {
  const ids = new Set(plan.steps.map(({ id }) => id));
  if (!selected.isPart) return [];
  const wanted = plan.steps.flatMap(({ reads, input }) => [...reads, ...(input === undefined ? [] : [input.step])]);
  return [...new Set(wanted)].filter((id) => !ids.has(id));
}

function noteFaults(error: unknown, faults: DatapyError[]): void {
  if (error instanceof FaultList) faults.push(...error.faults);
  else if (isDatapyError(error)) faults.push(error);
  else throw error;
}
