/** The signals that cancel: Ctrl-C, a scheduler's stop, a closed terminal. */
const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Told of the first signal while it listens. */
type CancelListener = (signal: NodeJS.Signals) => void;

/** What has to be undone before this process may end. State of the process, as its signals are. */
const listeners = new Set<CancelListener>();

/**
 * Has `listener` called when the process is asked to end, and keeps it alive until the command has ended by itself; the returned
 * function takes it back. For commands that must tidy up; all others are ended at once.
 */
export function onCancel(listener: CancelListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Acts on SIGINT, SIGTERM and SIGHUP for a command that runs no mod: the first one asks the listeners to tidy up, or calls `end`
 * where there are none; the second calls `end` in any case. The returned function stops that.
 */
export function watchSignals(end: (signal: NodeJS.Signals) => void): () => void {
  let count = 0;
  const handlers = SIGNALS.map((signal) => {
    const handler = (): void => {
      count += 1;
      if (count > 1 || listeners.size === 0) end(signal);
      else for (const listener of listeners) listener(signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return () => {
    for (const { signal, handler } of handlers) process.removeListener(signal, handler);
  };
}
