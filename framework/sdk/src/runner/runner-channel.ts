import { rmSync } from "node:fs";
import { CANCEL_SIGNALS } from "./start-runner.js";
import type { FromRunner, ToRunner } from "./runner-protocol.js";

/** A request to end, with the time that there is for it, in milliseconds. */
export interface CancelRequest {
  readonly cause: string;
  /** Code of the reason; default `DATAPY_CANCELED`. */
  readonly code?: string | undefined;
  readonly graceMs: number | undefined;
}

/** A runner's end of the channel to its supervisor. */
export interface RunnerChannel {
  /** Resolves with the one request. */
  readonly request: Promise<Extract<ToRunner, { kind: "request" | "task" }>>;
  /** Calls `listener` with the first request to cancel, also with one that came before. */
  onCancel(listener: (request: CancelRequest) => void): void;
  cancel(request: CancelRequest): void;
  /** Resolves when the message is on its way, or cannot be sent any more. */
  send(message: FromRunner): Promise<void>;
  /** Path to remove when the process ends by force. */
  temporaryPath: string | undefined;
}

/** How long a run may take to end when its supervisor has died, in milliseconds. */
const ORPHAN_GRACE_MS = 1_500;

/** Opens the runner's end of the channel. */
export function onMessage(): RunnerChannel {
  let canceled: CancelRequest | undefined;
  let listener: ((request: CancelRequest) => void) | undefined;
  const cancel = (request: CancelRequest): void => {
    if (canceled !== undefined) return;
    canceled = request;
    listener?.(request);
  };
  const request = new Promise<Extract<ToRunner, { kind: "request" | "task" }>>((resolve) => {
    process.on("message", (message: ToRunner) => {
      if (message.kind !== "cancel") resolve(message);
      else cancel({ cause: message.cause, code: message.code, graceMs: message.graceMs });
    });
  });
  return {
    request,
    cancel,
    temporaryPath: undefined,
    onCancel(next) {
      listener = next;
      if (canceled !== undefined) next(canceled);
    },
    send: (message) =>
      new Promise((resolve) => {
        if (process.send === undefined || !process.connected) return resolve();
        process.send(message, undefined, undefined, () => resolve());
      }),
  };
}

/** Signals that reach this process itself (a whole group or container is told to end) cancel, as those that the parent hands on. */
export function acceptSignals(channel: RunnerChannel): void {
  for (const signal of CANCEL_SIGNALS) process.on(signal, () => channel.cancel({ cause: signal, graceMs: undefined }));
}

/** Ends this process and its children when its parent has died without a word. */
export function onParentGone(channel: RunnerChannel): void {
  process.once("disconnect", () => {
    channel.cancel({ cause: "the end of its parent process", graceMs: ORPHAN_GRACE_MS });
    setTimeout(() => endGroup(channel.temporaryPath), ORPHAN_GRACE_MS);
  });
}

/** Ends this process and every process that it started, at once. */
export function endGroup(temporaryPath: string | undefined): void {
  if (temporaryPath !== undefined) {
    try {
      rmSync(temporaryPath, { recursive: true, force: true });
    } catch {
      // The next session sweeps it.
    }
  }
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // Not the leader of a group, or a system without groups.
  }
  // eslint-disable-next-line no-restricted-properties -- the parent is gone: nobody reads what is still to be written
  process.exit(1);
}
