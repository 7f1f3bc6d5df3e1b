import { statSync } from "node:fs";
import path from "node:path";
import type { Envelope, ExitCode } from "@datapy/mod-kit";
import { datapyFacet, readEvents } from "./ledger-line.js";
import { isProcessGone } from "./process-gone.js";
import { summarize } from "./run-summary.js";
import type { RunSummary } from "./run-summary.js";

/** Sums up the runs of a session from its own file. */
export function summarizeSession(file: string): RunSummary[] {
  const runs = new Map<string, RunSummary>();
  let job = "";
  let sessionOver = false;
  let owner: { host: string; pid: number } | undefined;
  for (const event of readEvents(file)) {
    const content = datapyFacet(event);
    const runId = content["run_id"];
    // Jobs and their steps are no runs.
    if (content["part"] !== undefined) continue;
    if (typeof content["job"] === "string") job = content["job"];
    if (typeof runId !== "string") {
      // A session that is gone on with begins once more.
      sessionOver = event.eventType !== "START";
      continue;
    }
    if (typeof content["pid"] === "number" && typeof content["host"] === "string") {
      owner = { host: content["host"], pid: content["pid"] };
    }
    const identity = {
      runId,
      sessionId: path.basename(file, ".ndjson"),
      mod: String(content["mod"]),
      job,
      step: typeof content["step"] === "string" ? content["step"] : undefined,
      startedAt:
        runs.get(runId)?.started_at ??
        (typeof content["started_at"] === "string" ? content["started_at"] : event.eventTime),
    };
    const envelope = content["envelope"] as Envelope | undefined;
    if (envelope !== undefined) {
      runs.set(runId, summarize(identity, envelope, content["exit_code"] as ExitCode));
    } else if (!runs.has(runId) || event.eventType === "START") {
      // The latest attempt counts.
      runs.set(runId, openRun(identity, sessionOver));
    }
  }
  const gone = sessionOver || isProcessGone(owner, statSync(file).mtime);
  return [...runs.values()].map((run) => (run.status === "running" && gone ? { ...run, status: "lost" } : run));
}

function openRun(
  run: { runId: string; sessionId: string; mod: string; job: string; step: string | undefined; startedAt: string },
  lost: boolean,
): RunSummary {
  return {
    run_id: run.runId,
    session_id: run.sessionId,
    mod: run.mod,
    job: run.job,
    ...(run.step === undefined ? {} : { step: run.step }),
    status: lost ? "lost" : "running",
    started_at: run.startedAt,
  };
}
