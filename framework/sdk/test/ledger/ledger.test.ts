import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { readEvents } from "../../src/ledger/ledger-line.js";
import type { Ledger, LedgerRunStart } from "../../src/ledger/ledger-types.js";
import type { RunEvent } from "../../src/ledger/openlineage-types.js";
import { runUuid } from "../../src/ledger/run-uuid.js";
import { createMasker } from "../../src/secrets/masker.js";
import { contractFaults } from "./openlineage-contract.js";
import { SESSION, end, envelopeOf, ledgerIn, start } from "./sample-runs.js";

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), "datapy-ledger-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const RUN = "csv-reader_0a1b2c3d";

function fullStart(more: Partial<LedgerRunStart> = {}): LedgerRunStart {
  return {
    runId: RUN,
    mod: "csv-reader",
    version: "1.2.3",
    packageName: "@datapy/mod-csv-reader",
    packageVersion: "1.2.3",
    description: "Reads CSV files",
    step: "read",
    attempt: 1,
    startedAt: new Date(),
    parameters: { input_path: "/data/ü x#1.csv", delimiter: "|", limit: 5, columns: { id: "BIGINT" }, nothing: null },
    origins: new Map([
      [
        "/input_path",
        {
          layer: "params",
          location: { file: "/job.yaml", line: 3, column: 5 },
          template: "${globals.base}/x",
          overrode: [],
        },
      ],
      ["/delimiter", { layer: "default", location: undefined, overrode: [] }],
    ]),
    inputs: [
      { uri: "/data/ü x#1.csv", bytes: 12 },
      { uri: "postgres://me:pw@db:5432/shop/public.t?sslmode=x", rows: 3 },
      { uri: "s3://bucket/a/b.parquet" },
    ],
    logFile: "/logs/etl.log",
    ...more,
  };
}

function recordEverything(ledger: Ledger): void {
  ledger.runStarted(fullStart());
  end(ledger, RUN, 10, {
    artifacts: [
      {
        kind: "table",
        key: "output_data",
        uri: path.join(work, "out.parquet"),
        rows: 10,
        bytes: 100,
        columns: [
          { name: "id", type: "BIGINT" },
          { name: "hash", type: "VARCHAR" },
        ],
        lineage: {
          id: [{ uri: "/data/ü x#1.csv", column: "Id" }],
          hash: [{ uri: "s3://bucket/a/b.parquet", column: "name", change: "masked" }],
        },
      },
      { kind: "file", key: "report", uri: path.join(work, "report.html"), bytes: 7 },
    ],
    outputs: [
      {
        uri: "postgres://me:pw@db:5432/shop/public.customers",
        rows: 10,
        lineage: { id: [{ uri: "/x.csv", column: "id", change: "aggregation" }] },
      },
    ],
  });
}

it("writes START and the end of every run as OpenLineage events, one a line, under the date", async () => {
  const at = new Date(2026, 7, 12, 14, 30);
  const ledger = ledgerIn(work, { startedAt: at });
  recordEverything(ledger);
  start(ledger, "csv-reader_00000002");
  end(ledger, "csv-reader_00000002", 30);
  start(ledger, "csv-reader_00000003");
  end(ledger, "csv-reader_00000003", 50);
  await ledger.sessionEnded({ exitCode: 50 });
  expect(ledger.file).toBe(path.join(work, "runs/2026-08-12", `${SESSION}.ndjson`));
  const events = readEvents(ledger.file);
  expect(events.map((event) => event.eventType)).toEqual([
    "START",
    "START",
    "COMPLETE",
    "START",
    "FAIL",
    "START",
    "ABORT",
    "ABORT",
  ]);
  expect(events.flatMap(contractFaults)).toEqual([]);
  expect(new Set(events.map((event) => event.run.runId))).toEqual(
    new Set([
      SESSION,
      runUuid(SESSION, RUN),
      runUuid(SESSION, "csv-reader_00000002"),
      runUuid(SESSION, "csv-reader_00000003"),
    ]),
  );
});

