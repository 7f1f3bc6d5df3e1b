import path from "node:path";
import { readSourceFile, formOf } from "../config/config-sources.js";
import type { TracedObject, TracedValue } from "../config/traced-value.js";
import { untrace } from "../config/traced-value.js";
import { parseDuration } from "../contract/parse-quantity.js";
import { fault } from "../errors.js";
import { parseCron } from "./cron-expression.js";
import type { CronExpression } from "./cron-expression.js";

/** Schedulers that a job can be exported to. */
export const SCHEDULERS = ["autosys", "airflow", "github-actions", "systemd", "cron"] as const;

/** One of {@link SCHEDULERS}. */
export type Scheduler = (typeof SCHEDULERS)[number];

/** What is asked of `exportJob`. */
export interface ExportRequest {
  /** The job file, relative to `cwd` or absolute. */
  readonly file: string;
  /** Folder that the job is started in. Absolute. */
  readonly cwd: string;
  readonly to: Scheduler;
  /** `--env` of every run. */
  readonly environmentName?: string | undefined;
  /** The program. Default `datapy`. */
  readonly command?: string | undefined;
  /** How often a run that failed (30) or took too long (40) is tried again. Default 2. */
  readonly retries?: number | undefined;
  /** Time between two tries, in milliseconds. Default 60,000. */
  readonly retryDelayMs?: number | undefined;
  /** Where the files will stand: definitions that name each other do so by absolute path. Default `cwd`. */
  readonly folder?: string | undefined;
}

/** A definition to be written. */
export interface ExportedFile {
  /** Relative to the folder of the export. */
  readonly name: string;
  readonly text: string;
  readonly executable?: boolean;
}

/** What a scheduler gets, and what it cannot be told. */
export interface ExportedDefinitions {
  readonly files: readonly ExportedFile[];
  readonly warnings: readonly string[];
}

/** A job as schedulers see it. */
export interface ExportedJob {
  /** Name that every scheduler takes: letters, digits, `_`, `-`. */
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly owner: string | undefined;
  readonly tags: readonly string[];
  readonly schedule: { readonly cron: CronExpression; readonly timezone: string | undefined } | undefined;
  readonly timeoutMs: number | undefined;
  /** The command line that runs it. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly retries: number;
  /** Whole seconds. */
  readonly retryDelaySeconds: number;
  readonly folder: string;
}

/**
 * Reads what schedulers need of a job file.
 *
 * @throws FaultList where the file cannot be read; DatapyError `DATAPY_EXPORT_NO_JOB`, `DATAPY_SCHEDULE_INVALID`, `DATAPY_CONFIG_SHAPE`
 */
export function readExportedJob(request: ExportRequest): ExportedJob {
  const { cwd, file, environmentName } = request;
  const { root, document } = readSourceFile({ cwd }, { path: file }, "params");
  if (formOf(root) === "flat") throw fault("DATAPY_EXPORT_NO_JOB", { file: document.name });
  const title = text(root, "name") ?? path.parse(file).name;
  const tags = valueOf(root, "tags");
  const retryDelayMs = request.retryDelayMs ?? 60_000;
  // A path that begins with a dash would be taken for a flag.
  const job = file.startsWith("-") ? `./${file}` : file;
  return {
    name: plainName(title),
    title,
    description: text(root, "description"),
    owner: text(root, "owner"),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    schedule: readSchedule(root),
    timeoutMs: timeout(root),
    argv: [
      request.command ?? "datapy",
      "run-job",
      job.split(path.sep).join("/"),
      ...(environmentName === undefined ? [] : ["--env", environmentName]),
    ],
    cwd,
    retries: request.retries ?? 2,
    retryDelaySeconds: Math.max(0, Math.round(retryDelayMs / 1_000)),
    folder: request.folder ?? cwd,
  };
}

/**
 * When a job is to run, as its file says.
 *
 * @throws DatapyError `DATAPY_SCHEDULE_INVALID`, `DATAPY_CONFIG_SHAPE`
 */
export function readSchedule(root: TracedObject): ExportedJob["schedule"] {
  const node = root.entries.get("schedule");
  if (node === undefined || (node.kind === "scalar" && node.value === null)) return undefined;
  const cron = node.kind === "object" ? text(node, "cron") : node.kind === "scalar" ? String(node.value) : undefined;
  if (cron === undefined)
    throw fault(
      "DATAPY_CONFIG_SHAPE",
      { what: "schedule", expected: 'a cron expression, or { cron: "…", timezone: … }', given: node.kind },
      { location: node.location },
    );
  const timezone = node.kind === "object" ? text(node, "timezone") : undefined;
  if (timezone !== undefined && !isTimezone(timezone))
    throw fault(
      "DATAPY_SCHEDULE_INVALID",
      { schedule: JSON.stringify(cron), detail: `there is no time zone ${JSON.stringify(timezone)}` },
      { location: node.kind === "object" ? node.entries.get("timezone")?.location : undefined },
    );
  const place = node.kind === "object" ? node.entries.get("cron")?.location : node.location;
  return { cron: parseCron(cron, place), timezone };
}

function timeout(root: TracedObject): number | undefined {
  const node = root.entries.get("timeout");
  if (node === undefined) return undefined;
  const ms = node.kind === "scalar" ? parseDuration(node.value) : undefined;
  if (ms !== undefined) return ms;
  throw fault(
    "DATAPY_CONFIG_SHAPE",
    { what: "timeout", expected: "a time such as 30m", given: JSON.stringify(untrace(node)) },
    { location: node.location },
  );
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Schedulers take few characters in names; two jobs whose names differ elsewhere keep different ones. */
function plainName(title: string): string {
  const plain = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9_-]+/g, "_")
    .replace(/^[_-]+|[_-]+$/g, "");
  return plain === "" ? "job" : plain;
}

function text(node: TracedObject, key: string): string | undefined {
  const value = valueOf(node, key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function valueOf(node: TracedObject, key: string): unknown {
  const value: TracedValue | undefined = node.entries.get(key);
  return value === undefined ? undefined : untrace(value);
}
