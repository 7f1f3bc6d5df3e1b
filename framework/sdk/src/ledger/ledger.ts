import { existsSync } from "node:fs";
import type { ExitCode } from "@datapy/mod-kit";
import { openEventSink } from "./event-sink.js";
import type { EventSink } from "./event-sink.js";
import { lineageLine } from "./lineage-line.js";
import { readEvents } from "./ledger-line.js";
import type {
  Ledger,
  LedgerInput,
  LedgerOptions,
  LedgerProgress,
  LedgerRunEnd,
  LedgerRunStart,
} from "./ledger-types.js";
import { runFacet } from "./openlineage-facets.js";
import type { Facets, LineageDataset, LineageEventType, LineageJob } from "./openlineage-types.js";
import {
  engineFacet,
  errorFacet,
  inputDatasets,
  lineageJob,
  outputDatasets,
  parametersFacet,
  parentFacet,
  parentFromEnvironment,
  runEvent,
  startContent,
} from "./run-events.js";
import type { ParentRun } from "./run-events.js";
import { summarize } from "./run-summary.js";
import { runUuid } from "./run-uuid.js";

const PROGRESS_INTERVAL_MS = 10_000;

/** What the ledger remembers of a run between its start and its end. */
interface OpenRun {
  readonly uuid: string;
  readonly mod: string;
  readonly step: string | undefined;
  readonly job: LineageJob;
  readonly startedAt: Date;
  /** What identifies the run in DataPy's own facet. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly inputs: readonly LineageDataset[];
  lastProgress: number;
}

/**
 * Opens the ledger of a session: `<work path>/runs/<date>/<session id>.ndjson`, one OpenLineage event a line, and with
 * `DATAPY_OPENLINEAGE_URL` also sent to that server. Nothing is written before the first event.
 */
export function openLedger(options: LedgerOptions): Ledger {
  const ledger = new SessionLedger(options);
  const { sink } = ledger;
  return {
    file: sink.file,
    runStarted: (run) => {
      sink.guard(() => {
        ledger.runStarted(run);
      });
    },
    runProgress: (runId, progress) => {
      sink.guard(() => {
        ledger.runProgress(runId, progress);
      });
    },
    runEnded: (runId, end) => {
      sink.guard(() => {
        ledger.runEnded(runId, end);
      });
    },
    sessionEnded: ({ exitCode }) => ledger.sessionEnded(exitCode),
  };
}

class SessionLedger {
  readonly sink: EventSink;
  readonly #options: LedgerOptions;
  readonly #namespace: string;
  /** The scheduler's run above the session's, where the environment tells of one. */
  readonly #above: ParentRun | undefined;
  readonly #runs = new Map<string, OpenRun>();
  #begun = false;
  #endedRuns = 0;
  #ended: Promise<void> | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#namespace = options.job.namespace ?? "datapy";
    this.#above = parentFromEnvironment((options.env ?? process.env)["OPENLINEAGE_PARENT_ID"]);
    this.sink = openEventSink(options);
  }

