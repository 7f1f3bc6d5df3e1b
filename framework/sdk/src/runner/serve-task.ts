import { DatapyError } from "@datapy/mod-kit";
import { isErrorCode, fault, ERROR_TABLE } from "../errors.js";
import { runTask } from "../jobs/engine/run-task.js";
import type { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { maskProcessOutput } from "../secrets/mask-process-output.js";
import { createMasker } from "../secrets/masker.js";
import { currentRun } from "./current-run.js";
import { startMemoryWatch } from "./memory-watch.js";
import { startParentWatch } from "./parent-watch.js";
import type { RunnerChannel } from "./runner-channel.js";
import type { TaskMessage } from "./runner-protocol.js";
import { flush, takeStrayErrors } from "./runner-service.js";
import { openSession } from "./session.js";

/** Runs one task of a job in this process, which belongs to a session of another process, and ends the process. */
export async function serveTask(channel: RunnerChannel, message: TaskMessage): Promise<void> {
  // eslint-disable-next-line no-restricted-properties -- called when all is written and flushed
  const exit = process.exit.bind(process);
  const { session: within, task, configuration } = message;
  startParentWatch();
  if (task.memoryLimitBytes !== null) startMemoryWatch(task.memoryLimitBytes, message.marker);
  process.chdir(within.cwd);
  const masker = createMasker();
  const output = maskProcessOutput(masker);
  const { project, globals, ...sources } = configuration;
  const session = await openSession({
    id: within.id,
    name: within.name,
    startedAt: new Date(within.startedAt),
    runDate: within.runDate,
    masker,
    cwd: within.cwd,
    configuration: { ...sources, project },
    ...(globals === undefined ? {} : { globals }),
    logLevel: within.logLevel,
    progress: false,
    within: { logFile: within.logFile, uuid: within.uuid, workPath: within.workPath },
    memoryLimitBytes: task.memoryLimitBytes ?? undefined,
  });
  channel.temporaryPath = session.temporary.path;
  session.listen((event) => {
    const { at: _, ...told } = { at: undefined, ...event };
    // The parent holds the deadline of this process: nobody else shall end it.
    void channel.send({ kind: "event", event: told.kind === "run-started" ? { ...told, timeoutMs: undefined } : told });
  });
  const controller = new AbortController();
  channel.onCancel(({ cause, code, graceMs }) => {
    session.abort(reasonOf(cause, code), graceMs);
    controller.abort(reasonOf(cause, code));
  });
  takeStrayErrors((error) => session.fail(error));
  // eslint-disable-next-line no-restricted-properties -- replaced, not called
  process.exit = (code): never => {
    const error = fault("DATAPY_MOD_EXITED", {
      mod: currentRun()?.run.mod ?? task.step.mod,
      code: String(code ?? process.exitCode ?? 0),
    });
    session.fail(error);
    throw error;
  };
  // What kept the configuration from being read is the error of the run.
  const own = session.configuration as ResolvedConfiguration | undefined;
  const result = await runTask(session, own as ResolvedConfiguration, task, {
    signal: controller.signal,
    shielded: message.shielded,
    graceMs: message.graceMs,
  });
  await session.close(result.envelope.status === "error" ? result.envelope.exit_code : 0);
  output.end();
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  await channel.send({ kind: "task-result", result });
  exit(0);
}

/** The reason that the parent ends the task for: a cancellation or a timeout. */
function reasonOf(cause: string, code: string | undefined): DatapyError {
  if (code === undefined || code === "DATAPY_CANCELED" || !isErrorCode(code))
    return fault("DATAPY_CANCELED", { cause: cause.replace(/^canceled by /, "") });
  const { exitCode, hint } = ERROR_TABLE[code];
  return new DatapyError({ code, message: cause, hint, exitCode });
}
