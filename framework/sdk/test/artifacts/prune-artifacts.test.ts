import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { keepRetention } from "../../src/artifacts/keep-retention.js";
import { pruneArtifacts } from "../../src/artifacts/prune-artifacts.js";
import { temporaryWorkPath } from "../support/temporary-work-path.js";
import { recordSession, sessionId, writtenFile } from "./recorded-runs.js";

const DAY = 86_400_000;
const work = temporaryWorkPath();

function artifactOf(n: number, daysAgo: number, bytes = 100) {
  const artifact = writtenFile(work(), n, "step", "output_data", bytes);
  const then = new Date(Date.now() - daysAgo * DAY);
  utimesSync(artifact.uri, then, then);
  return artifact;
}

function left(): string[] {
  return readdirSync(path.join(work(), "artifacts"))
    .filter((name) => !name.startsWith("."))
    .sort();
}

async function done(n: number, daysAgo: number, bytes?: number): Promise<void> {
  await recordSession(work(), n, [{ runId: `m_0000000${n}`, artifacts: [artifactOf(n, daysAgo, bytes)] }]);
}

it("removes by age, then by size, the oldest first", async () => {
  await done(1, 40);
  await done(2, 20);
  await done(3, 10);
  await done(4, 1);
  const before = new Date(Date.now() - 30 * DAY);
  expect(pruneArtifacts(work(), {})).toMatchObject({ removed: [], bytes: 0, bytes_left: 400 });
  const dry = pruneArtifacts(work(), { before, maxBytes: 250, dryRun: true });
  expect(dry).toMatchObject({ bytes: 200, bytes_left: 200 });
  expect(dry.removed.map((one) => one.session_id)).toEqual([sessionId(1), sessionId(2)]);
  expect(left()).toHaveLength(4);
  expect(pruneArtifacts(work(), { before, maxBytes: 250 })).toEqual(dry);
  expect(left()).toEqual([sessionId(3), sessionId(4)]);
});

it("keeps what a running and a resumable session need, also of others", async () => {
  const source = artifactOf(1, 90);
  await recordSession(work(), 1, [{ runId: "m_00000001", artifacts: [source] }]);
  const failed = { exitCode: 30 as const };
  await recordSession(
    work(),
    2,
    [{ runId: "m_00000002", step: "load", reads: [source.uri], artifacts: [artifactOf(2, 80)] }],
    { ...failed, asJob: true },
  );
  // A mod that failed alone has nothing to be resumed.
  await recordSession(work(), 3, [{ runId: "m_00000003", artifacts: [artifactOf(3, 70)] }], failed);
  const running = await recordSession(work(), 4, [{ runId: "m_00000004", artifacts: [artifactOf(4, 60)] }], {
    end: false,
  });
  running.runStarted({ runId: "m_00000005", mod: "m", startedAt: new Date(), parameters: {}, logFile: "" });
  const report = pruneArtifacts(work(), { maxBytes: 0 });
  expect(report.removed.map((one) => one.session_id)).toEqual([sessionId(3)]);
  expect(report.needed.map((one) => [one.session_id, one.reason])).toEqual([
    [sessionId(1), "resumable"],
    [sessionId(2), "resumable"],
    [sessionId(4), "running"],
  ]);
  expect(left()).toEqual([sessionId(1), sessionId(2), sessionId(4)]);

  // The failed job is resumed, in its own session, to success.
  await recordSession(work(), 2, [{ runId: "m_00000006", step: "load" }], { asJob: true });
  await running.sessionEnded({ exitCode: 0 });
  pruneArtifacts(work(), { maxBytes: 0 });
  expect(left()).toEqual([]);
});

it("leaves what is no session's alone", () => {
  mkdirSync(path.join(work(), "artifacts/mine"), { recursive: true });
  writeFileSync(path.join(work(), "artifacts/mine/notes.txt"), "x");
  expect(pruneArtifacts(work(), { maxBytes: 0 })).toMatchObject({ removed: [], bytes_left: 0 });
  expect(left()).toEqual(["mine"]);
});

it("keeps to the project's retention at most once in an hour, and never throws", async () => {
  await done(1, 40);
  await done(2, 40);
  const told: string[] = [];
  const tell = (message: string): void => void told.push(message);
  await keepRetention(work(), {}, tell);
  expect(left()).toHaveLength(2);
  await keepRetention(work(), { olderThanMs: 30 * DAY }, tell);
  expect(left()).toEqual([]);
  await done(3, 40);
  await keepRetention(work(), { olderThanMs: 30 * DAY }, tell);
  expect(left()).toEqual([sessionId(3)]);
  writeFileSync(path.join(work(), "file"), "");
  await keepRetention(path.join(work(), "file"), { maxBytes: 1 }, tell);
  expect(told).toEqual(["old artifacts were removed", "old artifacts could not be removed"]);
});
