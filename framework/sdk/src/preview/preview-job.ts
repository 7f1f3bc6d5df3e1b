import { cpSync, existsSync } from "node:fs";
import path from "node:path";
import type { ExitCode } from "@datapy/mod-kit";
import { sampleRows } from "../artifacts/sample-rows.js";
import type { SampleRows } from "../artifacts/sample-rows.js";
import { withTableReader } from "../artifacts/table-file.js";
import type { TableReader } from "../artifacts/table-file.js";
import { withTemporaryFolder } from "../artifacts/with-temporary-folder.js";
import { jobOutline } from "../config/job-outline.js";
import { canonicalModKey } from "../config/mod-key.js";
import type { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { executeJob } from "../jobs/execute-job.js";
import type { StepSummary } from "../jobs/engine/step-ending.js";
import { withJobSession } from "./job-session.js";
import type { JobFileRequest } from "./job-session.js";
import { previewEngine } from "./preview-engine.js";
import type { LeftOutStep } from "./preview-engine.js";

/** What is asked of {@link previewJob}. */
export interface PreviewRequest extends JobFileRequest {
  /** Only this step, with all that it needs. */
  readonly step?: string | undefined;
  /** Rows to give of each table. Default 20. */
  readonly rows?: number | undefined;
  /** Rows that sources read. Default 1,000, and no fewer than `rows`. */
  readonly sampleRows?: number | undefined;
}

/** A table that a step made of the sample. */
export interface PreviewedTable extends SampleRows {
  readonly key: string;
}

/** What a step did with the sample. */
export interface PreviewedStep {
  readonly step: string;
  readonly mod: string;
  /** `left_out`: a sink, or a mod that may change something outside; it was not opened. */
  readonly status: StepSummary["status"] | "left_out";
  readonly reason?: string;
  readonly tables: readonly PreviewedTable[];
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** What a job does with a sample. */
export interface JobPreview {
  readonly exit_code: ExitCode;
  /** Rows that sources read at most. */
  readonly sample_rows: number;
  /** In the order in which they ended. */
  readonly steps: readonly PreviewedStep[];
  readonly errors: readonly string[];
}

/**
 * Runs a job on a sample: sources read few rows, transformers work on those, sinks are not opened. Nothing is kept: artifacts, ledger and
 * bookmarks go to a folder that is removed; the project's database is read only.
 *
 * @throws FaultList where the job file cannot be read
 */
export function previewJob(request: PreviewRequest): Promise<JobPreview> {
  return withTemporaryFolder("preview", (folder) => previewIn(folder, request));
}

async function previewIn(folder: string, request: PreviewRequest): Promise<JobPreview> {
  const rows = request.rows ?? 20;
  const sample = Math.max(rows, request.sampleRows ?? 1_000);
  await copyBookmarks(request, folder);
  return await withJobSession(request, { workPath: folder, sampleRows: sample }, async (session, configuration) => {
    const leftOut: LeftOutStep[] = [];
    const { envelope, exitCode } = await executeJob(session, {
      configuration,
      isKept: false,
      signal: request.signal,
      engine: previewEngine((step) => void leftOut.push(step)),
      ...(request.step === undefined ? {} : { selection: { select: [`+${stepNamed(configuration, request.step)}`] } }),
    });
    const steps = await withTableReader(async (reader) => {
      const shown: PreviewedStep[] = [];
      for (const step of envelope.steps) shown.push(await previewed(reader, step, leftOut, rows));
      return shown;
    }, session.signal);
    const inSteps = new Set(steps.flatMap(({ errors }) => errors));
    return session.masker.maskJson({
      exit_code: exitCode,
      sample_rows: sample,
      steps,
      errors: envelope.errors.filter((error) => ![...inSteps].some((one) => error.includes(one))),
    });
  });
}

/** A step may be named by its mod. */
function stepNamed(configuration: ResolvedConfiguration, name: string): string {
  const outline = jobOutline(configuration) ?? [];
  if (outline.some(({ id }) => id === name)) return name;
  const wanted = canonicalModKey(name);
  return outline.find(({ id, mod }) => [id, mod].some((one) => canonicalModKey(one) === wanted))?.id ?? name;
}

/** A source goes on from where the last run ended, as it would in a run. */
async function copyBookmarks(request: PreviewRequest, folder: string): Promise<void> {
  const { cwd, env, file, sets, environmentName } = request;
  const { workPath } = await loadConfiguration({
    cwd,
    env,
    file: { path: file },
    ...(sets === undefined ? {} : { sets }),
    ...(environmentName === undefined ? {} : { environmentName }),
    references: { session: { id: "" }, run: { date: "" } },
  });
  const state = path.join(workPath, "state");
  if (existsSync(state)) cpSync(state, path.join(folder, "state"), { recursive: true });
}

async function previewed(
  reader: TableReader,
  summary: StepSummary,
  leftOut: readonly LeftOutStep[],
  rows: number,
): Promise<PreviewedStep> {
  const { step, mod = summary.job ?? "", status, reason, warnings = [], errors } = summary;
  const left = leftOut.find((one) => one.step === step);
  if (left !== undefined)
    return {
      step,
      mod,
      status: "left_out",
      reason: `a ${left.category} is not opened`,
      tables: [],
      warnings: [],
      errors: [],
    };
  const tables: PreviewedTable[] = [];
  for (const [key, file] of Object.entries(summary.artifacts ?? {})) {
    if (typeof file === "string" && file.endsWith(".parquet"))
      tables.push({ key, ...(await sampleRows(reader, file, rows)) });
  }
  return { step, mod, status, ...(reason === undefined ? {} : { reason }), tables, warnings, errors };
}
