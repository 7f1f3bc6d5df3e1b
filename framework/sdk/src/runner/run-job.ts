import path from "node:path";
import { loadConfiguration } from "../config/load-configuration.js";
import type { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { failureEnvelope } from "./failure-envelope.js";
import type { JobEnvelope } from "../jobs/run-job-types.js";
import { callSiteOf } from "./call-site.js";
import { checkOptions } from "./check-options.js";
import { durationMilliseconds } from "./duration-milliseconds.js";
import { randomHex } from "./random-ids.js";
import { placeFaults } from "./place-faults.js";
import type { FaultPlaces } from "./place-faults.js";
import { RunFailure, leaveToSession } from "./run-mod.js";
import { currentSession, scriptState } from "./script-session.js";
import type { Session } from "./session-types.js";

/** Options of {@link runJob}. */
export interface RunJobOptions {
  /** One step to run, by its id or by its mod. */
  readonly step?: string;
  /** `step`, `+step`, `step+`, `+step+`, `tag:name`, globs. Default all steps. */
  readonly select?: string | readonly string[];
  /** A step to begin with; what it needs of the steps before comes from the last run of the job. */
  readonly from?: string;
  /** Values over everything else, by key: `globals.batch_date`, `mods.load.table_name`, or a parameter where one step runs. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Environment of project_defaults.yaml. Default that of the script. */
  readonly environment?: string;
  /** Steps that run at once. Default the job's own, else the number of processors. */
  readonly maxParallel?: number;
  /** Time that the job may take: milliseconds, or text such as `"90s"` or `"5m"`. Default the job's own. Past it: exit code 40. */
  readonly timeout?: number | string;
  /** What a source without rows means, for every mod that has `on_empty`, and a `foreach` without items. */
  readonly onEmpty?: "ok" | "warn" | "fail";
  /** Cancels the job: exit code 50. */
  readonly signal?: AbortSignal;
  /** Who deals with the result; as with `runMod`. */
  readonly failOnError?: boolean;
}

const OPTIONS = [
  "step",
  "select",
  "from",
  "set",
  "environment",
  "maxParallel",
  "timeout",
  "onEmpty",
  "signal",
  "failOnError",
] as const satisfies (keyof RunJobOptions)[];

/**
 * Runs a job file in the session of the script, and gives the job's envelope: that of `datapy run-job`, with `steps`. An error is an
 * envelope too, unless `failOnError` is `true`. Globals that were set with `setGlobalConfig` lie over those of the job. To be able to go
 * on after a failure (`--resume`), run the file with `datapy run-job`.
 *
 * @param file path of the job file; a relative one is taken from the working directory.
 */
export async function runJob(file: string, options: RunJobOptions = {}): Promise<JobEnvelope> {
  const callSite = callSiteOf(runJob);
  checkOptions("runJob", options, OPTIONS, callSite);
  const timeoutMs =
    options.timeout === undefined ? undefined : durationMilliseconds(options.timeout, "the timeout given to runJob");
  const session = await currentSession();
  const envelope = await run(session, file, { options, timeoutMs, callSite });
  if (options.failOnError === true && envelope.status === "error")
    throw new RunFailure(envelope, `the job ${path.basename(file)}`);
  if (options.failOnError !== false) leaveToSession(envelope);
  return envelope;
}

async function run(
  session: Session,
  file: string,
  {
    options,
    timeoutMs,
    callSite,
  }: {
    readonly options: RunJobOptions;
    readonly timeoutMs: number | undefined;
    readonly callSite: FaultPlaces["callSite"];
  },
): Promise<JobEnvelope> {
  const runSuffix = randomHex(4);
  try {
    const environmentName = options.environment ?? session.options.configuration?.environmentName;
    const configuration = await loadConfiguration({
      cwd: session.cwd,
      env: session.env,
      file: { path: file },
      ...(environmentName === undefined ? {} : { environmentName }),
      sets: Object.entries(options.set ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value ?? null)}`),
      globals: scriptState().globals,
      references: { session: { id: session.id }, run: { date: session.runDate } },
      masker: session.masker,
    });
    const { executeJob } = await import("../jobs/execute-job.js");
    const { step, select, from } = options;
    const { envelope } = await executeJob(session, {
      configuration: configuration as ResolvedConfiguration, // What `loadConfiguration` makes.
      selection: {
        ...(step === undefined ? {} : { step }),
        ...(select === undefined ? {} : { select: typeof select === "string" ? [select] : select }),
        ...(from === undefined ? {} : { from }),
      },
      maxParallel: options.maxParallel,
      timeoutMs,
      onEmpty: options.onEmpty,
      signal: options.signal,
      runSuffix,
      isKept: false,
    });
    return envelope;
  } catch (error) {
    const logs = { log_file: session.log.file, session_id: session.id, run_id: `job_${runSuffix}` };
    const placed = placeFaults(error, { locate: undefined, callSite });
    const envelope = failureEnvelope(placed, { executionTime: 0, logs, globals: session.globals });
    for (const text of envelope.errors) session.log.lifecycle("error", session.masker.mask(text));
    return session.masker.maskJson({ ...envelope, steps: [] });
  }
}
