import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fault } from "../../errors.js";
import type { Session } from "../../runner/session-types.js";
import { hashOf } from "../plan/canonical-json.js";
import type { Plan } from "../plan/plan-types.js";
import { takeLock } from "../../locks/lock-file.js";
import type { LockHolder } from "../../locks/lock-file.js";
import { identityWords, processIdentity } from "../../locks/process-identity.js";

/** The right to run a job. */
export interface JobLock {
  release(): void;
}

const POLL_MS = 250;

/**
 * Waits for, or refuses, a job that is running already, as its `on_overlap` has it. One job is one file in one work path.
 *
 * @throws DatapyError `DATAPY_JOB_RUNNING`; the reason of `signal`, when that ends the wait
 */
export async function acquireJobLock(session: Session, { job, settings }: Plan, signal: AbortSignal): Promise<JobLock> {
  if (settings.on_overlap === "allow") return { release: () => undefined };
  const file = path.join(
    session.workPath,
    "locks",
    `${job.name.replace(/[^A-Za-z0-9_-]+/g, "_")}-${hashOf(job.file).slice(0, 12)}.lock`,
  );
  const holder: LockHolder = {
    owner: processIdentity(),
    session: session.id,
    job: job.file,
    since: new Date().toISOString(),
  };
  let isTold = false;
  for (;;) {
    signal.throwIfAborted();
    const taken = takeLock(file, holder);
    if ("release" in taken) return taken;
    const words = `session ${taken.holder.session}, ${identityWords(taken.holder.owner)}, since ${taken.holder.since}`;
    if (settings.on_overlap === "refuse") {
      const hint = `Wait for it, or set on_overlap to \`wait\` or \`allow\` in the job file. If there is no such process, remove ${file}.`;
      throw fault("DATAPY_JOB_RUNNING", { job: job.name, holder: words }, { hint });
    }
    if (!isTold) session.log.lifecycle("info", `waiting: the job is running already (${words})`);
    isTold = true;
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
