import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { DatapyError, ErrorEnvelope } from "@datapy/mod-kit";
import { fault } from "../../errors.js";
import { failureEnvelope } from "../../runner/failure-envelope.js";
import { randomHex } from "../../runner/random-ids.js";
import { timeoutFault } from "../../runner/run-deadline.js";
import { runName } from "../../runner/run-name.js";
import type { Session } from "../../runner/session-types.js";
import { startTaskProcess } from "../../runner/start-task-process.js";
import type { FromRunner } from "../../runner/runner-protocol.js";
import type { EngineHost, JobEnvironment, StepTask, TaskControls, TaskResult } from "./engine-types.js";

/** How long a process may take to end by itself once its task is to, in milliseconds: what runs in it gives up earlier. */
const KILL_AFTER_MS = 1_000;

/** How a process was lost. */
interface Loss {
  readonly error: DatapyError;
}

/** Runs a task in a process of its own. Never rejects: a process that is lost is an error of the task. */
export async function runIsolated(
  environment: JobEnvironment,
  host: EngineHost,
  task: StepTask,
  controls: TaskControls,
): Promise<TaskResult> {
  const { session } = host;
  await session.temporary.make();
  const marker = path.join(session.temporary.path, `memory-${randomHex(8)}`);
  const began = performance.now();
  const outcome = await new Promise<TaskResult | Loss>((resolve) => {
    supervise(environment, host, task, controls, marker, resolve);
  });
  if (!("error" in outcome)) return outcome;
  rmSync(marker, { force: true });
  return lostTask(session, task, outcome.error, (performance.now() - began) / 1000);
}

function supervise(
  environment: JobEnvironment,
  { session, snapshot }: EngineHost,
  task: StepTask,
  controls: TaskControls,
  marker: string,
  resolve: (outcome: TaskResult | Loss) => void,
): void {
  const { signal, graceMs } = controls;
  const child = startTaskProcess({ env: session.env, memoryLimitBytes: task.memoryLimitBytes });
  const timers = new Set<NodeJS.Timeout>();
  let loss: DatapyError | undefined;
  let settled = false;
  const settle = (outcome: TaskResult | Loss): void => {
    if (settled) return;
    settled = true;
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", canceled);
    child.kill("SIGKILL");
    resolve(outcome);
  };
  const after = (ms: number, action: () => void): void => {
    timers.add(setTimeout(action, Math.min(ms, 2 ** 31 - 1)));
  };
  const kill = (why: DatapyError): void => {
    loss ??= why;
    child.kill("SIGKILL");
    after(KILL_AFTER_MS, () => settle({ error: loss ?? why }));
  };
  const canceled = (): void => {
    const reason = signal.reason as DatapyError;
    const grace = graceMs ?? session.graceMs;
    if (child.connected) child.send({ kind: "cancel", cause: reason.message, code: reason.code, graceMs: grace });
    after(Math.max(grace, KILL_AFTER_MS), () => kill(reason));
  };
  child.on("error", (error) => settle({ error: crashed(task, `it could not be started: ${error.message}`) }));
  child.on("message", (message: FromRunner) => {
    switch (message.kind) {
      case "event":
        tell(session, message.event);
        return;
      case "task-result":
        return settle(message.result);
      default:
    }
  });
  child.on("exit", (code, killedBy) => {
    // Messages that were sent before the end may still be on their way.
    const left = (): void => settle({ error: loss ?? explain(task, marker, code, killedBy) });
    if (!child.connected) return left();
    child.once("disconnect", left);
    after(KILL_AFTER_MS, left);
  });
  if (signal.aborted) return kill(signal.reason as DatapyError);
  signal.addEventListener("abort", canceled, { once: true });
  child.send({
    kind: "task",
    session: environment.session,
    configuration: snapshot(task.scope),
    task,
    shielded: controls.shielded,
    graceMs: graceMs ?? session.graceMs,
    marker,
    progress: session.options.progress !== false,
  });
  const { timeoutMs } = task.step;
  if (timeoutMs !== undefined)
    after(timeoutMs + KILL_AFTER_MS, () => kill(timeoutFault(task.step.path ?? task.step.mod, timeoutMs)));
}

/** What happened in the process happened in the session. */
function tell(session: Session, event: Extract<FromRunner, { kind: "event" }>["event"]): void {
  if (event.kind === "run-ended") session.ended(undefined, event.envelope, event.summary);
  session.emit(event.kind === "progress" ? event : { ...event, at: new Date() });
}

function explain(task: StepTask, marker: string, code: number | null, signal: NodeJS.Signals | null): DatapyError {
  const limit = task.memoryLimitBytes;
  const step = task.step.path ?? task.step.mod;
  const isOverLimit = limit !== null && (readIfThere(marker) !== undefined || signal === "SIGABRT" || code === 134);
  if (isOverLimit) return fault("DATAPY_STEP_OUT_OF_MEMORY", { step, limit: sizeWords(limit) });
  if (signal === "SIGKILL" || code === 137) return crashed(task, "killed by SIGKILL: out of memory, or from outside");
  if (signal === "SIGABRT" || code === 134)
    return crashed(task, "aborted with SIGABRT: often JavaScript's heap was full");
  return crashed(task, signal === null ? `exit code ${String(code)}` : `killed by ${signal}`);
}

function crashed(task: StepTask, detail: string): DatapyError {
  return fault("DATAPY_STEP_CRASHED", { step: task.step.path ?? task.step.mod, detail });
}

/** Speaks for a process that can no longer speak: its envelope, its line in the log, its end in the ledger. */
function lostTask(session: Session, task: StepTask, error: DatapyError, executionTime: number): TaskResult {
  const mod = runName(task.step.mod);
  const runId = `${mod}_${task.runSuffix}`;
  const envelope: ErrorEnvelope = failureEnvelope(error, {
    executionTime,
    logs: { log_file: session.log.file, session_id: session.id, run_id: runId },
  });
  const context = { mod, run_id: runId };
  for (const text of envelope.errors) session.log.lifecycle("error", text, context);
  session.log.lifecycle("info", "run ended", context, {
    status: envelope.status,
    execution_time: envelope.execution_time,
    exit_code: envelope.exit_code,
  });
  session.ledger.runEnded(runId, {
    envelope,
    exitCode: envelope.exit_code,
    endedAt: new Date(),
    mod,
    step: task.step.path,
    stepUuid: task.stepUuid,
    attempt: task.step.attempt,
    startedElsewhere: true,
  });
  const { status, exit_code, execution_time, errors } = envelope;
  const summary = { mod, version: "", run_id: runId, status, exit_code, execution_time, errors };
  session.ended(undefined, envelope, summary);
  session.emit({ kind: "run-ended", runId, mod, step: task.step.path, at: new Date(), envelope, summary });
  return {
    envelope,
    mod,
    version: task.step.version ?? "",
    failures: [{ code: error.code, retryable: error.retryable }],
    artifacts: [],
    bookmarks: [],
    cached: false,
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function sizeWords(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${String(Math.round((bytes / 1024 ** power) * 10) / 10)} ${units[power] ?? "B"}`;
}
