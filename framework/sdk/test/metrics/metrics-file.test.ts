import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { renderMetrics, writeMetricsFile } from "../../src/metrics/metrics-file.js";
import type { MeasuredRun, MeasuredSession } from "../../src/metrics/metrics-file.js";
import { envelopeOf } from "../ledger/sample-runs.js";

function run(mod: string, exitCode: 0 | 10 | 30, step?: string): MeasuredRun {
  return {
    mod,
    step,
    envelope: envelopeOf(`${mod}_00000001`, exitCode),
    exitCode,
    endedAt: new Date("2026-08-12T12:00:05Z"),
  };
}

function session(runs: readonly MeasuredRun[], more: Partial<MeasuredSession> = {}): MeasuredSession {
  return {
    job: "daily_customer_etl",
    project: "customer_analytics",
    startedAt: new Date("2026-08-12T12:00:00Z"),
    endedAt: new Date("2026-08-12T12:00:10Z"),
    exitCode: 30,
    runs,
    ...more,
  };
}

/** Reads the text format by its grammar: gives samples by series, fails on anything else. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.slice(0, -1).split("\n")) {
    const type = /^# TYPE ([a-z_]+) gauge$/.exec(line);
    if (type?.[1] !== undefined) {
      expect(typed.has(type[1])).toBe(false);
      typed.add(type[1]);
      continue;
    }
    if (/^# HELP [a-z_]+ \S/.test(line)) continue;
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\}) (-?[\d.]+(?:e[+-]?\d+)?|NaN|[+-]Inf)$/.exec(
      line,
    );
    expect(sample).not.toBeNull();
    const [, name = "", labels = "", value = ""] = sample ?? [];
    expect(typed.has(name)).toBe(true);
    expect(samples.has(name + labels)).toBe(false);
    samples.set(name + labels, Number(value.replace("Inf", "Infinity")));
  }
  return samples;
}

it("tells of the session and the last run of each mod", () => {
  const samples = parse(
    renderMetrics(session([run("csv-reader", 30, "read"), run("csv-reader", 0, "read"), run("data-cleaner", 30)])),
  );
  const base = 'job="daily_customer_etl",project="customer_analytics"';
  expect(Object.fromEntries(samples)).toMatchObject({
    [`datapy_session_exit_code{${base}}`]: 30,
    [`datapy_session_end_timestamp_seconds{${base}}`]: Date.parse("2026-08-12T12:00:10Z") / 1000,
    [`datapy_session_runs{${base},status="success"}`]: 1,
    [`datapy_session_runs{${base},status="warning"}`]: 0,
    [`datapy_session_runs{${base},status="error"}`]: 2,
    [`datapy_run_success{${base},mod="csv-reader",step="read"}`]: 1,
    [`datapy_run_exit_code{${base},mod="data-cleaner"}`]: 30,
    [`datapy_run_duration_seconds{${base},mod="csv-reader",step="read"}`]: 2.34,
    [`datapy_run_metric{${base},mod="csv-reader",step="read",metric="rows_output"}`]: 9876,
  });
});

it("is well formed whatever names and numbers there are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.double(), (name, metric, value) => {
      const envelope = {
        ...envelopeOf("m_00000001", 0),
        metrics: { [metric]: value, text: "no number", big: 2n ** 70n },
      } as ReturnType<typeof envelopeOf>;
      parse(renderMetrics(session([{ ...run("m", 0, name), envelope }], { job: name })));
    }),
  );
});

it("replaces the file in one step, readable by a collector, and leaves nothing else", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "datapy-prometheus-"));
  try {
    const file = path.join(directory, "datapy.prom");
    writeMetricsFile(file, session([]));
    const before = statSync(file).ino;
    writeMetricsFile(file, session([run("m", 0)]));
    expect(statSync(file).ino).not.toBe(before);
    expect(statSync(file).mode & 0o444).toBe(0o444);
    expect(readFileSync(file, "utf8")).toContain('mod="m"');
    expect(readdirSync(directory)).toEqual(["datapy.prom"]);
    mkdirSync(path.join(directory, "taken.prom"));
    expect(() => writeMetricsFile(path.join(directory, "taken.prom"), session([]))).toThrow();
    expect(readdirSync(directory)).toEqual(["datapy.prom", "taken.prom"]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
