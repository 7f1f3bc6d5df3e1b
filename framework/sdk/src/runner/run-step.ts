import { isDatapyError } from "@datapy/mod-kit";
import type { RecordedArtifact } from "../artifacts/artifact-folder.js";
import type { Envelope, ModDefinition, SuccessEnvelope } from "@datapy/mod-kit";
import { checkDefinition } from "../contract/check-definition.js";
import { loadMod } from "../contract/load-mod.js";
import { fault } from "../errors.js";
import { FaultList } from "../faults.js";
import { withLogScope } from "../logging/session-scope.js";
import { startRunMetrics } from "../metrics/run-metrics.js";
import { findMod } from "../registry/index.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { checkEnvelope } from "../result/check-envelope.js";
import { withCurrentRun } from "./current-run.js";
import type { CurrentRun } from "./current-run.js";
import { failureEnvelope, isFaultList, messageOf } from "./failure-envelope.js";
import { nameOf, newRun } from "./new-run.js";
import { openRunContext } from "./run-context.js";
import { placeFaults } from "./place-faults.js";
import type { FaultPlaces } from "./place-faults.js";
import { recordEnd, recordStart } from "./run-record.js";
import type { Run, RunScope } from "./run-types.js";
import type { Session } from "./session-types.js";
import type { Step } from "./step.js";
import { validParameters } from "./valid-parameters.js";

/** What a caller in the same process may add to a {@link Step}. */
export interface RunStepOptions {
  /** The mod itself, where a script has imported it; the registry is not asked then. */
  readonly definition?: ModDefinition | undefined;
  /** Cancels this run alone. */
  readonly signal?: AbortSignal | undefined;
  /** Last eight hexadecimal digits of the run id. Default random. */
  readonly runSuffix?: string | undefined;
  /** What the run sees instead of the session's own, where it is a step of a job. Nothing of it then reaches the session by itself. */
  readonly scope?: RunScope | undefined;
  /** Whether the end of the session leaves this run alone: for what cleans up. `signal` still ends it. */
  readonly shielded?: boolean | undefined;
  /** How long the run may take to end when it is canceled, in milliseconds. Default the session's. */
  readonly graceMs?: number | undefined;
  /**
   * Asked once parameters are resolved and valid, before anything runs: the envelope of an earlier run whose result serves as well, if
   * there is one. Nothing runs then.
   */
  readonly reuse?: ((run: PreparedRun) => Promise<SuccessEnvelope | undefined>) | undefined;
  /** Where a script asked for the run. */
  readonly callSite?: FaultPlaces["callSite"];
  /** Told how the run has ended, secrets masked, before log, ledger and session are: what it writes down is there first. Never rejects. */
  readonly onEnd?: ((envelope: Envelope, details: RunDetails) => Promise<void>) | undefined;
}

