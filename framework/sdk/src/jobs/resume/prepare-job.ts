import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { loadConfiguration } from "../../config/load-configuration.js";
import { fault } from "../../errors.js";
import type { RunJobRequest } from "../../runner/runner-protocol.js";
import type { SessionOptions } from "../../runner/session-types.js";
import type { JobRequest } from "../run-job-types.js";
import { configurationOf, environmentOf, findBundle, findLastBundle, moveBundle } from "./job-bundle.js";
import { jobFolder } from "./job-folder.js";
import type { JobBundle } from "./job-bundle.js";
import { RECORDS_NAME, readRecords } from "./step-records.js";

/** How the session of a job is opened, and what an earlier one left for it. */
export interface PreparedJob extends Pick<
  JobRequest,
  "selection" | "maxParallel" | "timeoutMs" | "onEmpty" | "earlier"
> {
  readonly options: SessionOptions;
}

/**
 * Finds the earlier session that a job goes on with (`--resume`) or does again (`replay`), and restores what it ran with: its variables,
 * its `--set` values, its environment, its date. A resumed job is read from its file as that is now, so that whatever has changed since is
 * found; a replayed one is read from the bundle.
 *
 * @throws DatapyError `DATAPY_RESUME_UNKNOWN`, `DATAPY_BUNDLE_INVALID`, `DATAPY_BUNDLE_SECRET`; what `loadConfiguration` throws
 */
export async function prepareJob(request: RunJobRequest, options: SessionOptions): Promise<PreparedJob> {
  if (request.replay !== undefined) return prepareReplay(request, request.replay, options);
  if (request.resume !== undefined) return prepareResume(request, request.resume, options);
  return { options };
}

async function prepareResume(request: RunJobRequest, which: string, options: SessionOptions): Promise<PreparedJob> {
  const { configuration, cwd } = request;
  const { file } = configuration;
  const workPath = await findWorkPath(request);
  const jobFile = file !== undefined && "path" in file ? path.resolve(cwd, file.path) : undefined;
  let bundle: JobBundle | undefined;
  if (which === "last") {
    if (jobFile === undefined)
      throw fault("DATAPY_RESUME_UNKNOWN", {
        detail: "a job that came through a pipe has no last session; give its id",
      });
    bundle = findLastBundle(workPath, jobFile);
    if (bundle === undefined)
      throw fault("DATAPY_RESUME_UNKNOWN", { detail: `${jobFile} has not run yet, as far as ${workPath} tells` });
  } else {
    bundle = findBundle(workPath, which);
    if (jobFile !== undefined && bundle.job.file !== jobFile) {
      throw fault("DATAPY_RESUME_UNKNOWN", { detail: `session ${which} ran ${bundle.job.file}, not ${jobFile}` });
    }
  }
  const records = readRecords(path.join(jobFolder(workPath, bundle.session_id), RECORDS_NAME));
  const invocations = records.filter(({ kind }) => kind === "invoked").length;
  const isThere = existsSync(bundle.job.file);
  const sets = [...bundle.sets, ...(configuration.sets ?? [])];
  const environmentName = configuration.environmentName ?? bundle.environment ?? undefined;
  return {
    ...optionsOf(bundle),
    options: {
      ...options,
      id: bundle.session_id,
      startedAt: new Date(bundle.started_at),
      runDate: bundle.run_date,
      invocation: Math.max(1, invocations) + 1,
      name: path.parse(bundle.job.file).name,
      cwd,
      env: environmentOf(bundle, options.env ?? process.env),
      configuration: {
        // Where the file is gone, what it held is known.
        ...(isThere ? { file: { path: bundle.job.file } } : configurationOf(bundle)),
        sets,
        ...(environmentName === undefined ? {} : { environmentName }),
      },
    },
    earlier: {
      kind: "resume",
      sessionId: bundle.session_id,
      plan: bundle.plan,
      acceptChanges: request.acceptChanges === true,
    },
  };
}

async function prepareReplay(request: RunJobRequest, which: string, options: SessionOptions): Promise<PreparedJob> {
  const { cwd, configuration } = request;
  const archive = path.resolve(cwd, which);
  const isArchive = statSync(archive, { throwIfNoEntry: false })?.isFile() === true;
  const bundle = isArchive
    ? await (await import("./session-archive.js")).readArchivedBundle(archive)
    : findBundle(await findWorkPath(request), which);
  const isHome = statSync(bundle.cwd, { throwIfNoEntry: false })?.isDirectory() === true;
  const folder = isHome ? bundle.cwd : cwd;
  const restored = configurationOf(isHome ? bundle : moveBundle(bundle, cwd));
  return {
    ...optionsOf(bundle),
    options: {
      ...options,
      runDate: bundle.run_date,
      name: path.parse(bundle.job.file).name,
      cwd: folder,
      env: environmentOf(bundle, options.env ?? process.env),
      configuration: { ...restored, sets: [...bundle.sets, ...(configuration.sets ?? [])] },
    },
    earlier: {
      kind: "replay",
      sessionId: bundle.session_id,
      plan: bundle.plan,
      acceptChanges: request.acceptChanges === true,
    },
  };
}

function optionsOf({ options }: JobBundle): Pick<PreparedJob, "selection" | "maxParallel" | "timeoutMs" | "onEmpty"> {
  return {
    selection: options.selection,
    ...(options.max_parallel === null ? {} : { maxParallel: options.max_parallel }),
    ...(options.timeout_ms === null ? {} : { timeoutMs: options.timeout_ms }),
    ...(options.on_empty === null ? {} : { onEmpty: options.on_empty }),
  };
}

/** Where the project keeps its sessions. */
async function findWorkPath({ cwd, configuration, workPath: given }: RunJobRequest): Promise<string> {
  if (given !== undefined) return path.resolve(cwd, given);
  const { file, sets, environmentName } = configuration;
  const isThere = file === undefined || !("path" in file) || existsSync(path.resolve(cwd, file.path));
  const { workPath } = await loadConfiguration({
    cwd,
    env: process.env,
    ...(file === undefined || !isThere ? {} : { file }),
    ...(sets === undefined ? {} : { sets: sets.filter((set) => set.startsWith("globals.")) }),
    ...(environmentName === undefined ? {} : { environmentName }),
    references: { session: { id: "" }, run: { date: "" } },
  });
  return workPath;
}
