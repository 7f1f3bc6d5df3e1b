import { renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Envelope, ExitCode } from "@datapy/mod-kit";

/** A run as the metrics file tells of it. */
export interface MeasuredRun {
  readonly mod: string;
  readonly step: string | undefined;
  readonly envelope: Envelope;
  readonly exitCode: ExitCode;
  readonly endedAt: Date;
}

/** A session as the metrics file tells of it. */
export interface MeasuredSession {
  readonly job: string;
  readonly project: string | undefined;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly exitCode: ExitCode;
  /** In the order in which they ended. */
  readonly runs: readonly MeasuredRun[];
}

type Labels = Readonly<Record<string, string | undefined>>;
type Samples = Map<string, number>;

/** Metrics by name, with their help text. All are gauges: each file tells of one session, the last. */
const METRICS = {
  datapy_session_exit_code: "Exit code of the last session.",
  datapy_session_start_timestamp_seconds: "When the last session started, in seconds since 1970.",
  datapy_session_end_timestamp_seconds: "When the last session ended, in seconds since 1970.",
  datapy_session_runs: "Runs of the last session, by how they ended.",
  datapy_run_success: "1 when the last run of the mod succeeded, with or without warnings; else 0.",
  datapy_run_exit_code: "Exit code of the last run.",
  datapy_run_duration_seconds: "Wall time of the last run.",
  datapy_run_end_timestamp_seconds: "When the last run ended, in seconds since 1970.",
  datapy_run_warnings: "Warnings of the last run.",
  datapy_run_metric: "Metrics of the last run, by the name that they have in its envelope.",
} as const;

/**
 * Writes metrics in Prometheus' text format, for the textfile collector of node_exporter and its like. The file is replaced in one
 * step: a reader sees the old one or the new one, whole.
 *
 * @throws the error of the file system
 */
export function writeMetricsFile(file: string, session: MeasuredSession): void {
  const target = path.resolve(file);
  // The ending is one that collectors pass over.
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  try {
    // Collectors run as another user.
    writeFileSync(temporary, renderMetrics(session), { mode: 0o644 });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Metrics of a session in Prometheus' text format, version 0.0.4. */
export function renderMetrics(session: MeasuredSession): string {
  const metrics = new Map<keyof typeof METRICS, Samples>();
  const set = (name: keyof typeof METRICS, labels: Labels, value: number): void => {
    const samples = metrics.get(name) ?? new Map<string, number>();
    metrics.set(name, samples);
    samples.set(renderLabels(labels), value);
  };

  const base = { job: session.job, project: session.project };
  set("datapy_session_exit_code", base, session.exitCode);
  set("datapy_session_start_timestamp_seconds", base, session.startedAt.getTime() / 1_000);
  set("datapy_session_end_timestamp_seconds", base, session.endedAt.getTime() / 1_000);
  for (const status of ["success", "warning", "error"] as const) {
    const count = session.runs.filter((run) => run.envelope.status === status).length;
    set("datapy_session_runs", { ...base, status }, count);
  }
  // Of several runs of one mod, the last stands: a series may occur once only.
  for (const { mod, step, envelope, exitCode, endedAt } of session.runs) {
    const labels = { ...base, mod, step };
    set("datapy_run_success", labels, envelope.status === "error" ? 0 : 1);
    set("datapy_run_exit_code", labels, exitCode);
    set("datapy_run_duration_seconds", labels, envelope.execution_time);
    set("datapy_run_end_timestamp_seconds", labels, endedAt.getTime() / 1_000);
    if (envelope.status === "error") continue;
    set("datapy_run_warnings", labels, envelope.warnings.length);
    for (const [metric, value] of Object.entries(envelope.metrics)) {
      if (typeof value === "number" || typeof value === "bigint")
        set("datapy_run_metric", { ...labels, metric }, Number(value));
    }
  }

  const lines: string[] = [];
  for (const [name, samples] of metrics) {
    lines.push(`# HELP ${name} ${METRICS[name]}`, `# TYPE ${name} gauge`);
    for (const [labels, value] of samples) lines.push(`${name}${labels} ${renderValue(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const escaped = pairs.map(([name, value]) => {
    const text = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
    return `${name}="${text}"`;
  });
  return `{${escaped.join(",")}}`;
}

function renderValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}
