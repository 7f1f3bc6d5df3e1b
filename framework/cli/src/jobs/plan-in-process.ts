import path from "node:path";
import type { Plan, PlanFileRequest } from "@datapy/sdk/jobs";
import { askChild } from "../child-answer.js";

/** Plans a job in a process of its own, since mods that have no manifest are loaded to learn what they take. Throws its faults. */
export async function planInProcess(request: Omit<PlanFileRequest, "env">): Promise<Plan> {
  const script = path.join(__dirname, "plan-process.js");
  return (await askChild(script, [JSON.stringify(request)], { cwd: request.cwd, subject: "a mod of the job" })) as Plan;
}
