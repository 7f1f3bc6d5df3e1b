import { mkdtempSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSessionLog } from "../../src/logging/session-log.js";
import { createMasker } from "../../src/secrets/masker.js";
import { captureStderr } from "./capture-stderr.js";

const DAY = 86_400_000;
const HEADER =
  '{"timestamp":"2024-08-12T14:30:22.123+00:00","level":"INFO","message":"session started","session_id":"x","datapy":"1.0.0"}\n';

let directory: string;
let stderr: ReturnType<typeof captureStderr>;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "datapy-retention-"));
  stderr = captureStderr();
});
afterEach(() => {
  stderr.release();
  rmSync(directory, { recursive: true, force: true });
});

function put(name: string, content: string, daysOld: number): void {
  const file = path.join(directory, name);
  writeFileSync(file, content);
  const at = new Date(Date.now() - daysOld * DAY);
  utimesSync(file, at, at);
}

async function runWith(retentionDays: number | undefined): Promise<string[]> {
  const log = openSessionLog({
    sessionId: "s",
    stem: "now",
    startedAt: new Date(),
    directory,
    retentionDays,
    masker: createMasker(),
  });
  await log.close();
  return readdirSync(directory)
    .filter((name) => path.join(directory, name) !== log.file)
    .sort();
}

it("deletes old files that DataPy wrote and nothing else", async () => {
  put("etl_20240812_143022.log", HEADER, 31);
  put("etl_20240812_143022_2.log", `${HEADER}more\n`, 31);
  put("young_20240812_143022.log", HEADER, 29);
  put("foreign_20240812_143022.log", "2024-08-12 INFO not ours\n", 400);
  put("json_20240812_143022.log", '{"message":"also not ours"}\n', 400);
  put("empty_20240812_143022.log", "", 400);
  put("notes.log", HEADER, 400);
  put("etl_20240812_143022.log.bak", HEADER, 400);
  mkdirSync(path.join(directory, "folder_20240812_143022.log"));
  symlinkSync(path.join(directory, "notes.log"), path.join(directory, "link_20240812_143022.log"));
  expect(await runWith(30)).toEqual([
    "empty_20240812_143022.log",
    "etl_20240812_143022.log.bak",
    "folder_20240812_143022.log",
    "foreign_20240812_143022.log",
    "json_20240812_143022.log",
    "link_20240812_143022.log",
    "notes.log",
    "young_20240812_143022.log",
  ]);
});

it.each([undefined, 0, -1, Number.NaN, 0.5])("deletes nothing with %p days", async (days) => {
  put("etl_20240812_143022.log", HEADER, 1_000);
  expect(await runWith(days)).toEqual(["etl_20240812_143022.log"]);
});