  runStarted(run: LedgerRunStart): void {
    this.#begin();
    const { masker, sessionId } = this.#options;
    const content = startContent(run, sessionId, (value) => masker.maskJson(value));
    // Parameters and provenance stand in the START event alone.
    const identity = Object.entries(content).filter(([key]) => key !== "parameters" && key !== "provenance");
    const open: OpenRun = {
      uuid: runUuid(sessionId, run.runId),
      mod: run.mod,
      step: run.step,
      job: this.#job(run.mod, run.step, run.description),
      startedAt: run.startedAt,
      identity: Object.fromEntries(identity),
      inputs: this.#inputs(run.inputs),
      lastProgress: run.startedAt.getTime(),
    };
    this.#runs.set(run.runId, open);
    const facets: Facets = {
      processing_engine: engineFacet(),
      executionParameters: parametersFacet(content["parameters"] as Record<string, unknown>),
      datapy: runFacet(content),
    };
    this.sink.event(runEvent("START", run.startedAt, this.#run(open.uuid, facets), open.job, { inputs: open.inputs }));
  }

  runProgress(runId: string, progress: LedgerProgress): void {
    const run = this.#runs.get(runId);
    const now = Date.now();
    if (run === undefined || now - run.lastProgress < PROGRESS_INTERVAL_MS) return;
    run.lastProgress = now;
    const datapy = runFacet({ run_id: runId, session_id: this.#options.sessionId, mod: run.mod, progress });
    this.sink.event(runEvent("RUNNING", new Date(now), this.#run(run.uuid, { datapy }), run.job));
  }

  runEnded(runId: string, end: LedgerRunEnd): void {
    const { sessionId, masker, job } = this.#options;
    const run = this.#runs.get(runId);
    this.#runs.delete(runId);
    const uuid = run?.uuid ?? runUuid(sessionId, runId);
    const mod = run?.mod ?? end.mod ?? runId.replace(/_[0-9a-f]{8}$/, "");
    const step = run?.step ?? end.step;
    const began =
      run?.startedAt ?? end.startedAt ?? new Date(end.endedAt.getTime() - end.envelope.execution_time * 1_000);
    const startedAt = began.toISOString();
    const envelope = masker.maskJson(end.envelope);
    const identity = run?.identity ?? { run_id: runId, session_id: sessionId, mod };
    const lineageJobOfRun = run?.job ?? this.#job(mod, step);
    if (run === undefined) this.#startLate(uuid, began, lineageJobOfRun, identity);
    const facets: Facets = {
      processing_engine: engineFacet(),
      ...errorFacet(end, (text) => masker.mask(text)),
      datapy: runFacet({ ...identity, started_at: startedAt, exit_code: end.exitCode, envelope }),
    };
    const type = end.exitCode === 50 ? "ABORT" : end.envelope.status === "error" ? "FAIL" : "COMPLETE";
    const datasets = {
      inputs: end.inputs === undefined ? (run?.inputs ?? []) : this.#inputs(end.inputs),
      outputs: outputDatasets(sessionId, runId, end).map((dataset) => masker.maskJson(dataset)),
    };
    this.sink.event(runEvent(type, end.endedAt, this.#run(uuid, facets), lineageJobOfRun, datasets));
    this.#endedRuns += 1;
    const summary = summarize({ runId, sessionId, mod, job: job.name, step, startedAt }, envelope, end.exitCode);
    this.sink.summary(summary);
    this.sink.lineage(lineageLine(summary, end.endedAt.toISOString(), datasets));
  }

  sessionEnded(exitCode: ExitCode): Promise<void> {
    return (this.#ended ??= this.#end(exitCode));
  }

  async #end(exitCode: ExitCode): Promise<void> {
    if (this.#begun || this.#endedRuns > 0) {
      const type = exitCode === 50 ? "ABORT" : exitCode >= 20 ? "FAIL" : "COMPLETE";
      this.sink.guard(() => {
        this.#sessionEvent(type, new Date(), { exit_code: exitCode });
      });
      // A run that was never ended is known from the session's own file alone, so that file is to be read then. And a process that
      // did not begin the session does not know how many runs it had.
      if (this.#runs.size === 0) {
        const last = { session_id: this.#options.sessionId, ...(this.#begun ? { runs: this.#endedRuns } : {}) };
        this.sink.summary(last);
        this.sink.lineage(last);
      }
    }
    await this.sink.close();
  }

  /** The session's own START, before its first run's. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#sessionEvent("START", this.#options.startedAt, { pid: process.pid });
  }

  /**
   * The START of a run that this process did not see start: it failed before it could, or another process, killed since, ran it.
   * That one may have written it.
   */
  #startLate(uuid: string, at: Date, job: LineageJob, identity: Readonly<Record<string, unknown>>): void {
    if (!this.#begun) {
      const started = existsSync(this.sink.file)
        ? readEvents(this.sink.file).filter((event) => event.eventType === "START")
        : [];
      if (started.some((event) => event.run.runId === uuid)) return;
      if (!started.some((event) => event.run.runId === this.#options.sessionId)) this.#begin();
    }
    const facets: Facets = { processing_engine: engineFacet(), datapy: runFacet(identity) };
    this.sink.event(runEvent("START", at, this.#run(uuid, facets), job));
  }

  #sessionEvent(type: LineageEventType, at: Date, content: Readonly<Record<string, unknown>>): void {
    const { sessionId, job } = this.#options;
    const facets: Facets = {
      ...(this.#above === undefined ? {} : { parent: parentFacet(this.#above) }),
      processing_engine: engineFacet(),
      datapy: runFacet({ session_id: sessionId, job: job.name, ...content }),
    };
    this.sink.event(runEvent(type, at, { uuid: sessionId, facets }, lineageJob(this.#namespace, job.name, "SESSION")));
  }

  #run(uuid: string, facets: Facets): { readonly uuid: string; readonly facets: Facets } {
    const { sessionId, job } = this.#options;
    const above = this.#above;
    const root =
      above === undefined
        ? {}
        : { root: { run: { runId: above.runId }, job: { namespace: above.namespace, name: above.name } } };
    const parent = parentFacet({ runId: sessionId, namespace: this.#namespace, name: job.name, ...root });
    return { uuid, facets: { parent, ...facets } };
  }

  #job(mod: string, step: string | undefined, description?: string): LineageJob {
    return lineageJob(this.#namespace, `${this.#options.job.name}.${step ?? mod}`, "MOD", description);
  }

  #inputs(inputs: readonly LedgerInput[] | undefined): LineageDataset[] {
    return inputDatasets(inputs).map((dataset) => this.#options.masker.maskJson(dataset));
  }
}
