import type { Outcome } from "../engine/engine-types.js";
import { fault } from "../../errors.js";
import type { Session } from "../../runner/session-types.js";
import type { PlannedJob } from "../plan/plan-job.js";
import type { Selection } from "../plan/select-steps.js";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileChecksum } from "../../artifacts/file-checksum.js";
import { readBundle } from "./job-bundle.js";
import { jobsFolder } from "./job-folder.js";
import { RECORDS_NAME, readRecords } from "./step-records.js";
import type { StepRecord } from "./step-records.js";

/**
 * With `--from`: what the steps before made in the last session of the job that has it whole.
 *
 * @throws DatapyError `DATAPY_STEP_INPUT_MISSING`
 */
export async function borrowOutcomes(
  session: Session,
  planned: PlannedJob,
  selection: Selection | undefined,
): Promise<ReadonlyMap<string, Outcome>> {
  const borrowed = new Map<string, Outcome>();
  if (selection?.from === undefined || planned.missing.length === 0) return borrowed;
  const sessions = earlierSessions(session, planned.plan.job.file);
  for (const id of planned.missing) {
    const found = await lastWhole(sessions, id);
    if (found === undefined) {
      const hint = `No earlier run of this job has a result of ${id} that is still there. Run the whole job, or --select +${selection.from}.`;
      throw fault("DATAPY_STEP_INPUT_MISSING", { step: selection.from, source: id }, { hint });
    }
    const { record, sessionId } = found;
    session.log.lifecycle("info", `the result of step ${id} is that of session ${sessionId}`, { step: id });
    borrowed.set(id, { artifacts: record.artifacts, metrics: record.metrics, globals: record.globals });
  }
  return borrowed;
}

interface EarlierSession {
  readonly sessionId: string;
  readonly startedAt: string;
  readonly folder: string;
}

function earlierSessions(session: Session, jobFile: string): EarlierSession[] {
  const root = jobsFolder(session.workPath);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .map((name) => path.join(root, name))
    .filter((folder) => existsSync(path.join(folder, RECORDS_NAME)) && existsSync(path.join(folder, "bundle.json")))
    .map((folder) => ({ folder, bundle: readBundle(folder) }))
    .filter(({ bundle }) => bundle.job.file === jobFile && bundle.session_id !== session.id)
    .map(({ folder, bundle }) => ({ folder, sessionId: bundle.session_id, startedAt: bundle.started_at }))
    .sort((one, other) => (one.startedAt < other.startedAt ? 1 : -1));
}

async function lastWhole(
  sessions: readonly EarlierSession[],
  id: string,
): Promise<{ readonly record: StepRecord; readonly sessionId: string } | undefined> {
  for (const { folder, sessionId } of sessions) {
    const record = readRecords(path.join(folder, RECORDS_NAME)).findLast(
      (one): one is StepRecord => one.kind === "ended" && one.path === id && one.status !== "error",
    );
    if (record !== undefined && (await isWhole(record))) return { record, sessionId };
  }
  return undefined;
}

async function isWhole({ files }: StepRecord): Promise<boolean> {
  for (const { uri, checksum } of files)
    if (checksum !== undefined && (await fileChecksum(uri).catch(() => "")) !== checksum) return false;
  return true;
}
