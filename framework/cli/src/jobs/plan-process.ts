/** A process that plans a job: `node plan-process.js '<request as JSON>'`. What code of mods prints goes to stderr. */
import { planJobFile } from "@datapy/sdk/jobs";
import type { PlanFileRequest } from "@datapy/sdk/jobs";
import { toFaults } from "../errors/to-faults.js";
import type { PlanOutcome } from "./plan-in-process.js";

const request = JSON.parse(process.argv[2] ?? "{}") as Omit<PlanFileRequest, "env">;
void planJobFile({ ...request, env: process.env })
  .then((plan): PlanOutcome => ({ ok: true, plan }))
  .catch((error: unknown): PlanOutcome => {
    const faults = toFaults(error).map(({ code, message, hint, exitCode, location }) => ({
      code,
      message,
      exitCode,
      ...(hint === undefined ? {} : { hint }),
      ...(location === undefined ? {} : { location }),
    }));
    return { ok: false, faults };
  })
  // eslint-disable-next-line no-restricted-properties -- the answer is sent, and what a mod left open is not to keep the process
  .then((outcome) => process.send?.(outcome, () => process.exit(0)));
