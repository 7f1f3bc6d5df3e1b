import { randomHex, randomUuid } from "./random-ids.js";
import type { ExitCode } from "@datapy/mod-kit";
import { writeWhole } from "./write-whole.js";
import { killRunner } from "./start-runner.js";
import type { StartedRunner } from "./start-runner.js";
import type { RunnerLoss } from "./lost-runner.js";
import type { StepSummary } from "../jobs/engine/step-ending.js";
import type { FromRunner, RunnerRequest, RunSummary, SessionAnnouncement, ToRunner } from "./runner-protocol.js";

/** Options of {@link supervise}. */
export interface SuperviseOptions {
  /** Where the envelope goes. Default `process.stdout`. */
  readonly stdout?: NodeJS.WritableStream;
  /** Whether the envelope is indented. Default: when `stdout` is a terminal. */
  readonly indent?: boolean;
  /** How long a canceled run may take to end, in milliseconds. Default `DATAPY_GRACE` (seconds), else 10,000. */
  readonly graceMs?: number;
}

/** How long a run may take to end after its time is up, in milliseconds. */
const TIMEOUT_GRACE_MS = 1_000;
/** How long a runner that has given its result, or has closed its channel, may take to exit, in milliseconds. */
const EXIT_GRACE_MS = 1_000;

/** What became of a request. */
export interface SuperviseResult {
  readonly exitCode: ExitCode;
  /** JSON text of the envelope that was written, on one line. */
  readonly envelope: string;
}

/** What is known of the runner so far, for an envelope made in its stead. */
interface Known {
  session: SessionAnnouncement | undefined;
  exiting: number | undefined;
  /** Runs that have begun and not ended, by run id. */
  readonly running: Map<string, { readonly mod: string; readonly step: string | undefined }>;
  readonly ended: RunSummary[];
  steps: readonly { readonly step: string; readonly mod?: string }[];
  readonly endedSteps: StepSummary[];
}

/**
 * Hands `request` to a started runner, watches over it, and writes exactly one whole envelope to stdout, whatever becomes of the
 * runner. Resolves with the exit code when stdout has taken the last byte; the caller sets `process.exitCode` and lets the process end.
 *
 * - The time of `request.timeoutMs` runs from now. A runner that has not ended one second after it is killed: 40.
 * - The first SIGINT, SIGTERM or SIGHUP cancels; a runner that has not ended after the grace period is killed: 50. The second
 *   signal kills at once: 50.
 * - A runner that ends without a result (crash, `process.exit` in a mod, out of memory, killed from outside): 30.
 */
export async function supervise(
  runner: StartedRunner,
  request: RunnerRequest,
  options: SuperviseOptions = {},
): Promise<SuperviseResult> {
  const sessionId = randomUuid();
  const runSuffix = randomHex(4);
  const startedAt = performance.now();
  const known: Known = {
    session: undefined,
    exiting: undefined,
    running: new Map(),
    ended: [],
    steps: [],
    endedSteps: [],
  };
  const outcome = await new Promise<SuperviseResult | RunnerLoss>((resolve) =>
    watch(runner, request, { sessionId, runSuffix }, known, options, resolve),
  );
  // A runner that has given its result has written and closed everything: nothing is gained by waiting for it.
  if ("envelope" in outcome && process.env["NODE_V8_COVERAGE"] === undefined) killRunner(runner.child);
  const leaving = ended(runner);
  if (!("envelope" in outcome)) await leaving;
  let result: SuperviseResult;
  if ("envelope" in outcome) result = outcome;
  else {
    const { lostRunner } = await import("./lost-runner.js");
    result = await lostRunner(outcome, {
      request,
      sessionId,
      runSuffix,
      executionTime: (performance.now() - startedAt) / 1000,
      session: known.session,
      running: known.running,
      ended: known.ended,
      steps: known.steps,
      endedSteps: known.endedSteps,
    });
  }
  const stdout = options.stdout ?? process.stdout;
  const indent = options.indent ?? (stdout as { isTTY?: boolean }).isTTY === true;
  const text = indent ? JSON.stringify(JSON.parse(result.envelope), undefined, 2) : result.envelope;
  const failure = await writeWhole(stdout, text + "\n");
  await leaving;
  runner.dispose();
  if (failure === undefined) return result;
  process.stderr.write(`datapy: the result could not be written to standard output: ${failure.message}\n`);
  return { exitCode: result.exitCode < 20 ? 30 : result.exitCode, envelope: result.envelope };
}

