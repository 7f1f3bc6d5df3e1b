import { SpanKind, SpanStatusCode, ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api";
import type { Attributes, Context, Span } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { ExitCode } from "@datapy/mod-kit";
import { productVersion } from "../ledger/producer.js";
import { rowsOf } from "../ledger/run-summary.js";
import type { MeasuredRun } from "./metrics-file.js";
import type { TelemetrySettings } from "./telemetry-settings.js";

/** The session that is told about. */
export interface TelemetrySession {
  readonly id: string;
  readonly job: string;
  readonly project: string | undefined;
  readonly startedAt: Date;
}

/** A run that begins. */
export interface TelemetryRun {
  readonly runId: string;
  readonly mod: string;
  readonly step: string | undefined;
  readonly startedAt: Date;
}

/** Tells an OpenTelemetry collector of a session: spans session → job → step → mod, and metrics of every run. */
export interface Telemetry {
  runStarted(run: TelemetryRun): void;
  runEnded(runId: string, run: MeasuredRun): void;
  /** Ends the session's spans and delivers what is left, {@link DELIVERY_MS} at most. Never throws. */
  close(exitCode: ExitCode): Promise<void>;
}

const DELIVERY_MS = 3_000;

/**
 * Starts telling. Loading this module takes 130 ms: import it only when {@link TelemetrySettings} are there. `warn` is told once when
 * the collector cannot be reached.
 */
export function startTelemetry(
  settings: TelemetrySettings,
  session: TelemetrySession,
  warn: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): Telemetry {
  let warned = false;
  setGlobalErrorHandler((error) => {
    if (!warned) warn("OpenTelemetry signals could not be delivered", { error: reasonOf(error) });
    warned = true;
  });
  const resource = resourceOf(settings);
  const tracing =
    settings.traces === undefined ? undefined : startTracing(settings.traces, settings.parent, resource, session);
  const metering = settings.metrics === undefined ? undefined : startMetering(settings.metrics, resource, session);
  return {
    runStarted: (run) => tracing?.runStarted(run),
    runEnded(runId, run) {
      tracing?.runEnded(runId, run);
      metering?.record(run);
    },
    async close(exitCode) {
      const closed = Promise.allSettled([tracing?.close(exitCode), metering?.close()]);
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise((resolve) => (timer = setTimeout(resolve, DELIVERY_MS)));
      await Promise.race([closed, limit]);
      clearTimeout(timer);
    },
  };
}

function resourceOf(settings: TelemetrySettings): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ "service.version": productVersion() }))
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes({ "service.name": settings.serviceName }));
}

interface Tracing {
  runStarted(run: TelemetryRun): void;
  runEnded(runId: string, run: MeasuredRun): void;
  close(exitCode: ExitCode): Promise<void>;
}

function startTracing(url: string, parent: string | undefined, resource: Resource, session: TelemetrySession): Tracing {
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: DELIVERY_MS }))],
  });
  const tracer = provider.getTracer("@datapy/sdk", productVersion());
  const start = (name: string, within: Context, at: Date, attributes: Attributes): { span: Span; context: Context } => {
    const span = tracer.startSpan(name, { startTime: at, kind: SpanKind.INTERNAL, attributes }, within);
    return { span, context: trace.setSpan(within, span) };
  };
  const common: Attributes = {
    "datapy.session_id": session.id,
    ...(session.project === undefined ? {} : { "datapy.project": session.project }),
  };
  const whole = start("datapy session", parentContext(parent), session.startedAt, common);
  const job = start(session.job, whole.context, session.startedAt, { ...common, "datapy.job": session.job });
  const open = new Map<string, readonly Span[]>();

  const end = (spans: readonly Span[], at: Date, exitCode: ExitCode, message: string | undefined): void => {
    for (const span of spans) {
      span.setAttribute("datapy.exit_code", exitCode);
      span.setStatus(
        exitCode >= 20
          ? { code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) }
          : { code: SpanStatusCode.OK },
      );
      span.end(at);
    }
  };
  return {
    runStarted({ runId, mod, step, startedAt }) {
      const attributes = {
        ...common,
        "datapy.run_id": runId,
        "datapy.mod": mod,
        ...(step === undefined ? {} : { "datapy.step": step }),
      };
      const around = step === undefined ? undefined : start(step, job.context, startedAt, attributes);
      const run = start(mod, around?.context ?? job.context, startedAt, attributes);
      open.set(runId, around === undefined ? [run.span] : [run.span, around.span]);
    },
    runEnded(runId, run) {
      const spans = open.get(runId);
      if (spans === undefined) return;
      open.delete(runId);
      if (run.envelope.status !== "error") spans[0]?.setAttributes(numbersOf(run.envelope.metrics));
      end(spans, run.endedAt, run.exitCode, run.envelope.status === "error" ? run.envelope.errors[0] : undefined);
    },
    async close(exitCode) {
      const now = new Date();
      for (const spans of open.values()) end(spans, now, exitCode, "the session ended before the run did");
      end([job.span, whole.span], now, exitCode, undefined);
      await provider.shutdown();
    },
  };
}

interface Metering {
  record(run: MeasuredRun): void;
  close(): Promise<void>;
}

function startMetering(url: string, resource: Resource, session: TelemetrySession): Metering {
  const exporter = new OTLPMetricExporter({ url, timeoutMillis: DELIVERY_MS });
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 60_000,
    exportTimeoutMillis: DELIVERY_MS,
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter("@datapy/sdk", productVersion());
  const runs = meter.createCounter("datapy.runs", { unit: "{run}", description: "Runs that ended" });
  const duration = meter.createHistogram("datapy.run.duration", { unit: "s", description: "Wall time of a run" });
  const rows = meter.createCounter("datapy.run.rows", {
    unit: "{row}",
    description: "Rows put out, else processed, else read",
  });
  const bytes = meter.createCounter("datapy.run.bytes_written", { unit: "By", description: "Bytes written" });
  const cpu = meter.createCounter("datapy.run.cpu_time", { unit: "s", description: "User and system time" });
  const memory = meter.createHistogram("datapy.run.memory", { unit: "MiBy", description: "Peak resident memory" });
  return {
    record({ mod, step, envelope }) {
      const labels = {
        "datapy.mod": mod,
        "datapy.job": session.job,
        ...(step === undefined ? {} : { "datapy.step": step }),
        ...(session.project === undefined ? {} : { "datapy.project": session.project }),
      };
      runs.add(1, { ...labels, "datapy.status": envelope.status });
      duration.record(envelope.execution_time, labels);
      if (envelope.status === "error") return;
      const number = (key: string): number | undefined =>
        typeof envelope.metrics[key] === "number" ? envelope.metrics[key] : undefined;
      rows.add(rowsOf(envelope.metrics) ?? 0, labels);
      bytes.add(number("bytes_written") ?? 0, labels);
      cpu.add(number("cpu_seconds") ?? 0, labels);
      const peak = number("memory_used_mb");
      if (peak !== undefined) memory.record(peak, labels);
    },
    close: () => provider.shutdown(),
  };
}

/** Context of the span that `traceparent` names: `00-<trace>-<span>-<flags>`. */
function parentContext(traceparent: string | undefined): Context {
  const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "");
  const [, traceId, spanId, flags] = found ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function numbersOf(metrics: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(metrics))
    if (typeof value === "number") attributes[`datapy.metric.${key}`] = value;
  return attributes;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
