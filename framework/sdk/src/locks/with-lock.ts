import { setTimeout as sleep } from "node:timers/promises";
import { fault } from "../errors.js";
import { randomUuid } from "../runner/random-ids.js";
import { takeLock } from "./lock-file.js";
import { identityWords, processIdentity } from "./process-identity.js";

/** How long a lock that somebody holds for a moment is waited for by default, in milliseconds. */
const WAIT_MS = 30_000;
const POLL_MS = 4;

/**
 * Runs `action` while nobody else, in this process or another, holds the lock `file`. For work of milliseconds: whoever waits longer than
 * `waitMs` (30 seconds) is told who holds it. `what` names what is locked.
 *
 * @throws DatapyError `DATAPY_LOCK_HELD`, `DATAPY_FILE_DENIED`, `DATAPY_FILE_FAILED`
 */
export async function withLock<Result>(
  file: string,
  what: string,
  action: () => Promise<Result>,
  waitMs = WAIT_MS,
): Promise<Result> {
  // A token of its own: the lock is not this session's, but this call's.
  const holder = { owner: processIdentity(), session: randomUuid(), job: what, since: new Date().toISOString() };
  const until = performance.now() + waitMs;
  for (;;) {
    const taken = takeLock(file, holder);
    if ("release" in taken) {
      try {
        return await action();
      } finally {
        taken.release();
      }
    }
    if (performance.now() > until)
      throw fault("DATAPY_LOCK_HELD", { what, holder: identityWords(taken.holder.owner), file });
    await sleep(POLL_MS * (0.5 + Math.random()));
  }
}
