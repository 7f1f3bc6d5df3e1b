import { setTimeout as sleep } from "node:timers/promises";
import { isDatapyError } from "@datapy/mod-kit";
import type { ModLogger } from "@datapy/mod-kit";

/** How often and how patiently to try again. */
export interface RetryPolicy {
  /** Tries after the first. */
  readonly maxRetries: number;
  /** Milliseconds before the first new try; doubled for each further one, up to 30 s, with up to a quarter of jitter. Default 250. */
  readonly delay?: number;
  readonly signal: AbortSignal;
  readonly log: ModLogger;
}

/** Runs `action` again while it fails with an error that says `retryable`. Other errors, and the last one, are thrown as they are. */
export async function withRetry<Result>(
  action: (attempt: number) => Promise<Result>,
  policy: RetryPolicy,
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    policy.signal.throwIfAborted();
    try {
      return await action(attempt);
    } catch (error) {
      if (!isDatapyError(error) || !error.retryable || attempt >= policy.maxRetries) throw error;
      const pause = Math.min(30_000, (policy.delay ?? 250) * 2 ** attempt) * (1 + Math.random() / 4);
      policy.log.warn(`${error.message} (trying again, ${String(attempt + 1)} of ${String(policy.maxRetries)})`, {
        code: error.code,
        wait_ms: Math.round(pause),
      });
      await sleep(pause, undefined, { signal: policy.signal }).catch(() => policy.signal.throwIfAborted());
    }
  }
}
