import { dump } from "js-yaml";
import type { ExportedDefinitions, ExportedJob } from "./exported-job.js";
import { retryLoop, shellWord } from "./shell-script.js";

/** A workflow. It expects the project in the repository's root, with `datapy` among its npm dependencies. */
export function toGithubActions(job: ExportedJob): ExportedDefinitions {
  const warnings: string[] = [];
  const { schedule } = job;
  if (schedule === undefined) warnings.push("the job has no `schedule`: the workflow is started by hand only");
  if (schedule?.timezone !== undefined && !["UTC", "Etc/UTC"].includes(schedule.timezone))
    warnings.push(
      `GitHub runs schedules in UTC, not in ${schedule.timezone}: shift the hours of ${JSON.stringify(schedule.cron.text)}`,
    );
  // npx finds the command that the project depends on.
  const [command = "datapy", ...rest] = job.argv;
  const run = retryLoop(
    { ...job, argv: command === "datapy" ? ["npx", "--no-install", command, ...rest] : job.argv },
    "0",
  );
  const allTries =
    job.timeoutMs === undefined
      ? undefined
      : (job.timeoutMs / 1_000) * (job.retries + 1) + job.retryDelaySeconds * job.retries + 300;
  const workflow = {
    name: job.title,
    on: {
      workflow_dispatch: {},
      ...(schedule === undefined ? {} : { schedule: [{ cron: schedule.cron.text }] }),
    },
    // One run of the job at a time.
    concurrency: { group: `datapy-${job.name}`, "cancel-in-progress": false },
    permissions: { contents: "read" },
    jobs: {
      [/^[A-Za-z_]/.test(job.name) ? job.name : `_${job.name}`]: {
        "runs-on": "ubuntu-latest",
        ...(allTries === undefined ? {} : { "timeout-minutes": Math.ceil(allTries / 60) }),
        steps: [
          { uses: "actions/checkout@v4" },
          { uses: "actions/setup-node@v4", with: { "node-version": "22" } },
          { run: "npm ci" },
          { name: job.description ?? job.title, shell: "sh {0}", run: `${run}\n` },
        ],
      },
    },
  };
  const text = dump(withoutExpressions(workflow), { lineWidth: -1 });
  return {
    files: [
      {
        name: `${job.name}.yml`,
        text: `# Written by \`datapy export\`, for .github/workflows. Run in ${shellWord(".")} of the repository.\n${text}`,
      },
    ],
    warnings,
  };
}

/** GitHub takes `\${{ … }}` for an expression in any text. */
function withoutExpressions(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("${{", "${{ '${{' }}");
  if (Array.isArray(value)) return value.map(withoutExpressions);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutExpressions(item)]));
}
