import { spawn } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readEvents } from "../../src/ledger/ledger-line.js";
import { isProcessGone } from "../../src/ledger/process-gone.js";
import { listRuns } from "../../src/ledger/run-list.js";
import type { RunFilter } from "../../src/ledger/run-list.js";
import { resolveRunId } from "../../src/ledger/run-record.js";
import { end, ledgerIn, start } from "./sample-runs.js";

const DIST = path.resolve(__dirname, "../../dist/ledger/ledger.js");
const DAY = 86_400_000;

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), "datapy-runs-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

function uuid(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** A session of one run that ended, some days ago. */
async function session(n: number, runId: string, daysAgo: number, exitCode: 0 | 10 | 30 = 0): Promise<string> {
  const startedAt = new Date(Date.now() - daysAgo * DAY);
  const ledger = ledgerIn(work, { sessionId: uuid(n), startedAt });
  start(ledger, runId, startedAt);
  end(ledger, runId, exitCode);
  await ledger.sessionEnded({ exitCode });
  return ledger.file;
}

function ids(filter: RunFilter = {}): string[] {
  return listRuns(work, filter).map((run) => run.run_id);
}

it("lists runs of all days, newest first, each in one line", async () => {
  await session(1, "csv-reader_00000001", 3);
  await session(2, "data-cleaner_00000002", 1, 10);
  await session(3, "csv_reader_00000003", 0, 30);
  const runs = listRuns(work);
  expect(runs).toMatchObject([
    { run_id: "csv_reader_00000003", status: "error", exit_code: 30, message: "CSV_X: it broke" },
    {
      run_id: "data-cleaner_00000002",
      status: "warning",
      exit_code: 10,
      rows: 9876,
      message: "Found 124 duplicate records",
    },
    {
      run_id: "csv-reader_00000001",
      session_id: uuid(1),
      mod: "csv-reader",
      job: "daily_customer_etl",
      status: "success",
      exit_code: 0,
      execution_time: 2.34,
      rows: 9876,
    },
  ]);
});

it("filters by failure, time, mod and number", async () => {
  await session(1, "csv-reader_00000001", 3);
  await session(2, "data-cleaner_00000002", 1, 30);
  await session(3, "csv_reader_00000003", 0);
  expect(ids({ failed: true })).toEqual(["data-cleaner_00000002"]);
  expect(ids({ since: new Date(Date.now() - 2 * DAY) })).toEqual(["csv_reader_00000003", "data-cleaner_00000002"]);
  expect(ids({ mod: "csv-reader" })).toEqual(["csv_reader_00000003", "csv-reader_00000001"]);
  expect(ids({ mod: "csv_reader", since: new Date(Date.now() - DAY) })).toEqual(["csv_reader_00000003"]);
  expect(ids({ limit: 2 })).toEqual(["csv_reader_00000003", "data-cleaner_00000002"]);
});

it("finds runs of today in a session that began days ago, also within a limit", () => {
  const long = ledgerIn(work, { sessionId: uuid(1), startedAt: new Date(Date.now() - 5 * DAY) });
  start(long, "csv-reader_00000001", new Date(Date.now() - 5 * DAY));
  end(long, "csv-reader_00000001");
  start(long, "csv-reader_00000002");
  end(long, "csv-reader_00000002");
  const short = ledgerIn(work, { sessionId: uuid(2) });
  const before = new Date(Date.now() - 60_000);
  start(short, "csv-reader_00000003", before);
  end(short, "csv-reader_00000003");
  expect(ids({ limit: 1 })).toEqual(["csv-reader_00000002"]);
  expect(ids({ since: new Date(Date.now() - DAY) })).toEqual(["csv-reader_00000002", "csv-reader_00000003"]);
});

it("gives nothing where there is no ledger", () => {
  expect(listRuns(path.join(work, "none"))).toEqual([]);
});

describe("a ledger that was damaged", () => {
  it("is read up to its last whole line, wherever it was torn", async () => {
    const file = await session(1, "csv-reader_00000001", 0);
    rmSync(path.join(path.dirname(file), "runs.index"));
    const whole = readFileSync(file);
    const lines = whole.toString("utf8").split("\n").length - 1;
    for (const size of [whole.length - 1, whole.length - 40, Math.floor(whole.length / 2), 10, 0]) {
      writeFileSync(file, whole);
      truncateSync(file, size);
      expect(readEvents(file).length).toBeLessThan(lines + 1);
      expect(() => listRuns(work)).not.toThrow();
    }
    writeFileSync(file, whole);
    appendFileSync(file, '{"eventType":"FAIL","run":{"facets":{"da');
    expect(listRuns(work)).toMatchObject([{ run_id: "csv-reader_00000001", status: "success", rows: 9876 }]);
  });

  it("does not need its summaries: without them, or with half of them, it says the same", async () => {
    await session(1, "csv-reader_00000001", 0);
    const file = await session(2, "csv-reader_00000002", 0, 30);
    const index = path.join(path.dirname(file), "runs.index");
    const before = listRuns(work);
    expect(before).toHaveLength(2);
    const text = readFileSync(index, "utf8");
    for (const damaged of [
      "",
      text.slice(0, text.length / 2),
      text.split("\n").slice(1).join("\n"),
      text.replace('"mod"', "\n"),
      "garbage\n[]\n null\n",
    ]) {
      writeFileSync(index, damaged);
      expect(listRuns(work)).toEqual(before);
    }
    rmSync(index);
    expect(listRuns(work)).toEqual(before);
  });

  it("does not list runs whose session file is gone, nor trip over foreign files", async () => {
    const file = await session(1, "csv-reader_00000001", 0);
    await session(2, "csv-reader_00000002", 0);
    rmSync(file);
    writeFileSync(path.join(path.dirname(file), "README.txt"), "x");
    writeFileSync(path.join(path.dirname(file), "broken.ndjson"), "\0\0\n{}\n[1]\nnull\n");
    mkdirSync(path.join(work, "runs/lost+found"));
    expect(ids()).toEqual(["csv-reader_00000002"]);
  });
});

describe("a run that has no end", () => {
  it("is running while its process lives, and lost when that was killed", async () => {
    const script = `
      const { openLedger } = require(${JSON.stringify(DIST)});
      const masker = { add() {}, mask: (text) => text, maskJson: (value) => value };
      const ledger = openLedger({ workPath: ${JSON.stringify(work)}, sessionId: ${JSON.stringify(uuid(1))}, startedAt: new Date(), masker, job: { name: "j" }, env: {} });
      ledger.runStarted({ runId: "m_00000001", mod: "m", startedAt: new Date(), parameters: {}, logFile: "" });
      console.log("started"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      expect(listRuns(work)).toMatchObject([{ run_id: "m_00000001", status: "running", job: "j" }]);
      expect(listRuns(work, { failed: true })).toEqual([]);
    } finally {
      child.kill("SIGKILL");
    }
    await new Promise((resolve) => child.once("exit", resolve));
    expect(listRuns(work, { failed: true })).toMatchObject([{ run_id: "m_00000001", status: "lost" }]);
  });

  it("is lost when its session ended without ending it", async () => {
    const ledger = ledgerIn(work);
    start(ledger, "m_00000001");
    start(ledger, "m_00000002");
    end(ledger, "m_00000002");
    await ledger.sessionEnded({ exitCode: 0 });
    expect(listRuns(work).map(({ run_id, status }) => [run_id, status])).toEqual(
      expect.arrayContaining([
        ["m_00000001", "lost"],
        ["m_00000002", "success"],
      ]),
    );
  });

  it("is believed on another host for a week", () => {
    const elsewhere = { host: "another-host", pid: process.pid };
    expect(isProcessGone(elsewhere, new Date())).toBe(false);
    expect(isProcessGone(elsewhere, new Date(Date.now() - 8 * DAY))).toBe(true);
    expect(isProcessGone(undefined, new Date())).toBe(false);
  });
});

describe("finding a run", () => {
  it("takes an id, its hex digits, the start of either, or a session's id", async () => {
    await session(1, "csv-reader_1a2b3c4d", 3, 30);
    await session(2, "csv-reader_1a2bffff", 0);
    for (const id of ["csv-reader_1a2b3c4d", "1a2b3c4d", "1a2b3", "csv-reader_1a2b3"]) {
      const found = resolveRunId(work, id);
      expect(found).toMatchObject({
        kind: "run",
        run: {
          summary: { run_id: "csv-reader_1a2b3c4d", status: "error" },
          parameters: { input_path: "/data/customers.csv" },
          logFile: "/logs/etl.log",
          envelope: { exit_code: 30 },
        },
      });
    }
    expect(resolveRunId(work, uuid(2))).toMatchObject({
      kind: "session",
      runs: [{ summary: { run_id: "csv-reader_1a2bffff" } }],
    });
  });

  it("names the candidates where there are several, and the folder where there is none", async () => {
    await session(1, "csv-reader_1a2b3c4d", 3);
    await session(2, "csv-reader_1a2bffff", 0);
    expect(() => resolveRunId(work, "1a2b")).toThrow(
      expect.objectContaining({
        code: "DATAPY_RUN_AMBIGUOUS",
        message: expect.stringMatching(/csv-reader_1a2bffff .*csv-reader_1a2b3c4d/) as string,
      }) as Error,
    );
    for (const id of ["nope", "", "_", "../x", '"']) {
      expect(() => resolveRunId(work, id)).toThrow(
        expect.objectContaining({ code: "DATAPY_RUN_UNKNOWN", exitCode: 20 }) as Error,
      );
    }
  });
});

it("does not look into days whose sessions were over before the time asked for", async () => {
  const file = await session(1, "csv-reader_00000001", 30);
  const index = path.join(path.dirname(file), "runs.index");
  const past = new Date(Date.now() - 30 * DAY);
  utimesSync(index, past, past);
  writeFileSync(index, "this would be found");
  utimesSync(index, past, past);
  rmSync(file);
  expect(ids({ since: new Date(Date.now() - 2 * DAY) })).toEqual([]);
});
