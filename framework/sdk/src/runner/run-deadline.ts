import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { formatMilliseconds } from "./format-milliseconds.js";

/** How long a run may take to end after its time is up, in milliseconds. Half of what the supervisor waits before it kills. */
export const TIMEOUT_GRACE_MS = 500;
/** How much earlier than the supervisor a canceled run gives up, in milliseconds. */
const HEAD_START_MS = 500;
/** Longest time that a timer can count, in milliseconds. */
export const LONGEST_MS = 2 ** 31 - 1;

/** The end that is set to a run: by its time, by a cancellation, or by an error that reached no one. */
export interface RunDeadline {
  /** Aborted when the run is to end. The reason is what its envelope will say. */
  readonly signal: AbortSignal;
  /** Rejects with the signal's reason, once the run has had its grace. */
  readonly over: Promise<never>;
  /** Ends the run at once. */
  fail(error: unknown): void;
  /** Stops all clocks. */
  clear(): void;
}

/** Options of {@link startDeadline}. */
export interface DeadlineOptions {
  /** Name for the error. */
  readonly mod: () => string;
  readonly timeoutMs: number | undefined;
  /** Signals that cancel the run. */
  readonly canceledBy: readonly AbortSignal[];
  /** How long the run may take to end when it is canceled, in milliseconds. */
  readonly graceMs: () => number;
}

/** Starts the clocks of a run. */
export function startDeadline({ mod, timeoutMs, canceledBy, graceMs }: DeadlineOptions): RunDeadline {
  const controller = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  // Without anything else to wait for, Node would end a script in the middle of a run.
  const alive = setInterval(() => undefined, LONGEST_MS);
  let reject: (reason: unknown) => void = () => undefined;
  const over = new Promise<never>((_, rejected) => (reject = rejected));
  // Nobody may be waiting yet, or any more.
  over.catch(() => undefined);

  const after = (ms: number, action: () => void): void => {
    timers.add(setTimeout(action, Math.min(ms, LONGEST_MS)));
  };
  const end = (reason: unknown, grace: number): void => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    after(grace, () => reject(reason));
  };
  const cancel = (signal: AbortSignal): void => {
    const reason = reasonOf(signal);
    end(reason, reason.exitCode === 40 ? TIMEOUT_GRACE_MS : Math.max(0, graceMs() - HEAD_START_MS));
  };
  const listening = canceledBy.map((signal) => {
    const listener = (): void => cancel(signal);
    signal.addEventListener("abort", listener, { once: true });
    return { signal, listener };
  });

  const already = canceledBy.find((signal) => signal.aborted);
  if (already !== undefined) cancel(already);
  if (timeoutMs !== undefined) {
    after(timeoutMs, () => end(timeoutFault(mod(), timeoutMs), TIMEOUT_GRACE_MS));
  }
  return {
    signal: controller.signal,
    over,
    fail(error) {
      controller.abort(error);
      reject(error);
    },
    clear() {
      clearInterval(alive);
      for (const timer of timers) clearTimeout(timer);
      for (const { signal, listener } of listening) signal.removeEventListener("abort", listener);
    },
  };
}

/** The error of a run, or script, whose time is up. */
export function timeoutFault(mod: string, timeoutMs: number): DatapyError {
  return fault("DATAPY_TIMEOUT", { mod, limit: formatMilliseconds(timeoutMs) });
}

/** The signal of a session has a reason with a code; one of a script's own may have any. */
function reasonOf({ reason }: AbortSignal): DatapyError {
  return isDatapyError(reason) ? reason : fault("DATAPY_CANCELED", { cause: "the script" }, { cause: reason });
}
