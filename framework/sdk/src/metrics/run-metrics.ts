import { rowsOf } from "../ledger/run-summary.js";

/** Metrics that the host measures. What a mod adds under these names is not taken. */
export const RESERVED_METRICS: ReadonlySet<string> = new Set(["memory_used_mb", "cpu_seconds", "rows_per_second"]);

/** A run's measurements, going on. */
export interface RunMetrics {
  /** Ends the measuring; gives the mod's metrics with the host's beside them. A second call gives the same. */
  finish(end: RunMetricsEnd): Record<string, unknown>;
  /** Ends the measuring of a run that has no metrics to show, such as a failed one. Harmless after {@link finish}. */
  stop(): void;
}

/** What is known when a run ends. */
export interface RunMetricsEnd {
  /** Metrics that the mod added. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Wall time of the run. */
  readonly executionSeconds: number;
  /** Bytes of the run's inputs, and of the artifacts that it made: they stand where the mod says nothing of its own. */
  readonly bytesRead?: number | undefined;
  readonly bytesWritten?: number | undefined;
}

const SAMPLE_MS = 100;
const MEGABYTE = 1_048_576;

/** Peaks of the runs that are going on, fed by one timer for all of them. */
const running = new Set<{ peak: number }>();
let timer: NodeJS.Timeout | undefined;

/**
 * Starts measuring a run: `memory_used_mb` (peak resident memory of the process while the run was going on; 1 MB = 1,048,576 bytes),
 * `cpu_seconds` (user and system time of the process, DuckDB's threads included), `rows_per_second` (rows that the run put out,
 * else processed, else read; absent where it counted none), `bytes_read` and `bytes_written`. Runs that go on at the same time in
 * one process share its memory and time, and each shows all of it.
 */
export function startRunMetrics(): RunMetrics {
  const before = process.resourceUsage();
  const sampled = { peak: 0 };
  running.add(sampled);
  timer ??= setInterval(sample, SAMPLE_MS).unref();
  let finished: Record<string, unknown> | undefined;
  return { finish: (end) => (finished ??= measure(end)), stop };

  function stop(): void {
    sample();
    running.delete(sampled);
    if (running.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function measure(end: RunMetricsEnd): Record<string, unknown> {
    stop();
    const after = process.resourceUsage();
    const cpu = after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime;
    // The kernel counts the highest point of the process's life without gaps (in KiB): where it rose, it rose during this run.
    const memory = after.maxRSS > before.maxRSS ? after.maxRSS * 1_024 : sampled.peak;
    const own = Object.entries(end.metrics).filter(([key]) => !RESERVED_METRICS.has(key));
    const rows = rowsOf(end.metrics);
    return {
      ...(end.bytesRead === undefined ? {} : { bytes_read: end.bytesRead }),
      ...(end.bytesWritten === undefined ? {} : { bytes_written: end.bytesWritten }),
      ...Object.fromEntries(own),
      memory_used_mb: round(memory / MEGABYTE, 1),
      cpu_seconds: round(cpu / 1e6, 3),
      ...(rows === undefined || end.executionSeconds <= 0
        ? {}
        : { rows_per_second: round(rows / end.executionSeconds, 1) }),
    };
  }
}

function sample(): void {
  const now = process.memoryUsage.rss();
  for (const one of running) one.peak = Math.max(one.peak, now);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
