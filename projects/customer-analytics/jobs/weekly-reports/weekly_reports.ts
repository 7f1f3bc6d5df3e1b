// The report of weekly_reports.yaml, and in the log what is in it and where it went.
// datapy run-script jobs/weekly-reports/weekly_reports.ts [--env prod]
import { fileURLToPath } from "node:url";
import { globals, runJob, setupLogger } from "@datapy/sdk";

const log = setupLogger("weekly_reports");
const job = fileURLToPath(new URL("weekly_reports.yaml", import.meta.url));
const report = await runJob(job, { failOnError: true });

const stepOf = (name: string) => report.steps.find(({ step }) => step === name);
log.info("report made", { genres: stepOf("by_genre")?.metrics?.["rows_output"] });
if (stepOf("send_report")?.status === "skipped") log.info("no bucket in this environment: the report stays here");
else
  log.info("report sent", {
    bucket: globals["report_bucket"],
    manifest: stepOf("send_report")?.artifacts?.["manifest"],
  });
