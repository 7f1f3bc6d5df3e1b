import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fault } from "../../errors.js";
import { systemReason } from "../../system-reason.js";
import type { Session } from "../../runner/session-types.js";
import type { PlannedJob } from "../plan/plan-job.js";
import type { Selection } from "../plan/select-steps.js";
import type { Plan } from "../plan/plan-types.js";
import { jobFolder, jobsFolder } from "./job-folder.js";
import { usedVariables } from "./used-variables.js";

/** All that a job ran with: enough to go on with it, or to run it again elsewhere. Holds no secret. */
export interface JobBundle {
  readonly format: 1;
  readonly session_id: string;
  /** ISO 8601. */
  readonly started_at: string;
  /** What `${run.date}` gave. */
  readonly run_date: string;
  readonly replay_of?: string;
  readonly cwd: string;
  readonly job: BundledFile;
  readonly project: BundledFile | null;
  /** Files of the jobs that steps run. */
  readonly files: readonly BundledFile[];
  /** `--set`. */
  readonly sets: readonly string[];
  /** `--env`, or `DATAPY_ENV`. */
  readonly environment: string | null;
  /** Environment variables that the files name: their values, `null` where they were not set. Secret ones are not here: they are read anew. */
  readonly variables: Readonly<Record<string, string | null>>;
  readonly options: BundledOptions;
  readonly plan: Plan;
}

/** A file as it was read. */
export interface BundledFile {
  readonly file: string;
  /** With `***` for every secret that stood in it in plain. */
  readonly text: string;
  readonly masked: boolean;
}

/** What the command line said. */
export interface BundledOptions {
  readonly selection: Selection;
  readonly max_parallel: number | null;
  readonly timeout_ms: number | null;
  readonly on_empty: "ok" | "warn" | "fail" | null;
}

const BUNDLE_NAME = "bundle.json";

/** Gathers what a job is about to run with. */
export function makeBundle(
  session: Session,
  planned: PlannedJob,
  options: BundledOptions & { readonly replayOf?: string | undefined },
): JobBundle {
  const { masker } = session;
  const { configuration } = planned;
  const { replayOf, ...own } = options;
  const bundled = (file: { readonly name: string; readonly text: string }): BundledFile => {
    const text = masker.mask(file.text);
    return { file: file.name, text, masked: text !== file.text };
  };
  const { runFile, project, request } = configuration.parts;
  const documents = [...subDocuments(planned)];
  return {
    format: 1,
    session_id: session.id,
    started_at: session.startedAt.toISOString(),
    run_date: session.runDate,
    ...(replayOf === undefined ? {} : { replay_of: replayOf }),
    cwd: session.cwd,
    job: bundled(runFile?.document ?? { name: "", text: "" }),
    project: project === undefined ? null : bundled(project.document),
    files: documents.map(bundled),
    sets: (request.sets ?? []).map((set) => masker.mask(set)),
    environment: configuration.environment ?? null,
    variables: usedVariables(
      configuration,
      [...planned.subJobs.values()].map((one) => one.configuration),
      session,
    ),
    options: own,
    plan: planned.plan,
  };
}

function* subDocuments(planned: PlannedJob, seen = new Set<string>()): Generator<{ name: string; text: string }> {
  for (const sub of planned.subJobs.values()) {
    const document = sub.configuration.parts.runFile?.document;
    if (document !== undefined && !seen.has(document.name)) {
      seen.add(document.name);
      yield document;
    }
    yield* subDocuments(sub, seen);
  }
}

/** Writes a bundle into the folder of its session, whole or not at all. */
export function writeBundle(folder: string, bundle: JobBundle): void {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, BUNDLE_NAME);
  const beside = `${file}.${String(process.pid)}.unfinished`;
  writeFileSync(beside, `${JSON.stringify(bundle, undefined, 1)}\n`, { mode: 0o640 });
  renameSync(beside, file);
}

