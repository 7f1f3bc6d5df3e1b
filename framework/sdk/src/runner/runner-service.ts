import path from "node:path";
import type { ExitCode } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { createMasker } from "../secrets/masker.js";
import type { Masker } from "../secrets/masker-types.js";
import { maskProcessOutput } from "../secrets/mask-process-output.js";
import { exitCodeOf } from "../result/exit-code-of.js";
import { currentRun } from "./current-run.js";
import { failureEnvelope } from "./failure-envelope.js";
import { startParentWatch } from "./parent-watch.js";
import { runName } from "./run-name.js";
import { runStep } from "./run-step.js";
import { endGroup } from "./runner-channel.js";
import type { RunnerChannel } from "./runner-channel.js";
import type { RunModRequest, RunnerRequest, ToRunner } from "./runner-protocol.js";
import { openSession } from "./session.js";
import type { Session, SessionOptions } from "./session-types.js";

/** The message that asks for something. */
export type RequestMessage = Extract<ToRunner, { kind: "request" }>;

/** What a request came to. */
export interface ServedRequest {
  readonly exitCode: ExitCode;
  /** An `Envelope`, with `runs` beside its keys for a script. */
  readonly envelope: object;
  readonly session: Session | undefined;
}

/** Answers the one request of this process, and ends the process. `beforeResult` is called when the work is done. */
export function serve(channel: RunnerChannel, beforeResult: () => void): void {
  void channel.request.then(async (message) => {
    if (message.kind === "request") return answer(channel, message, beforeResult);
    const { serveTask } = await import("./serve-task.js");
    return serveTask(channel, message);
  });
}

async function answer(channel: RunnerChannel, message: RequestMessage, beforeResult: () => void): Promise<void> {
  // eslint-disable-next-line no-restricted-properties -- called when all is written and flushed
  const exit = process.exit.bind(process);
  let answered = false;
  process.on("exit", (code) => {
    // Small enough to go out at once, even while the process is ending.
    if (!answered) void channel.send({ kind: "exiting", code });
  });
  const startedAt = performance.now();
  const masker = createMasker();
  const output = maskProcessOutput(masker);
  let served: ServedRequest;
  try {
    startParentWatch();
    process.chdir(message.request.cwd);
    served = await handle(channel, message, masker);
  } catch (error) {
    const envelope = failureEnvelope(error, {
      executionTime: (performance.now() - startedAt) / 1000,
      logs: {
        log_file: "",
        session_id: message.sessionId,
        run_id: `${runName(sessionName(message.request))}_${message.runSuffix}`,
      },
    });
    served = { exitCode: envelope.exit_code, envelope, session: undefined };
  }
  await served.session?.close(served.exitCode);
  beforeResult();
  output.end();
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  await channel.send({ kind: "result", exitCode: served.exitCode, envelope: JSON.stringify(served.envelope) });
  answered = true;
  // Nobody is left who would end the processes that a mod started.
  if (!process.connected) endGroup(undefined);
  // What a mod left open (timers, sockets, pools) shall not keep the process.
  exit(0);
}

async function handle(channel: RunnerChannel, message: RequestMessage, masker: Masker): Promise<ServedRequest> {
  const { request, sessionId } = message;
  const options: SessionOptions = {
    id: sessionId,
    name: sessionName(request),
    masker,
    cwd: request.cwd,
    configuration: request.configuration,
    logLevel: request.logLevel,
    logFormat: request.logFormat,
    metricsFile: request.metricsFile,
    progress: request.progress,
  };
  switch (request.kind) {
    case "run-mod":
      return serveMod(channel, request, message.runSuffix, options);
    case "run-script": {
      const { serveScript } = await import("./serve-script.js");
      return serveScript(channel, request, message.runSuffix, options);
    }
    case "run-job": {
      const { serveJob } = await import("./serve-job.js");
      return serveJob(channel, message, request, options);
    }
  }
}

async function serveMod(
  channel: RunnerChannel,
  request: RunModRequest,
  runSuffix: string,
  options: SessionOptions,
): Promise<ServedRequest> {
  const session = await openSession(options);
  announce(channel, session);
  channel.onCancel(({ cause, graceMs }) => session.abort(fault("DATAPY_CANCELED", { cause }), graceMs));
  takeStrayErrors((error) => session.fail(error));
  // eslint-disable-next-line no-restricted-properties -- replaced, not called
  process.exit = (code): never => {
    const error = fault("DATAPY_MOD_EXITED", {
      mod: currentRun()?.run.mod ?? request.reference,
      code: String(code ?? process.exitCode ?? 0),
    });
    session.fail(error);
    throw error;
  };
  const envelope = await runStep(
    session,
    {
      mod: request.reference,
      ...(request.version === undefined ? {} : { version: request.version }),
      ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    },
    { runSuffix },
  );
  return { exitCode: exitCodeOf(envelope), envelope, session };
}

/** Log file and ledger are named after the file of `-p`, the script, or the mod. */
function sessionName(request: RunnerRequest): string {
  if (request.kind === "run-script") return path.parse(request.script).name;
  const { file } = request.configuration;
  if (file !== undefined && "path" in file) return path.parse(file.path).name;
  return request.kind === "run-job" ? "job" : runName(request.reference);
}

/** Tells the supervisor what it needs to speak for this process, and who runs. */
export function announce(channel: RunnerChannel, session: Session): void {
  channel.temporaryPath = session.temporary.path;
  void channel.send({
    kind: "session",
    id: session.id,
    logFile: session.log.file,
    workPath: session.workPath,
    temporaryPath: session.temporary.path,
    name: session.name,
    startedAt: session.startedAt.toISOString(),
    namespace: session.configuration?.project?.name,
    uuid: session.uuid,
  });
  session.listen((event) => {
    if (event.kind === "run-started") {
      const { runId, mod, step, timeoutMs } = event;
      void channel.send({
        kind: "run-started",
        runId,
        mod,
        ...(step === undefined ? {} : { step }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
    } else if (event.kind === "run-ended") void channel.send({ kind: "run-ended", summary: event.summary });
  });
}

/** An error that reaches no one belongs to the run whose code made it, and otherwise to `others`. */
export function takeStrayErrors(others: (error: unknown) => void): void {
  const stray = (error: unknown): void => {
    const run = currentRun();
    if (run !== undefined) run.fail(error);
    else others(error);
  };
  process.on("uncaughtException", stray);
  process.on("unhandledRejection", stray);
}

/** Resolves when the stream has handed over what was written to it. */
export function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}
