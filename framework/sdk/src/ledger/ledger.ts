import { existsSync } from "node:fs";
import type { ExitCode } from "@datapy/mod-kit";
import { openEventSink } from "./event-sink.js";
import type { EventSink } from "./event-sink.js";
import { lineageLine } from "./lineage-line.js";
import { datapyFacet, readEvents } from "./ledger-line.js";
import type {
  Ledger,
  LedgerInput,
  LedgerOptions,
  LedgerPart,
  LedgerPartEnd,
  LedgerProgress,
  LedgerRunEnd,
  LedgerRunStart,
} from "./ledger-types.js";
import { runFacet } from "./openlineage-facets.js";
import type { Facets, LineageDataset, LineageEventType, LineageJob, RunEvent } from "./openlineage-types.js";
import {
  engineFacet,
  errorFacet,
  messageFacet,
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

/** Which run an event is about, and what it is a part of. */
interface RunPlace {
  readonly uuid: string;
  readonly step: string | undefined;
  readonly stepUuid: string | undefined;
}

/** What the ledger remembers of a run between its start and its end. */
interface OpenRun extends RunPlace {
  readonly mod: string;
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
    partStarted: (part) => {
      sink.guard(() => {
        ledger.partStarted(part);
      });
    },
    partEnded: (part, end) => {
      sink.guard(() => {
        ledger.partEnded(part, end);
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
    if (options.within === true) this.#begun = true;
    if (options.continued === true && existsSync(this.sink.file)) this.#endedRuns = endedRunsIn(this.sink.file);
  }

  runStarted(run: LedgerRunStart): void {
    this.#begin();
    const { masker, sessionId } = this.#options;
    const content = startContent(run, sessionId, (value) => masker.maskJson(value));
    // Parameters and provenance stand in the START event alone.
    const identity = Object.entries(content).filter(([key]) => key !== "parameters" && key !== "provenance");
    const open: OpenRun = {
      uuid: attemptUuid(sessionId, run.runId, run.attempt),
      mod: run.mod,
      step: run.step,
      stepUuid: run.stepUuid,
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
    this.sink.event(runEvent("START", run.startedAt, this.#run(open, facets), open.job, { inputs: open.inputs }));
  }

  partStarted(part: LedgerPart): void {
    this.#begin();
    this.#partEvent("START", part, {});
  }

  partEnded(part: LedgerPart, end: LedgerPartEnd): void {
    const { masker } = this.#options;
    const type = end.exitCode === 50 ? "ABORT" : end.exitCode >= 20 ? "FAIL" : "COMPLETE";
    const content = {
      exit_code: end.exitCode,
      status: end.status,
      ...(end.envelope === undefined ? {} : { envelope: masker.maskJson(end.envelope) }),
    };
    this.#partEvent(type, part, content, end.errors ?? []);
  }

  #partEvent(
    type: LineageEventType,
    part: LedgerPart,
    content: Readonly<Record<string, unknown>>,
    errors: readonly string[] = [],
  ): void {
    const { sessionId, job, masker } = this.#options;
    const facets: Facets = {
      parent: this.#parent(part.parent?.uuid, part.parent?.step),
      processing_engine: engineFacet(),
      ...(errors.length === 0 ? {} : { errorMessage: messageFacet(masker.mask(errors.join("\n"))) }),
      datapy: runFacet({
        session_id: sessionId,
        job: job.name,
        part: part.kind,
        ...(part.step === undefined ? {} : { step: part.step }),
        ...(part.planHash === undefined ? {} : { plan_hash: part.planHash }),
        ...content,
      }),
    };
    const kind = part.kind === "job" ? "JOB" : "STEP";
    const described = lineageJob(this.#namespace, this.#partName(part.step), kind, part.description);
    this.sink.event(runEvent(type, new Date(), { uuid: part.uuid, facets }, described));
  }

  /** Steps and their runs have the job's name before their own; the job has the session's. */
  #partName(step: string | undefined): string {
    const { name } = this.#options.job;
    return step === undefined ? name : `${name}.${step}`;
  }

  get #sessionUuid(): string {
    return this.#options.sessionUuid ?? this.#options.sessionId;
  }

  runProgress(runId: string, progress: LedgerProgress): void {
    const run = this.#runs.get(runId);
    const now = Date.now();
    if (run === undefined || now - run.lastProgress < PROGRESS_INTERVAL_MS) return;
    run.lastProgress = now;
    const datapy = runFacet({ run_id: runId, session_id: this.#options.sessionId, mod: run.mod, progress });
    this.sink.event(runEvent("RUNNING", new Date(now), this.#run(run, { datapy }), run.job));
  }

  runEnded(runId: string, end: LedgerRunEnd): void {
    const { sessionId, masker, job } = this.#options;
    const run = this.#runs.get(runId);
    this.#runs.delete(runId);
    const uuid = run?.uuid ?? attemptUuid(sessionId, runId, end.attempt);
    const mod = run?.mod ?? end.mod ?? runId.replace(/_[0-9a-f]{8}$/, "");
    const step = run?.step ?? end.step;
    const within = { uuid, step, stepUuid: run?.stepUuid ?? end.stepUuid };
    const began =
      run?.startedAt ?? end.startedAt ?? new Date(end.endedAt.getTime() - end.envelope.execution_time * 1_000);
    const startedAt = began.toISOString();
    const envelope = masker.maskJson(end.envelope);
    const identity = run?.identity ?? {
      run_id: runId,
      session_id: sessionId,
      mod,
      ...(step === undefined ? {} : { step }),
      ...(end.attempt === undefined ? {} : { attempt: end.attempt }),
    };
    const lineageJobOfRun = run?.job ?? this.#job(mod, step);
    if (run === undefined && end.startedElsewhere !== true) this.#startLate(within, began, lineageJobOfRun, identity);
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
    this.sink.event(runEvent(type, end.endedAt, this.#run(within, facets), lineageJobOfRun, datasets));
    this.#endedRuns += 1;
    const summary = summarize({ runId, sessionId, mod, job: job.name, step, startedAt }, envelope, end.exitCode);
    this.sink.summary(summary);
    this.sink.lineage(lineageLine(summary, end.endedAt.toISOString(), datasets));
  }

  sessionEnded(exitCode: ExitCode): Promise<void> {
    return (this.#ended ??= this.#end(exitCode));
  }

  async #end(exitCode: ExitCode): Promise<void> {
    if (this.#options.within !== true && (this.#begun || this.#endedRuns > 0)) {
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
  #startLate(run: RunPlace, at: Date, job: LineageJob, identity: Readonly<Record<string, unknown>>): void {
    if (!this.#begun) {
      const started = existsSync(this.sink.file)
        ? readEvents(this.sink.file).filter((event) => event.eventType === "START")
        : [];
      if (started.some((event) => event.run.runId === run.uuid)) return;
      if (!started.some((event) => event.run.runId === this.#sessionUuid)) this.#begin();
    }
    const facets: Facets = { processing_engine: engineFacet(), datapy: runFacet(identity) };
    this.sink.event(runEvent("START", at, this.#run(run, facets), job));
  }

  #sessionEvent(type: LineageEventType, at: Date, content: Readonly<Record<string, unknown>>): void {
    const { sessionId, job } = this.#options;
    const facets: Facets = {
      ...(this.#above === undefined ? {} : { parent: parentFacet(this.#above) }),
      processing_engine: engineFacet(),
      datapy: runFacet({ session_id: sessionId, job: job.name, ...content }),
    };
    this.sink.event(
      runEvent(type, at, { uuid: this.#sessionUuid, facets }, lineageJob(this.#namespace, job.name, "SESSION")),
    );
  }

  #run({ uuid, step, stepUuid }: RunPlace, facets: Facets): { readonly uuid: string; readonly facets: Facets } {
    return { uuid, facets: { parent: this.#parent(stepUuid, step), ...facets } };
  }

  /** The session, or a part of it. */
  #parent(uuid: string | undefined, step: string | undefined): Facets[string] {
    const above = this.#above;
    const namespace = this.#namespace;
    const session = { runId: this.#sessionUuid, namespace, name: this.#options.job.name };
    const root = above ?? (uuid === undefined ? undefined : session);
    return parentFacet({
      ...(uuid === undefined ? session : { runId: uuid, namespace, name: this.#partName(step) }),
      ...(root === undefined
        ? {}
        : { root: { run: { runId: root.runId }, job: { namespace: root.namespace, name: root.name } } }),
    });
  }

  #job(mod: string, step: string | undefined, description?: string): LineageJob {
    return lineageJob(this.#namespace, `${this.#options.job.name}.${step ?? mod}`, "MOD", description);
  }

  #inputs(inputs: readonly LedgerInput[] | undefined): LineageDataset[] {
    return inputDatasets(inputs).map((dataset) => this.#options.masker.maskJson(dataset));
  }
}

/** Attempts at one step have one run id: what they write is one load. To OpenLineage each is a run of its own. */
function attemptUuid(sessionId: string, runId: string, attempt: number | undefined): string {
  return runUuid(sessionId, attempt === undefined || attempt === 1 ? runId : `${runId} ${String(attempt)}`);
}

function endedRunsIn(file: string): number {
  return readEvents(file).filter((event) => datapyFacet(event)["envelope"] !== undefined && isRun(event)).length;
}

function isRun(event: RunEvent): boolean {
  return typeof datapyFacet(event)["run_id"] === "string";
}
