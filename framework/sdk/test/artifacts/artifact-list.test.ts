import { rmSync } from "node:fs";
import path from "node:path";
import { listArtifacts } from "../../src/artifacts/artifact-list.js";
import { consumersOf, findArtifact } from "../../src/artifacts/find-artifact.js";
import { temporaryWorkPath } from "../support/temporary-work-path.js";
import { recordSession, sessionId, writtenFile } from "./recorded-runs.js";

const work = temporaryWorkPath();
const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 12, minute));

/** Two sessions of one job; the second one's step ran twice, and its first file is gone. */
async function record(): Promise<void> {
  const columns = [{ name: "id", type: "BIGINT" }];
  const checksum = "0".repeat(64);
  const table = { ...writtenFile(work(), 1, "read"), kind: "table" as const, rows: 3, columns, checksum };
  await recordSession(work(), 1, [
    { runId: "csv-reader_00000001", step: "read", artifacts: [table], endedAt: at(1) },
    { runId: "cleaner_00000002", step: "clean", reads: [table.uri], endedAt: at(2) },
  ]);
  const again = writtenFile(work(), 2, "read");
  const gone = writtenFile(work(), 2, "report", "page");
  await recordSession(work(), 2, [
    { runId: "csv-reader_00000003", step: "read", artifacts: [again], exitCode: 30, endedAt: at(3) },
    { runId: "csv-reader_00000004", step: "read", artifacts: [again], endedAt: at(4) },
    { runId: "reporter_00000005", artifacts: [gone], endedAt: at(5) },
  ]);
  rmSync(gone.uri);
}

it("lists what runs made, newest first, and tells what was replaced or is gone", async () => {
  expect(listArtifacts(work())).toEqual([]);
  await record();
  expect(listArtifacts(work()).map(({ run_id, state }) => [run_id, state])).toEqual([
    ["csv-reader_00000004", "present"],
    ["csv-reader_00000001", "present"],
  ]);
  expect(listArtifacts(work(), { all: true }).map(({ run_id, state }) => [run_id, state])).toEqual([
    ["reporter_00000005", "gone"],
    ["csv-reader_00000004", "present"],
    ["csv-reader_00000003", "replaced"],
    ["csv-reader_00000001", "present"],
  ]);
  expect(listArtifacts(work(), { session: sessionId(1) })).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
      key: "output_data",
      kind: "table",
      path: path.join(work(), "artifacts", sessionId(1), "read/output_data.txt"),
      state: "present",
      session_id: sessionId(1),
      run_id: "csv-reader_00000001",
      mod: "csv-reader",
      job: "nightly",
      step: "read",
      status: "success",
      made_at: at(1).toISOString(),
      rows: 3,
      bytes: 10,
      checksum: `sha256:${"0".repeat(64)}`,
      columns: [{ name: "id", type: "BIGINT" }],
    },
  ]);
  expect(listArtifacts(work(), { key: "page", all: true, limit: 1 })).toHaveLength(1);
  expect(listArtifacts(work(), { step: "READ" })).toEqual([]);
});

it("reads a session that has not ended from its own file", async () => {
  await recordSession(work(), 1, [{ runId: "m_00000001", artifacts: [writtenFile(work(), 1, "m")] }], { end: false });
  expect(listArtifacts(work())).toMatchObject([{ run_id: "m_00000001", state: "present" }]);
});

it("finds an artifact by id, path and name", async () => {
  await record();
  const [newest, oldest] = listArtifacts(work());
  const idOf = (reference: string): string | undefined => {
    const found = findArtifact(work(), reference, work());
    return found.kind === "artifact" ? found.artifact.id : found.path;
  };
  expect(idOf(oldest!.id)).toBe(oldest!.id);
  expect(idOf(oldest!.id.slice(0, 6))).toBe(oldest!.id);
  expect(idOf(oldest!.path)).toBe(oldest!.id);
  expect(idOf(path.relative(work(), oldest!.path))).toBe(oldest!.id);
  expect(idOf("output_data")).toBe(newest!.id);
  expect(idOf("read/output_data")).toBe(newest!.id);
  expect(idOf(`${sessionId(1)}/read/output_data`)).toBe(oldest!.id);
  expect(idOf("last/reporter/page")).toBe(listArtifacts(work(), { all: true, limit: 1 })[0]!.id);
  expect(consumersOf(work(), oldest!.path)).toEqual([
    { run_id: "cleaner_00000002", session_id: sessionId(1), mod: "cleaner", step: "clean" },
  ]);
});

it("says what it does not find, and what fits several", async () => {
  await record();
  const code = (reference: string): unknown => {
    try {
      return findArtifact(work(), reference, work());
    } catch (error) {
      return (error as { code: string; hint: string }).code;
    }
  };
  expect(code("raed/output_data")).toBe("DATAPY_ARTIFACT_UNKNOWN");
  expect(() => findArtifact(work(), "raed/output_data", work())).toThrow("there is no artifact");
  expect(code("./none.parquet")).toBe("DATAPY_ARTIFACT_UNKNOWN");
  expect(code("ffffffffffff")).toBe("DATAPY_ARTIFACT_UNKNOWN");
  expect(code(`${sessionId(1).slice(0, 8)}/read/output_data`)).toBe("DATAPY_ARTIFACT_AMBIGUOUS");
});
