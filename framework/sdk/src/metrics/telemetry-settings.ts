type Environment = Readonly<Record<string, string | undefined>>;

/** Where OpenTelemetry signals go. */
export interface TelemetrySettings {
  /** Full addresses; `undefined` where that signal is switched off. */
  readonly traces: string | undefined;
  readonly metrics: string | undefined;
  readonly serviceName: string;
  /** `traceparent` of whoever started this process, by the W3C's format. */
  readonly parent: string | undefined;
}

/**
 * Reads OpenTelemetry's own variables; undefined when they switch nothing on. Loads nothing.
 *
 * `OTEL_EXPORTER_OTLP_ENDPOINT` (to which `/v1/traces` and `/v1/metrics` are added) or the address of one signal switches on;
 * `OTEL_SDK_DISABLED=true`, `OTEL_TRACES_EXPORTER=none` and `OTEL_METRICS_EXPORTER=none` switch off. Headers and the rest of the
 * standard's variables are read by the exporters themselves.
 */
export function readTelemetrySettings(env: Environment): TelemetrySettings | undefined {
  if ((env["OTEL_SDK_DISABLED"] ?? "").toLowerCase() === "true") return undefined;
  const traces = addressOf(env, "TRACES");
  const metrics = addressOf(env, "METRICS");
  if (traces === undefined && metrics === undefined) return undefined;
  return { traces, metrics, serviceName: env["OTEL_SERVICE_NAME"] ?? "datapy", parent: env["TRACEPARENT"] };
}

function addressOf(env: Environment, signal: "TRACES" | "METRICS"): string | undefined {
  if (env[`OTEL_${signal}_EXPORTER`] === "none") return undefined;
  const own = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ?? "";
  if (own !== "") return own;
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "";
  return base === "" ? undefined : `${base.replace(/\/+$/, "")}/v1/${signal.toLowerCase()}`;
}
