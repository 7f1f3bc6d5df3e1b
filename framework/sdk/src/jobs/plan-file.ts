import { loadConfiguration } from "../config/load-configuration.js";
import type { ConfigurationRequest } from "../config/configuration-types.js";
import { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { fault } from "../errors.js";
import { createMasker } from "../secrets/masker.js";
import { planJob } from "./plan/plan-job.js";
import type { Plan } from "./plan/plan-types.js";
import type { Selection } from "./plan/select-steps.js";

/** What {@link planJobFile} is asked. */
export interface PlanFileRequest extends Pick<ConfigurationRequest, "cwd" | "env" | "environmentName" | "sets"> {
  readonly file: NonNullable<ConfigurationRequest["file"]>;
  readonly selection?: Selection | undefined;
  readonly onEmpty?: "ok" | "warn" | "fail" | undefined;
}

/**
 * The plan of a job file: what `run-job` would do, without doing any of it.
 *
 * @throws FaultList, DatapyError: all that would keep the job from beginning, exit code 20
 */
export async function planJobFile(request: PlanFileRequest): Promise<Plan> {
  const { selection, onEmpty, ...sources } = request;
  const masker = createMasker();
  const configuration = await loadConfiguration({
    ...sources,
    masker,
    references: { session: { id: "" }, run: { date: "" } },
    preview: true,
  });
  if (!(configuration instanceof ResolvedConfiguration)) throw new TypeError("a configuration of another making");
  const { plan, missing } = await planJob({
    configuration,
    env: request.env,
    masker,
    selection,
    overrides: onEmpty === undefined ? {} : { on_empty: onEmpty },
  });
  const [first] = missing;
  if (first !== undefined && selection?.from === undefined) {
    const step = plan.steps.find(({ reads, input }) => reads.includes(first) || input?.step === first);
    throw fault("DATAPY_STEP_INPUT_MISSING", { step: step?.id ?? "", source: first });
  }
  return plan;
}