/** Reads the bundle in the folder of a session. Throws `DATAPY_BUNDLE_INVALID`. */
export function readBundle(folder: string): JobBundle {
  const file = path.join(folder, BUNDLE_NAME);
  return parseBundle(file, readText(file));
}

/** Understands the text of a bundle. Throws `DATAPY_BUNDLE_INVALID`. */
export function parseBundle(file: string, text: string): JobBundle {
  let bundle: unknown;
  try {
    bundle = JSON.parse(text);
  } catch (error) {
    throw fault(
      "DATAPY_BUNDLE_INVALID",
      { file, detail: `it is not JSON: ${(error as Error).message}` },
      { cause: error },
    );
  }
  const format = (bundle as { readonly format?: unknown } | null)?.format;
  if (format !== 1)
    throw fault("DATAPY_BUNDLE_INVALID", {
      file,
      detail: `its format is ${(JSON.stringify(format) as string | undefined) ?? "missing"}`,
    });
  return bundle as JobBundle; // Our own file, of a format that we know.
}

/** The last session that began to run a job file; of sessions that began at the same moment, any. */
export function findLastBundle(workPath: string, jobFile: string): JobBundle | undefined {
  const folder = jobsFolder(workPath);
  if (!existsSync(folder)) return undefined;
  let last: JobBundle | undefined;
  for (const name of readdirSync(folder)) {
    if (!existsSync(path.join(folder, name, BUNDLE_NAME))) continue;
    const bundle = readBundle(path.join(folder, name));
    if (bundle.job.file === jobFile && (last === undefined || last.started_at <= bundle.started_at)) last = bundle;
  }
  return last;
}

/** The bundle of a session. Throws `DATAPY_RESUME_UNKNOWN`. */
export function findBundle(workPath: string, sessionId: string): JobBundle {
  const folder = jobFolder(workPath, path.basename(sessionId));
  if (!/^[0-9a-f-]{36}$/.test(sessionId) || !existsSync(path.join(folder, BUNDLE_NAME))) {
    throw fault("DATAPY_RESUME_UNKNOWN", { detail: `no session ${sessionId} of a job in ${jobsFolder(workPath)}` });
  }
  return readBundle(folder);
}

/** The environment that a session of a bundle runs in: this one, with the variables of that time. */
export function environmentOf(
  bundle: JobBundle,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const then = Object.entries(bundle.variables).map(([name, value]) => [name, value ?? undefined] as const);
  return { ...env, ...Object.fromEntries(then) };
}

/** The configuration that a bundle's files give, as they were. Throws `DATAPY_BUNDLE_SECRET` where a file held a secret in plain. */
export function configurationOf(bundle: JobBundle): NonNullable<Session["options"]["configuration"]> {
  const files = [bundle.job, ...(bundle.project === null ? [] : [bundle.project]), ...bundle.files];
  const masked = files.find((one) => one.masked);
  if (masked !== undefined) throw fault("DATAPY_BUNDLE_SECRET", { file: masked.file });
  return {
    file: { name: bundle.job.file, text: bundle.job.text },
    project: bundle.project === null ? null : { name: bundle.project.file, text: bundle.project.text },
    files: Object.fromEntries(bundle.files.map(({ file, text }) => [file, text])),
    sets: bundle.sets,
    ...(bundle.environment === null ? {} : { environmentName: bundle.environment }),
  };
}

/** A bundle whose home is not on this machine, as if its files stood in `cwd`. */
export function moveBundle(bundle: JobBundle, cwd: string): JobBundle {
  const move = <Kind extends BundledFile>(one: Kind): Kind => {
    const inside = path.relative(bundle.cwd, one.file);
    const isInside = inside !== "" && !inside.startsWith("..") && !path.isAbsolute(inside);
    return { ...one, file: path.join(cwd, isInside ? inside : path.basename(one.file)) };
  };
  const { job, project, files } = bundle;
  return { ...bundle, cwd, job: move(job), project: project === null ? null : move(project), files: files.map(move) };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw fault("DATAPY_BUNDLE_INVALID", { file, detail: systemReason(error) }, { cause: error });
  }
}
