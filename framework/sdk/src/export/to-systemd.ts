import type { CronExpression, CronField } from "./cron-expression.js";
import type { ExportedDefinitions, ExportedJob } from "./exported-job.js";
import { commentText } from "./shell-script.js";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** How long a canceled run may take to end beyond its time. */
const GRACE_SECONDS = 30;

/** A service that knows the exit codes, and where the job has a schedule a timer. */
export function toSystemd(job: ExportedJob): ExportedDefinitions {
  const warnings: string[] = [];
  const title = specifier(commentText(job.description ?? job.title));
  // The shell goes to the folder: a path with a space at its end cannot be given to WorkingDirectory=.
  const command = ["/bin/sh", "-c", 'cd -- "$0" && exec "$@"', job.cwd, ...job.argv].map(systemdWord).join(" ");
  const burst = job.retries + 1;
  const timeout = job.timeoutMs === undefined ? undefined : Math.ceil(job.timeoutMs / 1_000) + GRACE_SECONDS;
  // A start counts against the limit for as long as all tries can take.
  const interval = timeout === undefined ? 86_400 : burst * (timeout + job.retryDelaySeconds);
  const service = [
    `# Written by \`datapy export\`.`,
    "[Unit]",
    `Description=${title}`,
    `StartLimitIntervalSec=${String(interval)}`,
    `StartLimitBurst=${String(burst)}`,
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${command}`,
    "# 10 is success with warnings.",
    "SuccessExitStatus=10",
    "# 30 (failed) and 40 (timeout) may pass the next time; 20 (wrong input) and 50 (canceled) do not.",
    `Restart=${job.retries > 0 ? "on-failure" : "no"}`,
    "RestartPreventExitStatus=20 50",
    `RestartSec=${String(job.retryDelaySeconds)}`,
    `TimeoutStartSec=${timeout === undefined ? "infinity" : String(timeout)}`,
    "KillMode=mixed",
  ];
  const files = [{ name: `${job.name}.service`, text: `${service.join("\n")}\n` }];
  if (job.schedule === undefined) {
    warnings.push("the job has no `schedule`: there is a service, and no timer");
    return { files, warnings };
  }
  const { cron, timezone } = job.schedule;
  const timer = [
    `# ${cron.text}`,
    "[Unit]",
    `Description=${title}`,
    "",
    "[Timer]",
    ...calendar(cron).map((one) => `OnCalendar=${one}${timezone === undefined ? "" : ` ${timezone}`}`),
    "Persistent=true",
    "",
    "[Install]",
    "WantedBy=timers.target",
  ];
  return { files: [...files, { name: `${job.name}.timer`, text: `${timer.join("\n")}\n` }], warnings };
}

/** A cron expression as calendar events. Where it restricts both kinds of day, either will do: systemd needs an event for each. */
export function calendar({ minutes, hours, daysOfMonth, months, daysOfWeek }: CronExpression): string[] {
  const time = `${list(hours)}:${list(minutes)}:00`;
  const event = (weekdays: CronField, days: CronField): string => {
    const names = weekdays === undefined ? "" : `${weekdays.map((day) => DAYS[day]).join(",")} `;
    return `${names}*-${list(months)}-${list(days)} ${time}`;
  };
  if (daysOfMonth !== undefined && daysOfWeek !== undefined)
    return [event(undefined, daysOfMonth), event(daysOfWeek, undefined)];
  return [event(daysOfWeek, daysOfMonth)];
}

function list(field: CronField): string {
  return field === undefined ? "*" : field.map((value) => String(value).padStart(2, "0")).join(",");
}

/** One argument of ExecStart=. */
export function systemdWord(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${specifier(escaped).replaceAll("$", "$$$$")}"`;
}

/** A percent sign begins a specifier. */
function specifier(text: string): string {
  return text.replaceAll("%", "%%");
}