it("says what ran, with which parameters from where, and what it read and wrote", () => {
  const ledger = ledgerIn(work);
  recordEverything(ledger);
  const [, started, ended] = readEvents(ledger.file) as [RunEvent, RunEvent, RunEvent];
  expect(started.job).toMatchObject({
    namespace: "customer_analytics",
    name: "daily_customer_etl.read",
    facets: { documentation: { description: "Reads CSV files" } },
  });
  expect(started.run.facets).toMatchObject({
    parent: { run: { runId: SESSION }, job: { namespace: "customer_analytics", name: "daily_customer_etl" } },
    processing_engine: { name: "DataPy" },
    executionParameters: {
      parameters: expect.arrayContaining([
        { key: "limit", value: "5" },
        { key: "columns", value: '{"id":"BIGINT"}' },
      ]) as unknown,
    },
    datapy: {
      run_id: RUN,
      session_id: SESSION,
      mod: "csv-reader",
      version: "1.2.3",
      package_name: "@datapy/mod-csv-reader",
      step: "read",
      parameters: { delimiter: "|", limit: 5, nothing: null },
      provenance: {
        "/input_path": { layer: "params", file: "/job.yaml", line: 3, column: 5, template: "${globals.base}/x" },
        "/delimiter": { layer: "default" },
      },
      log_file: "/logs/etl.log",
    },
  });
  expect(ended.inputs.map(({ namespace, name }) => [namespace, name])).toEqual([
    ["file", "/data/ü x#1.csv"],
    ["postgres://db:5432", "shop/public.t"],
    ["s3://bucket", "a/b.parquet"],
  ]);
  expect(ended.inputs[0]).toMatchObject({
    inputFacets: { inputStatistics: { size: 12 } },
    facets: { dataSource: { uri: "file:///data/%C3%BC%20x%231.csv" } },
  });
  expect(ended.outputs[0]).toMatchObject({
    namespace: "file",
    name: path.join(work, "out.parquet"),
    facets: {
      schema: {
        fields: [
          { name: "id", type: "BIGINT", ordinal_position: 1 },
          { name: "hash", type: "VARCHAR", ordinal_position: 2 },
        ],
      },
      columnLineage: {
        fields: {
          id: {
            inputFields: [
              {
                namespace: "file",
                name: "/data/ü x#1.csv",
                field: "Id",
                transformations: [{ type: "DIRECT", subtype: "IDENTITY", masking: false }],
              },
            ],
          },
          hash: {
            inputFields: [
              { namespace: "s3://bucket", name: "a/b.parquet", field: "name", transformations: [{ masking: true }] },
            ],
          },
        },
      },
    },
    outputFacets: { outputStatistics: { rowCount: 10, size: 100, fileCount: 1 } },
  });
  expect(ended.run.facets?.["datapy"]).toMatchObject({ exit_code: 10, envelope: envelopeOf(RUN, 10) });
  expect(readFileSync(ledger.file, "utf8")).not.toContain("pw@");
});

it("masks secrets in parameters, templates, envelopes and names", () => {
  const masker = createMasker();
  masker.add("hunter2!");
  const ledger = ledgerIn(work, { masker });
  ledger.runStarted(
    fullStart({
      parameters: { password: "hunter2!", url: "postgres://u:hunter2%21@h/d", deep: [{ "hunter2!": 1 }] },
      inputs: [{ uri: "/data/hunter2!/x.csv" }],
    }),
  );
  const envelope = { ...envelopeOf(RUN, 30), errors: ["login failed: hunter2!"] };
  ledger.runEnded(RUN, { envelope, exitCode: 30, endedAt: new Date(), outputs: [{ uri: "s3://b/hunter2!/x" }] });
  expect(readFileSync(ledger.file, "utf8")).not.toContain("hunter2");
  expect(readFileSync(path.join(path.dirname(ledger.file), "runs.index"), "utf8")).not.toContain("hunter2");
});

