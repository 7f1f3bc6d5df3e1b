import path from "node:path";
import { fault } from "../errors.js";
import type { CronExpression } from "./cron-expression.js";
import type { ExportedDefinitions, ExportedJob } from "./exported-job.js";
import { commentText, shellScript, shellWord } from "./shell-script.js";

const DAYS = ["su", "mo", "tu", "we", "th", "fr", "sa"];
/** Longest command that JIL takes. */
const LONGEST_COMMAND = 512;

/** A JIL definition, and the script that its command starts: `n_retrys` would also retry what no retry helps. */
export function toAutosys(job: ExportedJob): ExportedDefinitions {
  const script = shellScript(job, '"$code"');
  const warnings: string[] = [];
  const command = shellWord(path.join(job.folder, script.name));
  if (/[\r\n]/.test(command))
    throw fault("DATAPY_EXPORT_NAME", {
      name: JSON.stringify(command),
      scheduler: "autosys",
      detail: "it holds a line end",
    });
  if (command.length > LONGEST_COMMAND)
    throw fault("DATAPY_EXPORT_NAME", {
      name: JSON.stringify(command),
      scheduler: "autosys",
      detail: `it is longer than ${String(LONGEST_COMMAND)} characters`,
    });
  const lines = [
    `/* ----------------- ${job.name} ----------------- */`,
    "",
    `insert_job: ${job.name}   job_type: CMD`,
    `command: ${jilValue(command)}`,
    "machine: localhost",
    ...(job.owner === undefined ? [] : [`/* owner of the job: ${commentText(job.owner).replaceAll("*/", "* /")} */`]),
    `description: ${JSON.stringify(commentText(job.description ?? job.title).replaceAll('"', "'"))}`,
    ...(job.schedule === undefined ? [] : conditions(job.schedule, warnings)),
    "/* 0 success, 10 success with warnings; 20 wrong input, 30 failed, 40 timeout, 50 canceled */",
    "success_codes: 0,10",
    "fail_codes: 20,30,40,50",
    "/* The script retries 30 and 40, and nothing else. */",
    "n_retrys: 0",
    ...(job.timeoutMs === undefined ? [] : [`term_run_time: ${String(terminateAfter(job, job.timeoutMs))}`]),
    "alarm_if_fail: 1",
  ];
  if (job.schedule === undefined) warnings.push("the job has no `schedule`: AutoSys starts it on demand only");
  warnings.push("`machine: localhost` is to be replaced by the machine that runs it");
  return { files: [{ name: `${job.name}.jil`, text: `${lines.join("\n")}\n` }, script], warnings };
}

/** Minutes for all tries together, with time to end. */
function terminateAfter(job: ExportedJob, timeoutMs: number): number {
  const seconds = (timeoutMs / 1_000) * (job.retries + 1) + job.retryDelaySeconds * job.retries + 60;
  return Math.ceil(seconds / 60);
}

function conditions({ cron, timezone }: NonNullable<ExportedJob["schedule"]>, warnings: string[]): string[] {
  if (cron.daysOfMonth !== undefined || cron.months !== undefined) {
    warnings.push(
      `JIL has no words for the days of the month in ${JSON.stringify(cron.text)}: make a run_calendar and name it`,
    );
    return [`/* schedule: ${cron.text}; needs a run_calendar */`, "date_conditions: 0"];
  }
  return [
    "date_conditions: 1",
    `days_of_week: ${cron.daysOfWeek === undefined ? "all" : cron.daysOfWeek.map((day) => DAYS[day]).join(",")}`,
    times(cron),
    ...(timezone === undefined ? [] : [`timezone: ${timezone}`]),
  ];
}

function times({ minutes, hours }: CronExpression): string {
  const all = Array.from({ length: 60 }, (_, minute) => minute);
  if (hours === undefined) return `start_mins: ${(minutes ?? all).join(",")}`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const list = hours.flatMap((hour) => (minutes ?? all).map((minute) => `${two(hour)}:${two(minute)}`));
  return `start_times: "${list.join(",")}"`;
}

/** JIL takes a colon for the end of a key. */
function jilValue(text: string): string {
  return text.replaceAll(":", "\\:");
}
