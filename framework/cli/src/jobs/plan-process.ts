/** A process that plans a job: `node plan-process.js '<request as JSON>'`. */
import { planJobFile } from "@datapy/sdk/jobs";
import type { PlanFileRequest } from "@datapy/sdk/jobs";
import { answerParent } from "../child-answer.js";

const request = JSON.parse(process.argv[2] ?? "{}") as Omit<PlanFileRequest, "env">;
void answerParent(planJobFile({ ...request, env: process.env }));
