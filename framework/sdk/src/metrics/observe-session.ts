import type { ExitCode } from "@datapy/mod-kit";
import type { Ledger } from "../ledger/ledger-types.js";
import type { SessionLog } from "../logging/session-log-types.js";
import { showLiveProgress } from "../progress/live-progress.js";
import { stderrTerminal } from "../progress/stderr-terminal.js";
import type { RunEvent } from "../runner/run-events.js";
import { writeMetricsFile } from "./metrics-file.js";
import type { MeasuredRun } from "./metrics-file.js";
import { readTelemetrySettings } from "./telemetry-settings.js";
import type { Telemetry } from "./telemetry.js";

/** The session to observe. */
export interface ObservedSession {
  readonly id: string;
  readonly name: string;
  readonly project: string | undefined;
  readonly startedAt: Date;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: SessionLog;
  readonly ledger: Ledger;
  listen(listener: (event: RunEvent) => void): () => void;
}

/** Whoever watches a session: live progress, ledger, metrics file, OpenTelemetry. */
export interface SessionObservers {
  /** Writes out what they have gathered. Never throws; a second call does nothing. */
  close(exitCode: ExitCode): Promise<void>;
}

/**
 * Lets everything watch a session that is to: live progress where stderr is a terminal (and `progress` is not `false`), progress in
 * the ledger, the metrics file where one is asked for, and OpenTelemetry where its variables switch it on (it is loaded then, in the
 * background). Nothing of this can fail a run.
 */
export function observeSession(
  session: ObservedSession,
  options: { readonly progress?: boolean | undefined; readonly metricsFile?: string | undefined } = {},
): SessionObservers {
  const warn = (message: string, fields: Readonly<Record<string, unknown>>): void =>
    session.log.lifecycle("warn", message, {}, fields);
  const terminal = stderrTerminal();
  const live = options.progress !== false && terminal.canShow ? showLiveProgress(terminal) : undefined;
  const runs: MeasuredRun[] = [];
  const telemetry = loadTelemetry(session, warn);

  const observe = (event: RunEvent): void => {
    switch (event.kind) {
      case "run-started":
        live?.started(event.runId, event.step ?? event.mod);
        telemetry?.tell((to) =>
          to.runStarted({ runId: event.runId, mod: event.mod, step: event.step, startedAt: event.at }),
        );
        return;
      case "progress":
        live?.progress(event.runId, event.done, event.total, event.unit);
        session.ledger.runProgress(event.runId, { done: event.done, total: event.total, unit: event.unit });
        return;
      case "run-ended": {
        live?.ended(event.runId);
        const { mod, step, envelope, at, summary } = event;
        const run: MeasuredRun = { mod, step, envelope, exitCode: summary.exit_code, endedAt: at };
        if (options.metricsFile !== undefined) runs.push(run);
        telemetry?.tell((to) => to.runEnded(event.runId, run));
      }
    }
  };
  const stop = session.listen((event) => {
    try {
      observe(event);
    } catch (error) {
      warn("a run could not be observed", { error: messageOf(error) });
    }
  });

  let closing: Promise<void> | undefined;
  const close = async (exitCode: ExitCode): Promise<void> => {
    stop();
    live?.close();
    if (options.metricsFile !== undefined) {
      try {
        const { name: job, project, startedAt } = session;
        writeMetricsFile(options.metricsFile, { job, project, startedAt, endedAt: new Date(), exitCode, runs });
      } catch (error) {
        warn("the metrics file could not be written", { file: options.metricsFile, error: messageOf(error) });
      }
    }
    await telemetry?.close(exitCode);
  };
  return { close: (exitCode) => (closing ??= close(exitCode)) };
}

/** Telemetry that is on its way in: what is told before it has been loaded waits. */
interface LoadingTelemetry {
  tell(what: (telemetry: Telemetry) => void): void;
  close(exitCode: ExitCode): Promise<void>;
}

function loadTelemetry(
  session: ObservedSession,
  warn: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): LoadingTelemetry | undefined {
  const settings = readTelemetrySettings(session.env);
  if (settings === undefined) return undefined;
  const { id, name: job, project, startedAt } = session;
  const loaded = import("./telemetry.js").then(
    ({ startTelemetry }) => startTelemetry(settings, { id, job, project, startedAt }, warn),
    (error: unknown) => {
      warn("OpenTelemetry is switched on, but its packages cannot be loaded", { error: messageOf(error) });
      return undefined;
    },
  );
  const failed = (error: unknown): void => warn("OpenTelemetry signals could not be made", { error: messageOf(error) });
  return {
    tell: (what) => void loaded.then((telemetry) => telemetry && what(telemetry)).catch(failed),
    close: async (exitCode) => {
      try {
        await (await loaded)?.close(exitCode);
      } catch (error) {
        failed(error);
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
