import { existsSync } from "node:fs";
import path from "node:path";
import type { ExitCode } from "@datapy/mod-kit";
import { keepRetention } from "../artifacts/keep-retention.js";
import { sweepTemporaryFolders, temporaryFolder } from "../artifacts/temporary-folder.js";
import type { Configuration } from "../config/configuration-types.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { createDataEngine } from "../data/duckdb-engine.js";
import type { DataEngine } from "../data/duckdb-engine.js";
import { fileError } from "../data/duckdb-error.js";
import { openLedger } from "../ledger/ledger.js";
import { runUuid } from "../ledger/run-uuid.js";
import { openSessionLog } from "../logging/session-log.js";
import type { SessionLog } from "../logging/session-log-types.js";
import { enterSession, leaveSession } from "../logging/session-scope.js";
import { makeFolder } from "../make-folder.js";
import { observeSession } from "../metrics/observe-session.js";
import { discoverMods } from "../registry/discover-mods.js";
import type { Registry } from "../registry/registry-types.js";
import { createMasker } from "../secrets/masker.js";
import type { Masker } from "../secrets/masker-types.js";
import { dataSettings } from "./data-settings.js";
import { localDate } from "./local-date.js";
import { randomUuid } from "./random-ids.js";
import { createRunEventChannel } from "./run-events.js";
import type { RunSummary } from "./runner-protocol.js";
import type { RunOutcome, Session, SessionOptions } from "./session-types.js";

/** How long a canceled run may take to end, in milliseconds, where nobody says otherwise. */
const GRACE_MS = 10_000;

