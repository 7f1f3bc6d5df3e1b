import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pruneLedger } from "../../src/ledger/ledger-prune.js";
import { listRuns } from "../../src/ledger/run-list.js";
import { end, ledgerIn, start } from "./sample-runs.js";

const DAY = 86_400_000;
let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), "datapy-prune-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** A session of some days ago, with artifacts. */
async function session(n: number, daysAgo: number): Promise<void> {
  const startedAt = new Date(Date.now() - daysAgo * DAY);
  const sessionId = `00000000-0000-4000-8000-00000000000${n}`;
  const ledger = ledgerIn(work, { sessionId, startedAt });
  start(ledger, `m_0000000${n}`, startedAt);
  end(ledger, `m_0000000${n}`);
  await ledger.sessionEnded({ exitCode: 0 });
  utimesSync(ledger.file, startedAt, startedAt);
  mkdirSync(path.join(work, "artifacts", sessionId, "m"), { recursive: true });
  writeFileSync(path.join(work, "artifacts", sessionId, "m/out.parquet"), "x".repeat(1_000));
}

function ids(): string[] {
  return listRuns(work).map((run) => run.run_id);
}

it("removes sessions that are older and keeps younger ones", async () => {
  await session(1, 100);
  await session(3, 10);
  const before = new Date(Date.now() - 90 * DAY);
  expect(pruneLedger(work, { before, dryRun: true })).toMatchObject({ sessions: 1, artifactFolders: 0 });
  expect(ids()).toHaveLength(2);
  expect(pruneLedger(work, { before })).toMatchObject({ sessions: 1, artifactFolders: 0 });
  expect(ids()).toEqual(["m_00000003"]);
  expect(readdirSync(path.join(work, "runs"))).toHaveLength(1);
  expect(readdirSync(path.join(work, "artifacts"))).toHaveLength(2);
});

it("keeps a session that still runs, however old it may look to the one who asks", async () => {
  const ledger = ledgerIn(work);
  start(ledger, "m_00000001");
  const before = new Date(Date.now() + DAY);
  expect(pruneLedger(work, { before, artifacts: true })).toMatchObject({ sessions: 0 });
  end(ledger, "m_00000001");
  await ledger.sessionEnded({ exitCode: 0 });
  expect(pruneLedger(work, { before })).toMatchObject({ sessions: 1 });
});

it("removes artifacts only when asked, and only of the sessions that go", async () => {
  await session(1, 100);
  await session(3, 10);
  const report = pruneLedger(work, { before: new Date(Date.now() - 90 * DAY), artifacts: true });
  expect(report).toMatchObject({ sessions: 1, artifactFolders: 1 });
  expect(report.bytes).toBeGreaterThan(1_000);
  expect(readdirSync(path.join(work, "artifacts"))).toEqual(["00000000-0000-4000-8000-000000000003"]);
});

it("takes single sessions out of a day, and leaves what is not DataPy's", async () => {
  await session(1, 100);
  await session(2, 100);
  const [day = ""] = readdirSync(path.join(work, "runs"));
  const folder = path.join(work, "runs", day);
  const young = new Date();
  utimesSync(path.join(folder, "00000000-0000-4000-8000-000000000002.ndjson"), young, young);
  writeFileSync(path.join(folder, "notes.txt"), "mine");
  pruneLedger(work, { before: new Date(Date.now() - 90 * DAY) });
  expect(ids()).toEqual(["m_00000002"]);
  pruneLedger(work, { before: new Date(Date.now() + DAY) });
  expect(readdirSync(folder)).toEqual(["notes.txt"]);
});

it("does nothing where there is no ledger", () => {
  expect(pruneLedger(path.join(work, "none"), { before: new Date() })).toEqual({
    sessions: 0,
    bytes: 0,
    artifactFolders: 0,
  });
  expect(existsSync(path.join(work, "none"))).toBe(false);
});
