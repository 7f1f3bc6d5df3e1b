import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { readTelemetrySettings } from "../../src/metrics/telemetry-settings.js";

const DIST = path.resolve(__dirname, "../../dist");

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: readonly Attribute[];
}
interface ReceivedMetric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly Readonly<Record<string, unknown>>[] };
  readonly histogram?: { readonly dataPoints: readonly Readonly<Record<string, unknown>>[] };
}

let work: string;
let server: Server;
let address: string;
let received: Map<string, unknown[]>;
let headers: Record<string, unknown>[];

/** A receiver of OTLP over HTTP with JSON bodies, which the standard's collectors are too. */
beforeEach(async () => {
  work = mkdtempSync(path.join(tmpdir(), "datapy-otlp-"));
  received = new Map();
  headers = [];
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const url = request.url ?? "";
      headers.push(request.headers);
      received.set(url, [...(received.get(url) ?? []), JSON.parse(body)]);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(work, { recursive: true, force: true });
});

/** A session of two runs, in a process of its own, observed as every session is. */
async function session(env: Record<string, string>): Promise<{ stdout: string; stderr: string; code: unknown }> {
  const script = `
    const load = (file) => require(${JSON.stringify(DIST)} + "/" + file);
    const masker = { add() {}, mask: (text) => text, maskJson: (value) => value };
    const at = new Date(), id = "7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10", workPath = ${JSON.stringify(work)};
    const log = load("logging/session-log.js").openSessionLog({ sessionId: id, stem: "x", startedAt: at, directory: workPath, masker });
    const ledger = load("ledger/ledger.js").openLedger({ workPath, sessionId: id, startedAt: at, masker, job: { name: "daily" } });
    const listeners = new Set();
    const emit = (event) => { for (const listener of listeners) listener(event); };
    const { observeSession } = load("metrics/observe-session.js");
    const observers = observeSession({ id, name: "daily", project: "customer_analytics", startedAt: at, env: process.env, log, ledger, listen: (one) => { listeners.add(one); return () => listeners.delete(one); } });
    const run = async (runId, mod, step, envelope, exit_code) => {
      emit({ kind: "run-started", runId, mod, step, at: new Date(), timeoutMs: undefined });
      await new Promise((resolve) => setTimeout(resolve, 20));
      emit({ kind: "progress", runId, mod, done: 1, total: 2, unit: "rows" });
      emit({ kind: "run-ended", runId, mod, step, at: new Date(), envelope, summary: { exit_code } });
    };
    (async () => {
      await Promise.all([
        run("csv-reader_00000001", "csv-reader", "read", { status: "success", execution_time: 0.02, metrics: { rows_output: 10, bytes_written: 7, memory_used_mb: 50, cpu_seconds: 0.5, rows_per_second: 500 }, warnings: [] }, 0),
        run("loader_00000002", "loader", undefined, { status: "error", execution_time: 0.02, errors: ["DATAPY_X: it broke"], exit_code: 30 }, 30),
      ]);
      await observers.close(30);
      await observers.close(30);
      await log.close();
      console.log(JSON.stringify({ loaded: Object.keys(require.cache).filter((file) => file.includes("@opentelemetry")).length > 0 }));
    })();`;
  // spawn and not spawnSync: the receiver runs in this process.
  const child = spawn(process.execPath, ["-e", script], { env: { PATH: process.env["PATH"] ?? "", ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { stdout, stderr, code };
}

function spans(): ReceivedSpan[] {
  const bodies = (received.get("/v1/traces") ?? []) as {
    resourceSpans: { scopeSpans: { spans: ReceivedSpan[] }[] }[];
  }[];
  return bodies.flatMap((body) => body.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));
}

function metrics(): Map<string, ReceivedMetric> {
  const bodies = (received.get("/v1/metrics") ?? []) as {
    resourceMetrics: { scopeMetrics: { metrics: ReceivedMetric[] }[] }[];
  }[];
  const all = bodies.flatMap((body) =>
    body.resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics)),
  );
  return new Map(all.map((metric) => [metric.name, metric]));
}