/** A run whose parameters are known and valid. */
export interface PreparedRun {
  readonly mod: string;
  readonly version: string;
  readonly category: string;
  /** As the mod gets them: paths absolute, durations in milliseconds. Secrets stand in them in plain. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly { readonly uri: string; readonly kind: "path" | "artifact" }[];
}

/** What is known of a run besides its envelope. */
export interface RunDetails {
  readonly runId: string;
  readonly mod: string;
  readonly version: string;
  /** Why it failed, where an error said so. */
  readonly failure: unknown;
  readonly artifacts: readonly RecordedArtifact[];
  /** Bookmarks that it set, and that its scope keeps: JSON by key, `undefined` for a deletion. */
  readonly bookmarks: ReadonlyMap<string, string | undefined>;
}

/** How long a run that did not end in time may take to give back what it holds, in milliseconds. */
const CLOSE_LIMIT_MS = 300;

/**
 * The road that every run takes: registry → configuration → contract → runner → result. Whatever goes wrong at whichever stop comes
 * back as an error envelope with the exit code of its kind (20, 30, 40, 50); this never throws.
 */
export async function runStep(session: Session, step: Step, options: RunStepOptions = {}): Promise<Envelope> {
  const began = performance.now();
  const run = newRun(session, step, options);
  const current: CurrentRun = { session, run, fail: (error) => run.deadline.fail(thrownBy(run, error)) };
  session.active.add(current);
  let envelope: Envelope;
  let artifacts: readonly RecordedArtifact[];
  try {
    run.deadline.signal.throwIfAborted();
    const done = withCurrentRun(current, () => travel(run, options));
    // When the race is lost, nobody waits for it any more.
    done.catch(() => undefined);
    envelope = await Promise.race([done, run.deadline.over]);
  } catch (error) {
    const ended: unknown = run.deadline.signal.aborted ? run.deadline.signal.reason : error;
    if (ended !== error) run.aside = error;
    const reason = placeFaults(ended, { locate: run.locate, callSite: options.callSite });
    run.failure = reason;
    envelope = failureEnvelope(reason, { executionTime: (performance.now() - began) / 1000, logs: logsOf(run) });
  } finally {
    artifacts = (await run.opened?.artifacts.recorded(run.deadline.signal)) ?? [];
    run.deadline.clear();
    session.active.delete(current);
    await closed(run);
  }
  const masked = session.masker.maskJson(envelope);
  await options.onEnd?.(masked, {
    runId: run.id,
    mod: run.mod,
    version: run.version,
    failure: run.failure,
    artifacts,
    bookmarks: run.opened?.state.changes ?? new Map(),
  });
  return recordEnd(run, masked, artifacts);
}

/** From the reference to what `run` returned, checked and complete. Throws what kept it from that. */
async function travel(run: Run, { definition: imported, reuse }: RunStepOptions): Promise<Envelope> {
  const { session, step, deadline, scope } = run;
  const configuration = scope?.configuration ?? session.configuration;
  if (configuration === undefined || (scope === undefined && session.configurationFault !== undefined))
    throw session.configurationFault;
  const registered =
    imported === undefined
      ? findMod(step.mod, { cwd: session.cwd, env: session.env, version: step.version, registry: session.registry })
      : undefined;
  if (registered !== undefined) run.rename(registered.name, registered.version);

  return withLogScope({ log: session.log, context: { mod: run.mod, run_id: run.id } }, async () => {
    if (configuration.hasStructuredFiles) {
      const { refuseLintErrors } = await import("../lint/refuse-lint-errors.js");
      const installed = registered !== undefined && registered.origin !== "path";
      refuseLintErrors({ configuration, mod: run.mod, installed, env: session.env, registry: session.registry });
    }
    const definition = imported === undefined ? await loadMod(registered as RegisteredMod) : checked(imported);
    // What a file that is no package calls itself is known only now.
    if (definition.metadata.name !== run.mod || run.version === "")
      run.rename(definition.metadata.name, definition.metadata.version);
    const references = {
      session: { id: session.id },
      run: { date: session.runDate },
      mods: scope?.outcomes ?? session.outcomes,
      ...("item" in step ? { item: step.item } : {}),
      ...(scope === undefined ? {} : { added: scope.added }),
    };
    const { resolved, prepared } = await validParameters({ session, configuration, step, definition, references });
    run.locate = (pointer, position) => resolved.locate(pointer, position);
    deadline.signal.throwIfAborted();
    const earlier = await reuse?.({
      mod: run.mod,
      version: run.version,
      category: definition.metadata.category ?? registered?.category ?? "",
      params: prepared.params,
      inputs: prepared.inputs,
    });
    if (earlier !== undefined) return { ...earlier, logs: logsOf(run) };

    recordStart(run, { registered, definition, resolved, inputs: prepared.inputs });
    const ctx = openRunContext(run, definition);
    run.opened = ctx;
    const metrics = startRunMetrics();
    const began = performance.now();
    let returned: unknown;
    try {
      returned = await definition.run(prepared.params, ctx.context);
    } catch (error) {
      throw thrownBy(run, error);
    }
    deadline.signal.throwIfAborted();
    const envelope = checkEnvelope(returned, { mod: run.mod });
    if (envelope.status === "error") return envelope;
    // Of a job's steps, the job keeps them until what depends on them has been done.
    if (scope === undefined) await ctx.state.commit();
    const { made } = ctx.artifacts;
    const bytesWritten = made.length === 0 ? undefined : made.reduce((sum, one) => sum + one.bytes, 0);
    return {
      ...envelope,
      metrics: metrics.finish({
        metrics: envelope.metrics,
        executionSeconds: (performance.now() - began) / 1000,
        bytesWritten,
      }),
    };
  });
}

/** Gives back what the run holds. A mod that is stuck may hold on to it; nobody waits for that for long. */
async function closed(run: Run): Promise<void> {
  if (run.opened === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_LIMIT_MS);
  });
  await Promise.race([run.opened.close(), limit]);
  clearTimeout(timer);
}

function logsOf({ session, id }: Run): Envelope["logs"] {
  return { log_file: session.log.file, session_id: session.id, run_id: id };
}

/** Mods that scripts import were not loaded by the registry, so that nobody has checked them. */
function checked(definition: ModDefinition): ModDefinition {
  const what = nameOf(definition) ?? "the imported mod";
  const faults = checkDefinition(definition, { what, key: undefined, thorough: false });
  if (faults.length > 0) throw new FaultList(faults);
  return definition;
}

/** What a mod threw, as an error with a code. */
function thrownBy(run: Run, error: unknown): unknown {
  if (isDatapyError(error) || isFaultList(error)) return error;
  return fault("DATAPY_MOD_THREW", { mod: run.mod, detail: messageOf(error) }, { cause: error });
}