/**
 * Opens a session: reads the configuration and makes the log. Never throws: a configuration that cannot be read is kept, and is the
 * error of every run. Ledger, DuckDB and temporary folder wait for their first use.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const id = options.id ?? randomUuid();
  const startedAt = options.startedAt ?? new Date();
  const runDate = options.runDate ?? localDate(startedAt);
  const cwd = path.resolve(options.cwd ?? process.cwd());
  const dataFolder = options.dataFolder ?? cwd;
  const env = options.env ?? process.env;
  const masker = options.masker ?? createMasker();
  const load = (globals: Readonly<Record<string, unknown>> | undefined): Promise<Configuration> =>
    loadConfiguration({
      cwd,
      dataFolder,
      env,
      ...options.configuration,
      ...(globals === undefined ? {} : { globals }),
      ...(options.script === undefined ? {} : { script: options.script }),
      references: { session: { id }, run: { date: runDate } },
      masker,
    });
  let configuration: Configuration | undefined;
  let configurationFault: unknown;
  try {
    configuration = await load(options.globals);
  } catch (error) {
    configurationFault = error;
  }
  const workPath = options.workPath ?? options.within?.workPath ?? configuration?.workPath ?? path.join(cwd, ".datapy");
  refuseImpossible(workPath);
  const { invocation = 1 } = options;
  const uuid = options.within?.uuid ?? (invocation === 1 ? id : runUuid(id, `invocation ${String(invocation)}`));
  let log: SessionLog;
  try {
    log = openLog(options, { id, startedAt, workPath, masker, configuration });
  } catch (error) {
    configurationFault ??= error;
    log = openLog(
      { name: options.name, within: options.within },
      { id, startedAt, workPath, masker, configuration: undefined },
    );
  }
  enterSession(log);

  const temporary = temporaryFolder(workPath, id);
  const ledger = openLedger({
    workPath,
    sessionId: id,
    startedAt,
    masker,
    job: { name: options.name, namespace: configuration?.project?.name },
    env,
    sessionUuid: uuid,
    continued: invocation > 1,
    within: options.within !== undefined,
    warn: (message, fields) => log.lifecycle("warn", message, {}, fields),
  });
  void sweepTemporaryFolders(workPath);

  const controller = new AbortController();
  const channel = createRunEventChannel();
  const shared: Record<string, unknown> = {};
  const outcomes: Record<string, RunOutcome> = {};
  const summaries: RunSummary[] = [];
  const active = new Set<{ fail(error: unknown): void }>();
  let registry: Registry | undefined;
  let engine: DataEngine | undefined;
  let graceMs = GRACE_MS;
  let closing: Promise<void> | undefined;
  const observers =
    options.within !== undefined
      ? undefined
      : observeSession(
          {
            id,
            name: options.name,
            project: configuration?.project?.name,
            startedAt,
            env,
            log,
            ledger,
            listen: (listener) => channel.listen(listener),
          },
          { progress: options.progress, metricsFile: options.metricsFile },
        );

  /** Who looks at a project sees its database, and keeps everything of its own elsewhere. */
  const projectDatabaseFolder = (): string | undefined => {
    const own = configuration?.workPath;
    if (own === undefined) return undefined;
    if (options.sampleRows !== undefined) return own;
    return options.looksOnly === true && existsSync(path.join(own, "project.duckdb")) ? own : undefined;
  };
  return {
    id,
    uuid,
    name: options.name,
    startedAt,
    runDate,
    cwd,
    dataFolder,
    env,
    workPath,
    masker,
    log,
    ledger,
    temporary,
    options,
    outcomes,
    summaries,
    signal: controller.signal,
    get configuration() {
      return configuration;
    },
    get configurationFault() {
      return configurationFault;
    },
    get engine() {
      return (engine ??= createDataEngine(
        dataSettings(
          configuration?.globals ?? {},
          projectDatabaseFolder() ?? workPath,
          temporary.path,
          options.memoryLimitBytes,
        ),
      ));
    },
    get readsOnly() {
      return options.sampleRows !== undefined || projectDatabaseFolder() !== undefined;
    },
    get globals() {
      return { ...configuration?.globals, ...shared };
    },
    get graceMs() {
      return graceMs;
    },
    abort(reason, grace) {
      if (controller.signal.aborted) return;
      graceMs = grace ?? graceMs;
      log.lifecycle("warn", reason.message, {}, { code: reason.code });
      controller.abort(reason);
    },
    ended(key, envelope, summary) {
      summaries.push(summary);
      if (key === undefined || envelope.status === "error") return;
      outcomes[key] = { artifacts: envelope.artifacts, metrics: envelope.metrics, globals: envelope.globals };
      Object.assign(shared, envelope.globals);
    },
    share(globals) {
      Object.assign(shared, globals);
    },
    active,
    fail(error) {
      if (active.size === 0)
        log.lifecycle(
          "error",
          "an error reached no one",
          {},
          { stack: error instanceof Error ? error.stack : String(error) },
        );
      for (const run of active) run.fail(error);
    },
    get registry() {
      return (registry ??= discoverMods({ cwd, env, projectFile: configuration?.project?.file }));
    },
    emit: (event) => channel.emit(event),
    listen: (listener) => channel.listen(listener),
    events: () => channel.events(),
    async reconfigure(globals) {
      configurationFault = undefined;
      registry = undefined;
      try {
        configuration = await load(globals);
      } catch (error) {
        configurationFault = error;
      }
    },
    close: (exitCode: ExitCode) =>
      (closing ??= (async () => {
        // Begun without waiting in between: a process that is ending has no later.
        const written = [observers?.close(exitCode) ?? Promise.resolve(), ledger.sessionEnded({ exitCode })];
        engine?.close();
        channel.close();
        await Promise.all(written);
        if (options.within === undefined)
          await keepRetention(workPath, configuration?.artifactRetention ?? {}, (message, fields) =>
            log.lifecycle("info", message, {}, fields),
          );
        await temporary.remove();
        leaveSession(log);
        await log.close();
      })().catch(() => undefined)),
  };
}

/** A work path that this user has no right to may do: many a mod writes nothing. One that there cannot be would hold every write up. */
function refuseImpossible(workPath: string): void {
  try {
    makeFolder(workPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw fileError(error, workPath);
  }
}

function openLog(
  options: Pick<SessionOptions, "name" | "logLevel" | "logFormat" | "startedAt" | "isQuiet" | "within" | "workPath">,
  context: {
    readonly id: string;
    readonly startedAt: Date;
    readonly workPath: string;
    readonly masker: Masker;
    readonly configuration: Configuration | undefined;
  },
): SessionLog {
  const settings = context.configuration?.logging;
  return openSessionLog({
    sessionId: context.id,
    stem: options.name,
    // A session that is gone on with gets a file of its own each time, named after that time.
    startedAt: options.startedAt === undefined ? context.startedAt : new Date(),
    directory:
      (options.workPath === undefined ? settings?.directory : undefined) ?? path.join(context.workPath, "logs"),
    level: options.logLevel ?? settings?.level,
    format: options.logFormat ?? settings?.format,
    isQuiet: options.isQuiet,
    retentionDays: settings?.retentionDays,
    masker: context.masker,
    join: options.within?.logFile,
  });
}
