import { writeFile } from "node:fs/promises";
import type { EarlierRun, Envelope, ModContext } from "@datapy/mod-kit";
import { FileSource } from "@datapy/object-storage";
import { evaluate } from "./checks/evaluate.js";
import type { Outcome } from "./checks/outcome.js";
import type { QualityParams } from "./params.js";
import { profileOf } from "./profile.js";
import { qualityError } from "./quality-error.js";
import { htmlReport } from "./report/html-report.js";
import { summaryOf } from "./report/quality-report.js";
import type { QualityReport } from "./report/quality-report.js";
import { openSource } from "./source.js";

const MOST_RUNS = 100;

/** Profiles the data, holds it against the expectations, writes both reports, and only then says whether it failed. */
export async function runCheck(params: QualityParams, ctx: ModContext): Promise<Envelope> {
  const files = new FileSource(params, ctx);
  try {
    return await check(params, ctx, files);
  } finally {
    await files.close();
  }
}

async function check(params: QualityParams, ctx: ModContext, files: FileSource): Promise<Envelope> {
  const source = await openSource(params, ctx, files);
  const profile = await profileOf(ctx, source, params);
  let runs: Promise<readonly EarlierRun[]> | undefined;
  const outcomes = await evaluate(
    {
      ctx,
      source,
      files,
      rows: profile.rows,
      earlier: async (limit) =>
        (await (runs ??= ctx.history({ limit: MOST_RUNS, metrics: { dataset: source.dataset } }))).slice(0, limit),
    },
    params.expectations,
  );
  const summary = summaryOf(outcomes);
  const report: QualityReport = {
    format: 1,
    title: params.title ?? `Data quality of ${source.dataset}`,
    source: source.uri,
    dataset: source.dataset,
    run_id: ctx.runId,
    created_at: new Date().toISOString(),
    summary,
    expectations: outcomes,
    profile,
  };
  const page = await writeReport(ctx, report);
  ctx.result.addDataset({ role: "input", uri: source.datasetUri, columns: source.columns, rows: profile.rows });
  ctx.result.addMetric("rows_read", profile.rows);
  ctx.result.addMetric("rows_processed", profile.rows);
  ctx.result.addMetric("dataset", source.dataset);
  ctx.result.addMetric("expectations_passed", summary.passed);
  ctx.result.addMetric("expectations_failed", summary.failed);
  ctx.result.addMetric("expectations_warned", summary.warned);
  ctx.result.addMetric("expectations_skipped", summary.skipped);
  const values = outcomes
    .filter((one) => one.value !== undefined && Number.isFinite(one.value))
    .map((one) => [one.name, one.value]);
  ctx.result.addMetric("quality_values", Object.fromEntries(values));
  const said = (one: Outcome): string => `${one.name}: expected ${one.expected}, found ${one.observed}`;
  const failed = outcomes.filter((one) => one.status === "failed" && one.severity === "error");
  for (const one of outcomes) if (one.status === "failed" && one.severity === "warn") ctx.result.addWarning(said(one));
  if (failed.length > 0 && params.on_fail === "fail") {
    const shown = failed.slice(0, 20).map(said).join("; ");
    throw qualityError(
      "QUALITY_FAILED",
      `${String(failed.length)} of ${String(outcomes.length)} expectations of ${source.uri} are not met: ${shown}${failed.length > 20 ? "; …" : ""}. The report is ${page}`,
    );
  }
  for (const one of failed) ctx.result.addWarning(said(one));
  return ctx.result.success();
}

async function writeReport(ctx: ModContext, report: QualityReport): Promise<string> {
  const json = await ctx.artifacts.createFile("report", ".json");
  await writeFile(json.path, `${JSON.stringify(report, undefined, 2)}\n`);
  const html = await ctx.artifacts.createFile("report_html", ".html");
  await writeFile(html.path, htmlReport(report));
  await json.commit();
  return (await html.commit()).uri;
}
