import type { Plan, PlanStep } from "@datapy/sdk/jobs";
import { tableForStdout } from "../output/table.js";

/** A row of the printed plan. */
interface Row {
  readonly stage: string;
  readonly step: string;
  readonly runs: string;
  readonly after: string;
  readonly notes: string;
}

/** A plan for people: the steps in the order in which they can run; those of one stage can run side by side. */
export function planText(plan: Plan): string {
  const { job, settings, environment } = plan;
  const head = [
    `job          ${job.name} (${job.file})`,
    ...(job.description === undefined ? [] : [`description  ${job.description}`]),
    ...(environment === null ? [] : [`environment  ${environment}`]),
    `settings     ${settingsText(settings)}`,
    `plan         ${plan.hash.slice(0, 12)}`,
  ];
  const table = tableForStdout<Row>(
    [
      { title: "stage", value: (row) => row.stage, align: "right" },
      { title: "step", value: (row) => row.step },
      { title: "runs", value: (row) => row.runs },
      { title: "after", value: (row) => row.after },
      { title: "notes", value: (row) => row.notes },
    ],
    rowsOf(plan, ""),
  );
  return `${head.join("\n")}\n\n${table}`;
}

function rowsOf(plan: Plan, prefix: string): Row[] {
  const stages = new Map<string, number>();
  return plan.steps.flatMap((step) => {
    const stage = 1 + Math.max(0, ...step.needs.map((id) => stages.get(id) ?? 0));
    stages.set(step.id, stage);
    const row: Row = {
      stage: prefix === "" ? String(stage) : "",
      step: prefix + step.id,
      runs: step.mod === undefined ? `job ${step.sub_job?.job.name ?? ""}` : `${step.mod.name} ${step.mod.version}`,
      after: step.needs.map((id) => prefix + id).join(", "),
      notes: notesOf(step).join("; "),
    };
    return [row, ...(step.sub_job === undefined ? [] : rowsOf(step.sub_job, `${prefix}${step.id}.`))];
  });
}

function notesOf(step: PlanStep): string[] {
  const { retries, timeout_ms: timeoutMs } = step;
  return [
    ...(step.input === undefined ? [] : [`input_artifact is ${step.input.artifact} of ${step.input.step}`]),
    ...(step.when === undefined ? [] : [`when ${String(step.when)}`]),
    ...(step.foreach === undefined ? [] : [`for each of ${JSON.stringify(step.foreach)}`]),
    ...(step.concurrency === 1 ? [] : [`${step.concurrency} items at once`]),
    ...(step.always ? ["always"] : []),
    ...(retries.max === 0 ? [] : [`up to ${retries.max} retries`]),
    ...(timeoutMs === null ? [] : [`at most ${timeoutMs / 1000} s`]),
    ...(step.on_error === "skip_dependents" ? [] : [`on error ${step.on_error}`]),
    ...(step.cache === null ? [] : ["cached"]),
    ...(step.isolate ? ["in a process of its own"] : []),
    ...(step.tags.length === 0 ? [] : [`tags ${step.tags.join(", ")}`]),
  ];
}

function settingsText({
  max_parallel: parallel,
  timeout_ms: timeoutMs,
  on_overlap: overlap,
}: Plan["settings"]): string {
  return [
    parallel === null ? "as many steps at once as there are processors" : `${parallel} steps at once`,
    ...(timeoutMs === null ? [] : [`at most ${timeoutMs / 1000} s`]),
    `a second run at the same time: ${overlap}`,
  ].join(", ");
}
