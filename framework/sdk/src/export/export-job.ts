import { readExportedJob } from "./exported-job.js";
import type { ExportedDefinitions, ExportedJob, ExportRequest, Scheduler } from "./exported-job.js";
import { toAirflow } from "./to-airflow.js";
import { toAutosys } from "./to-autosys.js";
import { toCron } from "./to-cron.js";
import { toGithubActions } from "./to-github-actions.js";
import { toSystemd } from "./to-systemd.js";

const EXPORTERS: Readonly<Record<Scheduler, (job: ExportedJob) => ExportedDefinitions>> = {
  airflow: toAirflow,
  autosys: toAutosys,
  cron: toCron,
  "github-actions": toGithubActions,
  systemd: toSystemd,
};

/**
 * Definitions by which a scheduler runs a job: 0 and 10 are success, 30 and 40 are tried again, 20 and 50 are not. Nothing is written.
 *
 * @throws what {@link readExportedJob} throws; DatapyError `DATAPY_EXPORT_NAME` for a path that the scheduler cannot be told
 */
export function exportJob(request: ExportRequest): ExportedDefinitions {
  return EXPORTERS[request.to](readExportedJob(request));
}