function watch(
  runner: StartedRunner,
  request: RunnerRequest,
  ids: { readonly sessionId: string; readonly runSuffix: string },
  known: Known,
  options: SuperviseOptions,
  resolve: (outcome: SuperviseResult | RunnerLoss) => void,
): void {
  const { child } = runner;
  const timers = new Set<NodeJS.Timeout>();
  const deadlines = new Map<string, NodeJS.Timeout>();
  let loss: RunnerLoss | undefined;
  let settled = false;
  let limit: NodeJS.Timeout | undefined;

  const after = (ms: number, action: () => void): NodeJS.Timeout => {
    // Longer than a timer can count is as good as never.
    const timer = setTimeout(action, Math.min(ms, 2 ** 31 - 1));
    timers.add(timer);
    return timer;
  };
  const settle = (outcome: SuperviseResult | RunnerLoss): void => {
    if (settled) return;
    settled = true;
    for (const timer of timers) clearTimeout(timer);
    resolve(outcome);
  };
  const kill = (why: RunnerLoss): void => {
    loss ??= why;
    killRunner(child);
    // A process that hangs in the kernel does not end even so; nobody shall wait for it.
    after(EXIT_GRACE_MS / 2, () => settle(loss ?? why));
  };
  const send = (message: ToRunner): void => {
    if (child.connected) child.send(message, () => undefined);
  };

  const signaled = (count: number, signal: string): void => {
    const why: RunnerLoss = { kind: "canceled", cause: runner.signals[0] ?? signal };
    if (count > 1) return kill(why);
    const graceMs = options.graceMs ?? graceFromEnvironment();
    send({ kind: "cancel", cause: signal, graceMs });
    after(graceMs, () => kill(why));
  };
  runner.onSignal((signal) => signaled(runner.signals.length, signal));

  child.on("message", (message: FromRunner) => {
    switch (message.kind) {
      case "session":
        known.session = message;
        return;
      case "run-started":
        known.running.set(message.runId, { mod: message.mod, step: message.step });
        if (message.timeoutMs !== undefined) {
          const { mod, timeoutMs } = message;
          deadlines.set(
            message.runId,
            after(timeoutMs + TIMEOUT_GRACE_MS, () => kill({ kind: "timeout", mod, timeoutMs })),
          );
        }
        return;
      case "run-ended":
        known.running.delete(message.summary.run_id);
        known.ended.push(message.summary);
        clearTimeout(deadlines.get(message.summary.run_id));
        return;
      case "steps":
        known.steps = message.steps;
        return;
      case "step-ended":
        known.endedSteps.push(message.summary);
        return;
      case "cleaning-up":
        // What it does is to be done although its time is up; its own clock is the shorter one.
        clearTimeout(limit);
        after(message.graceMs + TIMEOUT_GRACE_MS, () =>
          kill({ kind: "timeout", mod: undefined, timeoutMs: request.timeoutMs ?? 0 }),
        );
        return;
      case "event":
      case "task-result":
        return;
      case "exiting":
        known.exiting = message.code;
        return;
      case "result":
        return settle({ exitCode: message.exitCode, envelope: message.envelope });
    }
  });

  const left = (code: number | null, signal: NodeJS.Signals | null): void => {
    settle(loss ?? { kind: "crashed", code, signal, exitCalled: known.exiting !== undefined });
  };
  if (child.pid === undefined) return left(null, null);
  if (child.exitCode !== null || child.signalCode !== null) return left(child.exitCode, child.signalCode);
  child.on("exit", (code, signal) => {
    // Messages that were sent before the exit may still be on their way; the channel closes after the last of them.
    if (!child.connected) return left(code, signal);
    child.once("disconnect", () => left(code, signal));
    after(EXIT_GRACE_MS, () => left(code, signal));
  });

  send({ kind: "request", ...ids, request, sentAt: Date.now() });
  if (request.timeoutMs !== undefined) {
    const { timeoutMs } = request;
    limit = after(timeoutMs + TIMEOUT_GRACE_MS, () => kill({ kind: "timeout", mod: undefined, timeoutMs }));
  }
  const [early] = runner.signals;
  if (early !== undefined) signaled(runner.signals.length, early);
}

/** Waits until the runner's process has ended, ending it when it does not, and ends what it leaves behind. */
async function ended(runner: StartedRunner): Promise<void> {
  const { child } = runner;
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    await new Promise<void>((resolve) => {
      const killing = setTimeout(() => killRunner(child), EXIT_GRACE_MS);
      const leaving = setTimeout(resolve, 2 * EXIT_GRACE_MS);
      child.once("exit", () => {
        clearTimeout(killing);
        clearTimeout(leaving);
        resolve();
      });
    });
  }
  killRunner(child);
}

function graceFromEnvironment(): number {
  const text = process.env["DATAPY_GRACE"];
  const seconds = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 10_000;
}
