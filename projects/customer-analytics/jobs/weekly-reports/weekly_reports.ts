// Makes the report of weekly_reports.yaml and, where the environment names a bucket, sends it there.
// datapy run-script jobs/weekly-reports/weekly_reports.ts [--env prod]
import { fileURLToPath } from "node:url";
import { globals, runJob, runMod, setupLogger } from "@datapy/sdk";

const log = setupLogger("weekly_reports");
const job = fileURLToPath(new URL("weekly_reports.yaml", import.meta.url));
const report = await runJob(job, { failOnError: true });
log.info("report made", { steps: report.steps.length });

const bucket = globals["report_bucket"];
if (typeof bucket === "string" && bucket !== "") {
  const sent = await runMod(
    "s3-uploader",
    { input_path: "reports/viewings_by_genre.csv", bucket, prefix: "customer-analytics/", overwrite: "changed" },
    { failOnError: true },
  );
  log.info("report sent", { bucket, manifest: sent.artifacts["manifest"] });
} else log.info("no bucket in this environment: the report stays here");
