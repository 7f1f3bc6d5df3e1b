import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

/** Between two flushes, in milliseconds. A file that is whole sooner is never flushed here. */
const INTERVAL_MS = 250;

/**
 * Has the system write out what `file` holds so far, again and again, while someone else still writes to it: little is then left for
 * the sync that makes it durable, which would otherwise wait for the whole file with the processors idle. Returns how to end that.
 */
export function writeBehind(file: string): () => Promise<void> {
  const ending = new AbortController();
  const done = flush(file, ending.signal);
  return () => {
    ending.abort();
    return done;
  };
}

async function flush(file: string, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await pause(INTERVAL_MS, undefined, { signal, ref: false });
      const handle = await open(file, "r+");
      try {
        await handle.datasync();
      } finally {
        await handle.close();
      }
    }
  } catch {
    // Ended, or not possible here (a file that its writer locks): the sync at the end does all of it, and says what is wrong.
  }
}
