import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";

/** Signals that cancel. */
export const CANCEL_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** One of the signals that cancel. */
export type CancelSignal = (typeof CANCEL_SIGNALS)[number];

/** A runner process that boots while its parent still reads the command line. */
export interface StartedRunner {
  readonly child: ChildProcess;
  /** Signals that have arrived since the start, in order. */
  readonly signals: readonly CancelSignal[];
  /** Calls `listener` for every signal from now on. */
  onSignal(listener: (signal: CancelSignal) => void): void;
  /** Ends the process if it lives, and gives the signals back to Node. For an invocation that turns out to need no runner. */
  dispose(): void;
}

/** libuv threads of a runner: every running query and every open pipe holds one, and the default pool of four can deadlock. */
const THREAD_POOL_SIZE = "16";

/**
 * Starts a runner process. Costs a spawn and nothing else: this file imports only Node's own modules, so that `bin/run.js` can call
 * it before anything is loaded. The child's stdout goes to our stderr, since stdout belongs to the envelope.
 *
 * From here on SIGINT, SIGTERM and SIGHUP no longer end this process by themselves: `supervise` acts on them.
 */
export function startRunner(environment: NodeJS.ProcessEnv = process.env): StartedRunner {
  const child = spawn(process.execPath, [...process.execArgv, path.join(__dirname, "runner-process.js")], {
    stdio: ["inherit", 2, 2, "ipc"],
    // Its own process group (and session), so that its children can be ended with it; Windows has none, and would open a console.
    detached: process.platform !== "win32",
    windowsHide: true,
    env: { ...environment, UV_THREADPOOL_SIZE: environment["UV_THREADPOOL_SIZE"] ?? THREAD_POOL_SIZE },
  });
  const signals: CancelSignal[] = [];
  const listeners: ((signal: CancelSignal) => void)[] = [];
  const handlers = CANCEL_SIGNALS.map((signal) => {
    const handler = (): void => {
      signals.push(signal);
      for (const listener of listeners) listener(signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  // A runner that cannot start says so in `supervise`; without any listener it would be an uncaught exception here.
  child.on("error", () => undefined);
  return {
    child,
    signals,
    onSignal: (listener) => listeners.push(listener),
    dispose: () => {
      for (const { signal, handler } of handlers) process.removeListener(signal, handler);
      killRunner(child);
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

/** Ends a runner process and, where there are process groups, every process that it started. Never throws. */
export function killRunner(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}
