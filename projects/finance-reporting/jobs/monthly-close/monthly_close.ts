// The close of monthly_close.yaml, and its figures in the log for whoever signs it.
// datapy run-script jobs/monthly-close/monthly_close.ts
import { fileURLToPath } from "node:url";
import { runJob, setupLogger } from "@datapy/sdk";

const log = setupLogger("monthly_close");
const close = await runJob(fileURLToPath(new URL("monthly_close.yaml", import.meta.url)), { failOnError: true });
for (const { step, status, metrics } of close.steps)
  log.info("closed", { step, status, rows: metrics?.["rows_output"] });
