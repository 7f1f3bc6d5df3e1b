import path from "node:path";
import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput } from "@datapy/mod-kit";
import { fault } from "@datapy/sdk/errors";
import { FaultList } from "@datapy/sdk/faults";
import type { Plan, PlanFileRequest } from "@datapy/sdk/jobs";
import { runNodeScript } from "../child-process.js";

/** What a process that planned answers. */
export type PlanOutcome =
  { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly faults: readonly DatapyErrorInput[] };

/** Plans a job in a process of its own, since mods that have no manifest are loaded to learn what they take. Throws its faults. */
export async function planInProcess(request: Omit<PlanFileRequest, "env">): Promise<Plan> {
  const script = path.join(__dirname, "plan-process.js");
  const { message, code } = await runNodeScript(script, [JSON.stringify(request)], {
    cwd: request.cwd,
    stdout: "stderr",
  });
  const outcome = message as PlanOutcome | undefined;
  if (outcome?.ok === true) return outcome.plan;
  const [first, ...others] = (outcome?.faults ?? []).map((one) => new DatapyError(one));
  if (first === undefined)
    throw fault("DATAPY_MOD_CRASHED", {
      mod: "the planner",
      detail: `exit code ${String(code)} while mods were loaded`,
    });
  throw others.length === 0 ? first : new FaultList([first, ...others]);
}
