import path from "node:path";
import type { ExportedDefinitions, ExportedJob } from "./exported-job.js";
import { fault } from "../errors.js";
import { commentText, shellScript, shellWord } from "./shell-script.js";

/** A crontab, and the script that it starts. */
export function toCron(job: ExportedJob): ExportedDefinitions {
  const script = shellScript(job, "0");
  const file = path.join(job.folder, script.name);
  if (/[\r\n]/.test(file))
    throw fault("DATAPY_EXPORT_NAME", { name: JSON.stringify(file), scheduler: "cron", detail: "it holds a line end" });
  const warnings: string[] = [];
  const lines = [
    `# ${commentText(job.title)}: written by \`datapy export\`. Exit codes and retries: see ${path.basename(file)}.`,
  ];
  if (job.schedule === undefined) {
    warnings.push("the job has no `schedule`; its line in the crontab is commented out");
    lines.push("# The job has no schedule: put one in place of the asterisks.");
  }
  if (job.schedule?.timezone !== undefined) {
    lines.push(`CRON_TZ=${job.schedule.timezone}`);
    warnings.push(
      "CRON_TZ is known to cronie, not to every cron; another one runs the job in the time zone of its machine",
    );
  }
  // cron takes an unescaped percent sign for a line end.
  const command = shellWord(file).replaceAll("%", "\\%");
  lines.push(`${job.schedule === undefined ? "# * * * * *" : job.schedule.cron.text} ${command}`);
  return { files: [{ name: `${job.name}.cron`, text: `${lines.join("\n")}\n` }, script], warnings };
}