it("names the scheduler's run above the session's where the environment tells of one", () => {
  const ledger = ledgerIn(work, {
    env: { OPENLINEAGE_PARENT_ID: "airflow/team/dag.task/0190f3a0-0000-7000-8000-000000000001" },
  });
  recordEverything(ledger);
  const above = {
    run: { runId: "0190f3a0-0000-7000-8000-000000000001" },
    job: { namespace: "airflow/team", name: "dag.task" },
  };
  const [session, run] = readEvents(ledger.file) as [RunEvent, RunEvent];
  expect(session.run.facets?.["parent"]).toMatchObject(above);
  expect(run.run.facets?.["parent"]).toMatchObject({ run: { runId: SESSION }, root: above });
  expect(readEvents(ledger.file).flatMap(contractFaults)).toEqual([]);
});

it("records progress at most once in ten seconds", () => {
  jest.useFakeTimers({ now: new Date("2026-08-12T14:30:00Z") }); // Ten seconds of waiting would prove no more.
  try {
    const ledger = ledgerIn(work);
    start(ledger, RUN);
    for (let second = 0; second < 25; second += 1) {
      jest.advanceTimersByTime(1_000);
      ledger.runProgress(RUN, { done: second, total: 25, unit: "rows" });
    }
    const running = readEvents(ledger.file).filter((event) => event.eventType === "RUNNING");
    expect(running.map((event) => event.run.facets?.["datapy"]?.["progress"])).toEqual([
      { done: 9, total: 25, unit: "rows" },
      { done: 19, total: 25, unit: "rows" },
    ]);
    expect(running.flatMap(contractFaults)).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});

it("lets another process end a run that was killed, after a line that the kill tore", async () => {
  const startedAt = new Date();
  start(ledgerIn(work, { startedAt }), RUN);
  const parent = ledgerIn(work, { startedAt });
  appendFileSync(parent.file, '{"eventType":"RUNN');
  end(parent, RUN, 40, { mod: "csv-reader" });
  await parent.sessionEnded({ exitCode: 40 });
  const events = readEvents(parent.file);
  expect(events.map((event) => event.eventType)).toEqual(["START", "START", "FAIL", "FAIL"]);
  expect(events[2]?.run.runId).toBe(events[1]?.run.runId);
  expect(events.flatMap(contractFaults)).toEqual([]);
});

it("gives a run that failed before it could start a START too", async () => {
  const ledger = ledgerIn(work);
  end(ledger, RUN, 20);
  end(ledger, "csv-reader_00000002", 20);
  await ledger.sessionEnded({ exitCode: 20 });
  const events = readEvents(ledger.file);
  expect(events.map((event) => event.eventType)).toEqual(["START", "START", "FAIL", "START", "FAIL", "FAIL"]);
  expect(events[1]?.run.runId).toBe(events[2]?.run.runId);
  expect(events.flatMap(contractFaults)).toEqual([]);
});

it("fails nothing when it cannot be written, and says so once", async () => {
  const file = path.join(work, "file");
  writeFileSync(file, "");
  const warnings: string[] = [];
  const ledger = ledgerIn(file, { warn: (message) => warnings.push(message) });
  start(ledger, RUN);
  end(ledger, RUN);
  await ledger.sessionEnded({ exitCode: 0 });
  expect(warnings).toEqual(["the run ledger cannot be written"]);
});

it("fails nothing when a run hands over what cannot be written down", () => {
  const warnings: string[] = [];
  const ledger = ledgerIn(work, { warn: (message) => warnings.push(message) });
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  ledger.runStarted(fullStart({ parameters: cyclic }));
  end(ledger, RUN, 0, { envelope: { ...envelopeOf(RUN, 0), metrics: { rows_output: 2n ** 60n } } as Envelope });
  expect(warnings).toEqual(["an event of the run ledger could not be made"]);
  expect(readEvents(ledger.file).at(-1)?.run.facets?.["datapy"]).toMatchObject({
    envelope: { metrics: { rows_output: String(2n ** 60n) } },
  });
});

it("writes nothing for a session that ran nothing", async () => {
  const ledger = ledgerIn(work);
  await ledger.sessionEnded({ exitCode: 20 });
  expect(() => readFileSync(ledger.file)).toThrow("ENOENT");
});
