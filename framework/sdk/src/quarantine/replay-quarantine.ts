import { existsSync } from "node:fs";
import path from "node:path";
import type { Envelope, ExitCode } from "@datapy/mod-kit";
import type { ArtifactEntry } from "../artifacts/artifact-list.js";
import { withTableReader } from "../artifacts/table-file.js";
import type { TableReader } from "../artifacts/table-file.js";
import { loadConfiguration } from "../config/load-configuration.js";
import { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { quoteIdentifier } from "../data/duckdb-dialect.js";
import { fault } from "../errors.js";
import { executeJob } from "../jobs/execute-job.js";
import type { Outcome } from "../jobs/engine/engine-types.js";
import { planJob } from "../jobs/plan/plan-job.js";
import { processIdentity, identityWords } from "../locks/process-identity.js";
import { takeLock } from "../locks/lock-file.js";
import { configurationOf, environmentOf, findBundle } from "../jobs/resume/job-bundle.js";
import { jobFolder } from "../jobs/resume/job-folder.js";
import type { JobBundle } from "../jobs/resume/job-bundle.js";
import { RECORDS_NAME, readRecords } from "../jobs/resume/step-records.js";
import { listLineage } from "../ledger/lineage-list.js";
import { resolveRunId } from "../ledger/run-record.js";
import { runUuid } from "../ledger/run-uuid.js";
import { exitCodeOf } from "../result/exit-code-of.js";
import { runStep } from "../runner/run-step.js";
import { openSession } from "../runner/session.js";
import type { Session, SessionOptions } from "../runner/session-types.js";
import { findQuarantine } from "./quarantine-list.js";
import { correctedRows, ROW_NUMBER } from "./quarantine-rows.js";
import { replayEngine } from "./replay-engine.js";
import { originalSession, readJournal, replayFolder, writeJournal } from "./replay-journal.js";
import { replayParameters } from "./replay-parameters.js";

/** What is asked of {@link replayQuarantine}. */
export interface QuarantineReplayRequest {
  /** Whatever finds the artifact: its id, path, or name. */
  readonly reference: string;
  /** CSV or Parquet file with corrected rows. Default: the rows as they were set aside. */
  readonly rows?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workPath?: string | undefined;
  /** `--set` arguments, over those of the run. */
  readonly sets?: readonly string[] | undefined;
  readonly logLevel?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a replay. */
export interface QuarantineReplay {
  readonly id: string;
  /** Rows that were run again. */
  readonly rows: number;
  /** Rows that had been replayed before, and were left out. */
  readonly already_replayed: number;
  /** Of the replay; absent where nothing was left to do. */
  readonly session_id?: string;
  readonly exit_code: ExitCode;
  readonly envelope?: Envelope;
}

/**
 * Runs rows that were set aside, as they were corrected, through the same job again, from the step that refused them. What the step refuses
 * again is a quarantine of its own. A row is replayed once: what has been replayed is left out, and a replay that was cut short goes on
 * under the ids that it had, by which sinks know what they have loaded.
 *
 * @throws DatapyError `DATAPY_QUARANTINE_…`, `DATAPY_ARTIFACT_…`, and what keeps the job from beginning
 */
export async function replayQuarantine(request: QuarantineReplayRequest): Promise<QuarantineReplay> {
  const { cwd, env } = request;
  const workPath =
    request.workPath ??
    (await loadConfiguration({ cwd, env, references: { session: { id: "" }, run: { date: "" } } })).workPath;
  const { entry, artifact } = findQuarantine(workPath, request.reference, cwd);
  if (entry.state !== "present")
    throw fault("DATAPY_QUARANTINE_STEP", { step: entry.step ?? entry.mod, detail: `the rows are ${entry.state}` });
  const lock = takeLock(path.join(replayFolder(workPath, entry.id), "lock"), {
    owner: processIdentity(),
    session: entry.session_id,
    job: entry.id,
    since: new Date().toISOString(),
  });
  if ("holder" in lock)
    throw fault("DATAPY_JOB_RUNNING", { job: `the replay of ${entry.id}`, holder: identityWords(lock.holder.owner) });
  try {
    return await withTableReader((reader) => replay({ request, workPath, artifact, reader }), request.signal);
  } finally {
    lock.release();
  }
}

interface OpenReplay {
  readonly request: QuarantineReplayRequest;
  readonly workPath: string;
  readonly artifact: ArtifactEntry;
  readonly reader: TableReader;
}

async function replay(open: OpenReplay): Promise<QuarantineReplay> {
  const { request, workPath, artifact, reader } = open;
  const { id } = artifact;
  const file = request.rows === undefined ? undefined : path.resolve(request.cwd, request.rows);
  const corrected = await correctedRows(reader, artifact.path, file);
  const { done, pending, invocations } = readJournal(workPath, id);
  const rows = corrected.numbers.filter((row) => !done.has(row));
  const already = corrected.numbers.length - rows.length;
  if (rows.length === 0) return { id, rows: 0, already_replayed: already, exit_code: 10 };

  const number = quoteIdentifier(ROW_NUMBER);
  const query = `SELECT * FROM (${corrected.query}) WHERE ${number} IN (${rows.join(", ")})`;
  const [content] = await reader.rows(
    `SELECT sha256(string_agg(CAST(to_json(t) AS VARCHAR), chr(10) ORDER BY ${number})) AS hash FROM (${query}) t`,
  );
  const hash = String(content?.["hash"]);
  const session = runUuid(artifact.session_id, `replay of ${id} ${hash}`);
  refuseHalfLoaded(workPath, id, pending, session, rows);

  const origin = artifact.session_id;
  writeJournal(workPath, id, { kind: "begun", at: new Date().toISOString(), origin, session, rows, hash });
  const run: ReplayRun = {
    ...open,
    query,
    sessionId: session,
    invocation: (invocations.get(session) ?? 0) + 1,
    folder: path.join(replayFolder(workPath, id), session),
  };
  const original = originalSession(workPath, artifact.session_id);
  const bundled = existsSync(jobFolder(workPath, original));
  const envelope = bundled ? await replayJob(run, findBundle(workPath, original)) : await replayMod(run);
  const exitCode = exitCodeOf(envelope);
  if (exitCode < 20) writeJournal(workPath, id, { kind: "done", at: new Date().toISOString(), session });
  return { id, rows: rows.length, already_replayed: already, session_id: session, exit_code: exitCode, envelope };
}

/**
 * A replay that failed before anything outside was changed may be corrected and begun anew. One that has changed something must be gone on
 * with as it was: other rows in its place would be loaded beside those that are in.
 */
function refuseHalfLoaded(
  workPath: string,
  id: string,
  pending: ReturnType<typeof readJournal>["pending"],
  session: string,
  rows: readonly number[],
): void {
  const wanted = new Set(rows);
  for (const earlier of pending) {
    if (earlier.session === session || !earlier.rows.some((row) => wanted.has(row))) continue;
    if (hasChangedSomething(workPath, earlier.session))
      throw fault("DATAPY_QUARANTINE_PENDING", { id, session: earlier.session });
  }
}

/** Whether a run of the session has succeeded that makes no table: a sink, or whatever else has an effect outside. */
function hasChangedSomething(workPath: string, session: string): boolean {
  for (const line of listLineage(workPath, { containing: [session] })) {
    if (line.session_id !== session || line.status === "error") continue;
    if (!line.writes.some(({ artifact }) => artifact?.kind === "table" && artifact.key !== "quarantine")) return true;
    if (line.writes.some(({ artifact }) => artifact === undefined)) return true;
  }
  return false;
}

interface ReplayRun extends OpenReplay {
  readonly query: string;
  readonly sessionId: string;
  readonly invocation: number;
  readonly folder: string;
}

async function replayJob(run: ReplayRun, bundle: JobBundle): Promise<Envelope> {
  const { request, workPath, artifact, reader, query, folder } = run;
  const step = artifact.step ?? artifact.mod;
  const planned = bundle.plan.steps.find(({ id }) => id === step);
  if (planned?.mod === undefined || planned.foreach !== undefined)
    throw fault("DATAPY_QUARANTINE_STEP", { step, detail: "it belongs to a sub-job, or runs once for each item" });
  const cwd = existsSync(bundle.cwd) ? bundle.cwd : request.cwd;
  const restored = restoredConfiguration(bundle);
  const options: Partial<SessionOptions> = {
    cwd,
    runDate: bundle.run_date,
    env: environmentOf(bundle, request.env),
    configuration: { ...restored.configuration, sets: [...bundle.sets, ...(request.sets ?? [])] },
  };
  return inSession(run, path.parse(bundle.job.file).name, options, async (session, configuration) => {
    const { secret } = restored;
    if (secret !== undefined && !(await isSamePlan(bundle, session, configuration))) throw secret;
    const params = await replayParameters({
      session,
      configuration: configuration.forPlanning(),
      reader,
      workPath,
      artifact,
      step: { mod: planned.mod?.reference ?? "", stepId: step },
      query,
      folder,
    });
    const { envelope } = await executeJob(session, {
      configuration,
      // Its results are of few rows: no later run may take them for the job's own.
      isKept: false,
      runSuffix: run.sessionId.slice(0, 8),
      signal: request.signal,
      selection: { from: step },
      engine: replayEngine({ step, params, outcomes: outcomesOf(workPath, bundle.session_id) }),
    });
    return envelope;
  });
}

/**
 * The files of that time. Where one held a secret in plain, the bundle does not: then those of today will do, as long as they plan the same;
 * `secret` is what is to be said otherwise.
 */
function restoredConfiguration(bundle: JobBundle): {
  readonly configuration: NonNullable<SessionOptions["configuration"]>;
  readonly secret?: Error;
} {
  try {
    return { configuration: configurationOf(bundle) };
  } catch (error) {
    if (!existsSync(bundle.job.file)) throw error;
    const { environment } = bundle;
    const file = { path: bundle.job.file };
    return {
      configuration: { file, ...(environment === null ? {} : { environmentName: environment }) },
      secret: error as Error,
    };
  }
}

async function isSamePlan(
  { plan, sets }: JobBundle,
  session: Session,
  configuration: ResolvedConfiguration,
): Promise<boolean> {
  // What the caller sets now is not part of the plan of that time.
  const own = configuration.parts.sets.slice(0, sets.length);
  const then = new ResolvedConfiguration({ ...configuration.parts, sets: own });
  await then.open([]);
  const { plan: now } = await planJob({ configuration: then, env: session.env, registry: session.registry });
  return plan.steps.every(({ id, hash }) => now.steps.some((step) => step.id === id && step.hash === hash));
}

/** What the steps of a session gave. */
function outcomesOf(workPath: string, session: string): ReadonlyMap<string, Outcome> {
  const file = path.join(jobFolder(workPath, session), RECORDS_NAME);
  const outcomes = new Map<string, Outcome>();
  for (const record of existsSync(file) ? readRecords(file) : []) {
    if (record.kind !== "ended" || record.status === "error") continue;
    outcomes.set(record.path, { artifacts: record.artifacts, metrics: record.metrics, globals: record.globals });
  }
  return outcomes;
}

/** A mod that was run by itself: its parameters are those of the ledger, where secrets are masked. */
async function replayMod(run: ReplayRun): Promise<Envelope> {
  const { request, workPath, artifact, reader, query, folder } = run;
  const found = resolveRunId(workPath, artifact.run_id);
  if (found.kind !== "run")
    throw fault("DATAPY_QUARANTINE_STEP", { step: artifact.mod, detail: "its run is not known" });
  const { parameters, modFile } = found.run;
  const given = Object.fromEntries(
    Object.entries(parameters).filter(([, value]) => !JSON.stringify(value ?? null).includes("***")),
  );
  const options = {
    cwd: request.cwd,
    env: request.env,
    configuration: request.sets === undefined ? {} : { sets: request.sets },
  };
  return inSession(run, artifact.job, options, async (session, configuration) => {
    const step = {
      mod: modFile ?? artifact.mod,
      params: given,
      ...(artifact.step === undefined ? {} : { stepId: artifact.step }),
    };
    const params = await replayParameters({ session, configuration, reader, workPath, artifact, step, query, folder });
    return runStep(
      session,
      { ...step, params: { ...given, ...params } },
      { runSuffix: run.sessionId.slice(0, 8), signal: request.signal },
    );
  });
}

async function inSession(
  { request, workPath, sessionId, invocation }: ReplayRun,
  name: string,
  options: Partial<SessionOptions>,
  use: (session: Session, configuration: ResolvedConfiguration) => Promise<Envelope>,
): Promise<Envelope> {
  const session = await openSession({
    id: sessionId,
    name,
    workPath,
    invocation,
    progress: false,
    logLevel: request.logLevel,
    isQuiet: request.logLevel === undefined,
    ...options,
  });
  const abort = (): void => session.abort(fault("DATAPY_CANCELED", { cause: "the caller" }));
  request.signal?.addEventListener("abort", abort, { once: true });
  let envelope: Envelope | undefined;
  try {
    const { configuration, configurationFault } = session;
    if (configurationFault !== undefined || !(configuration instanceof ResolvedConfiguration)) throw configurationFault;
    envelope = await use(session, configuration);
    return envelope;
  } finally {
    request.signal?.removeEventListener("abort", abort);
    await session.close(envelope === undefined ? 20 : exitCodeOf(envelope));
  }
}