function attributesOf(list: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}

it("sends spans session → job → step → mod, and metrics of every run", async () => {
  const done = await session({
    OTEL_EXPORTER_OTLP_ENDPOINT: address,
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=one",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test",
  });
  expect(done.stderr).toBe("");
  expect(done.code).toBe(0);
  expect(headers[0]).toMatchObject({ "x-key": "one" });

  const byName = new Map(spans().map((span) => [span.name, span]));
  expect([...byName.keys()].sort()).toEqual(["csv-reader", "daily", "datapy session", "loader", "read"]);
  const parentOf = (name: string): string | undefined =>
    spans().find((span) => span.spanId === byName.get(name)?.parentSpanId)?.name;
  expect(parentOf("csv-reader")).toBe("read");
  expect(parentOf("read")).toBe("daily");
  expect(parentOf("loader")).toBe("daily");
  expect(parentOf("daily")).toBe("datapy session");
  expect(byName.get("datapy session")?.parentSpanId ?? "").toBe("");
  expect(new Set(spans().map((span) => span.traceId)).size).toBe(1);
  expect(byName.get("csv-reader")?.status.code).toBe(1);
  expect(byName.get("loader")?.status).toEqual({ code: 2, message: "DATAPY_X: it broke" });
  expect(attributesOf(byName.get("csv-reader")?.attributes ?? [])).toMatchObject({
    "datapy.run_id": "csv-reader_00000001",
    "datapy.mod": "csv-reader",
    "datapy.exit_code": 0,
    "datapy.metric.rows_output": 10,
  });
  for (const span of spans()) expect(BigInt(span.endTimeUnixNano)).toBeGreaterThan(BigInt(span.startTimeUnixNano));
  const [body] = received.get("/v1/traces") as { resourceSpans: { resource: { attributes: Attribute[] } }[] }[];
  expect(attributesOf(body?.resourceSpans[0]?.resource.attributes ?? [])).toMatchObject({
    "service.name": "datapy",
    "deployment.environment": "test",
  });

  expect([...metrics().keys()].sort()).toEqual([
    "datapy.run.bytes_written",
    "datapy.run.cpu_time",
    "datapy.run.duration",
    "datapy.run.memory",
    "datapy.run.rows",
    "datapy.runs",
  ]);
  expect(metrics().get("datapy.runs")?.sum?.dataPoints).toHaveLength(2);
  expect(metrics().get("datapy.run.rows")?.sum?.dataPoints).toEqual([expect.objectContaining({ asDouble: 10 })]);
});

it("continues the trace of whoever started the process", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  await session({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${address}/v1/traces`,
    TRACEPARENT: `00-${traceId}-00f067aa0ba902b7-01`,
    OTEL_SERVICE_NAME: "nightly",
  });
  expect(spans().find((span) => span.name === "datapy session")).toMatchObject({
    traceId,
    parentSpanId: "00f067aa0ba902b7",
  });
  expect(received.has("/v1/metrics")).toBe(false);
});

it("fails and delays nothing when the collector is away, and says so once", async () => {
  const done = await session({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
  expect(done.code).toBe(0);
  const lines = done.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; message: string });
  expect(lines).toMatchObject([{ level: "WARNING", message: "OpenTelemetry signals could not be delivered" }]);
});

it("loads nothing where it is not switched on", async () => {
  for (const env of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: address, OTEL_SDK_DISABLED: "true" },
  ]) {
    const done = await session(env);
    expect(JSON.parse(done.stdout)).toEqual({ loaded: false });
  }
  expect(received.size).toBe(0);
});

it("reads the standard's variables", () => {
  expect(readTelemetrySettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/" })).toEqual({
    traces: "http://c:4318/v1/traces",
    metrics: "http://c:4318/v1/metrics",
    serviceName: "datapy",
    parent: undefined,
  });
  expect(
    readTelemetrySettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/x",
    }),
  ).toMatchObject({ traces: "http://t/x", metrics: undefined });
  expect(
    readTelemetrySettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://c",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_TRACES_EXPORTER: "none",
    }),
  ).toBeUndefined();
});
