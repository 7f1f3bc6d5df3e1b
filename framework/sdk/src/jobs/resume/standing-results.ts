import { fileChecksum } from "../../artifacts/file-checksum.js";
import type { Plan, PlanStep } from "../plan/plan-types.js";
import type { StepRecord } from "./step-records.js";

/** Results of earlier invocations that still stand, and what keeps the others from it. */
export interface StandingResults {
  readonly finished: ReadonlyMap<string, StepRecord>;
  /** In words. */
  readonly differences: readonly string[];
}

/** Holds what was recorded against the plan and against the artifacts as they are now. */
export async function standingResults(plan: Plan, recorded: ReadonlyMap<string, StepRecord>): Promise<StandingResults> {
  const finished = new Map<string, StepRecord>();
  const differences: string[] = [];
  for (const [path, record] of recorded) {
    const step = findStep(plan, path);
    // That the step itself differs is said by the plan.
    if (step?.hash !== record.hash) continue;
    const wrong = await wrongArtifacts(record);
    if (wrong.length === 0) finished.set(path, record);
    else differences.push(...wrong.map((one) => `step ${path}: ${one}`));
  }
  return { finished, differences };
}

async function wrongArtifacts({ files, artifacts }: StepRecord): Promise<string[]> {
  const wrong: string[] = [];
  for (const { key, uri, checksum } of files) {
    if (checksum === undefined) continue;
    const now = await fileChecksum(uri).catch(() => undefined);
    if (now === undefined) wrong.push(`the artifact ${key} is gone (${uri})`);
    else if (now !== checksum) wrong.push(`the artifact ${key} has changed (${uri})`);
  }
  for (const key of Object.keys(artifacts))
    if (!files.some((one) => one.key === key)) wrong.push(`the artifact ${key} cannot be checked`);
  return wrong;
}

/** The step of a path: `load[2]` is `load`, `reports.load` is `load` of the job of `reports`. */
function findStep(plan: Plan, path: string): PlanStep | undefined {
  const whole = path.replace(/\[\d+\]$/, "");
  const exact = plan.steps.find(({ id }) => id === whole);
  if (exact !== undefined) return exact;
  for (const { id, sub_job: subJob } of plan.steps) {
    if (subJob === undefined || !path.startsWith(id)) continue;
    const rest = /^(?:\[\d+\])?\.(.+)$/.exec(path.slice(id.length))?.[1];
    const found = rest === undefined ? undefined : findStep(subJob, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}
