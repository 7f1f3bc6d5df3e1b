import { isAbsolute } from "node:path";
import { isDatapyError } from "@datapy/mod-kit";
import { fileChecksum } from "../../artifacts/file-checksum.js";
import type { Configuration } from "../../config/configuration-types.js";
import { isFaultList } from "../../runner/failure-envelope.js";
import { runStep } from "../../runner/run-step.js";
import type { RunDetails } from "../../runner/run-step.js";
import type { Session } from "../../runner/session-types.js";
import { jobFolder } from "../resume/job-folder.js";
import { appendRecord, recordOf } from "../resume/step-records.js";
import type { StepRecord } from "../resume/step-records.js";
import { openStepCache } from "./step-cache.js";
import type { StepTask, TaskArtifact, TaskControls, TaskFailure, TaskResult } from "./engine-types.js";

/** Runs a task in this process: the last stretch of every engine's way. Never rejects for what goes wrong in the run. */
export async function runTask(
  session: Session,
  configuration: Configuration,
  task: StepTask,
  controls: TaskControls,
): Promise<TaskResult> {
  const cache = task.cache === null ? undefined : openStepCache(session.workPath, task.cache);
  let result: TaskResult | undefined;
  const envelope = await runStep(session, task.step, {
    runSuffix: task.runSuffix,
    signal: controls.signal,
    shielded: controls.shielded,
    graceMs: controls.graceMs,
    scope: {
      configuration,
      outcomes: task.outcomes,
      added: task.added,
      bookmarks: (mod) => new Map((task.bookmarks[mod] ?? []).map(([key, value]) => [key, value ?? undefined])),
      stepUuid: task.stepUuid,
    },
    ...(cache === undefined ? {} : { reuse: (run) => cache.find(run) }),
    onEnd: async (told, details) => {
      const artifacts = told.status === "error" ? [] : await describeArtifacts(told.artifacts, details);
      if (cache !== undefined && told.status !== "error") await cache.keep(told, artifacts);
      result = {
        envelope: told,
        mod: details.mod,
        version: details.version,
        failures: failuresOf(told.status === "error" ? told.errors : [], details.failure),
        artifacts,
        bookmarks: [...details.bookmarks].map(([key, value]) => [key, value ?? null] as const),
        cached: cache?.wasFound ?? false,
      };
      if (task.record !== null) result = { ...result, record: writeDown(session, task, result) };
    },
  });
  // The hook is always called.
  return { ...(result as TaskResult), envelope };
}

/** A disk that is full fails no run here: the step is done again when the session is gone on with. */
function writeDown(session: Session, task: StepTask, result: TaskResult): StepRecord {
  const record = recordOf(task, result);
  try {
    appendRecord(jobFolder(session.workPath, session.id), record);
  } catch (error) {
    session.log.lifecycle("warn", "what the step did cannot be written down", {}, { error: String(error) });
  }
  return record;
}

/** Also what a mod named by hand, so that a resumed job notices when it is gone. */
async function describeArtifacts(
  named: Readonly<Record<string, string>>,
  details: RunDetails,
): Promise<TaskArtifact[]> {
  const described: TaskArtifact[] = [];
  for (const [key, uri] of Object.entries(named)) {
    const made = details.artifacts.find((one) => one.uri === uri);
    const checksum = made?.checksum ?? (isAbsolute(uri) ? await fileChecksum(uri).catch(() => undefined) : undefined);
    described.push({
      key,
      kind: made?.kind ?? "file",
      uri,
      bytes: made?.bytes ?? 0,
      ...(checksum === undefined ? {} : { checksum }),
    });
  }
  return described;
}

/** Errors that were thrown say themselves whether they may pass; of those that a mod wrote into its result only the code is known. */
export function failuresOf(errors: readonly string[], thrown: unknown): TaskFailure[] {
  const known = isFaultList(thrown) ? thrown.faults : isDatapyError(thrown) ? [thrown] : [];
  if (known.length > 0) return known.map(({ code, retryable }) => ({ code, retryable }));
  return errors.map((text) => ({ code: /^([A-Z][A-Z0-9_]+):/.exec(text)?.[1] ?? "", retryable: false }));
}
