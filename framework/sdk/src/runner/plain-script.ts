import type { ExitCode } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { asExitCode, exitCodeOfError } from "./script-exit-code.js";
import { CANCEL_SIGNALS } from "./start-runner.js";
import type { CancelSignal } from "./start-runner.js";
import type { Session } from "./session-types.js";

/** How long a canceled run may take to end in a plain script, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * Ties the session of a script that was started by `node script.mjs` to its process: the session is closed when the script has
 * nothing more to do, the process's exit code is that of `datapy run-script`, and while a mod runs a signal cancels it.
 *
 * @param worst the worst exit code among the results that the script left to its session
 */
export function attachToProcess(session: Session, worst: () => ExitCode): void {
  let uncaught: { readonly error: unknown } | undefined;
  process.on("uncaughtExceptionMonitor", (error) => (uncaught = { error }));

  process.once("beforeExit", () => {
    const code = session.signal.aborted ? 50 : worst();
    if (process.exitCode === undefined && code !== 0) process.exitCode = code;
    void session.close(asExitCode(process.exitCode ?? 0));
  });
  process.once("exit", (code) => {
    // `process.exit()` says nothing about how the script went.
    if (uncaught === undefined && process.exitCode === undefined && code === 0 && worst() !== 0)
      process.exitCode = worst();
    // Node's own 1 is none of the six.
    if (uncaught !== undefined && code === 1) process.exitCode = exitCodeOfError(uncaught.error);
    // Does nothing after the orderly way above; else writes what can be written without waiting.
    void session.close(asExitCode(process.exitCode ?? code));
    session.temporary.removeSync();
  });
  cancelOnSignal(session);
}

/** Takes signals while a mod runs, and from the first on until the end. */
function cancelOnSignal(session: Session): void {
  let taking = false;
  const take = (signal: CancelSignal): void => {
    if (session.signal.aborted) {
      session.temporary.removeSync();
      // eslint-disable-next-line no-restricted-properties -- the second signal: nobody wants to wait any more
      process.exit(50);
    }
    session.abort(fault("DATAPY_CANCELED", { cause: signal }), GRACE_MS);
  };
  session.listen(() => {
    const wanted = session.active.size > 0 || session.signal.aborted;
    if (wanted === taking) return;
    // A script that handles signals itself does that its own way.
    if (wanted && CANCEL_SIGNALS.some((signal) => process.listenerCount(signal) > 0)) return;
    taking = wanted;
    for (const signal of CANCEL_SIGNALS) {
      if (wanted) process.on(signal, take);
      else process.removeListener(signal, take);
    }
  });
}
