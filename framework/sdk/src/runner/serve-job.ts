import { fault } from "../errors.js";
import { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { executeJob } from "../jobs/execute-job.js";
import type { JobRequest } from "../jobs/run-job-types.js";
import { prepareJob } from "../jobs/resume/prepare-job.js";
import { currentRun } from "./current-run.js";
import { failureEnvelope } from "./failure-envelope.js";
import type { RunnerChannel } from "./runner-channel.js";
import type { RunJobRequest } from "./runner-protocol.js";
import { announce, takeStrayErrors } from "./runner-service.js";
import type { RequestMessage, ServedRequest } from "./runner-service.js";
import { openSession } from "./session.js";
import type { SessionOptions } from "./session-types.js";

/** Runs a job in this process, in a session of its own or in that of an earlier invocation. */
export async function serveJob(
  channel: RunnerChannel,
  { runSuffix, sentAt }: Pick<RequestMessage, "runSuffix" | "sentAt">,
  request: RunJobRequest,
  options: SessionOptions,
): Promise<ServedRequest> {
  const prepared = await prepareJob(request, options);
  const session = await openSession(prepared.options);
  announce(channel, session);
  channel.onCancel(({ cause, graceMs }) => session.abort(fault("DATAPY_CANCELED", { cause }), graceMs));
  takeStrayErrors((error) => session.fail(error));
  // eslint-disable-next-line no-restricted-properties -- replaced, not called
  process.exit = (code): never => {
    const error = fault("DATAPY_MOD_EXITED", {
      mod: currentRun()?.run.mod ?? session.name,
      code: String(code ?? process.exitCode ?? 0),
    });
    session.fail(error);
    throw error;
  };
  const { configuration, configurationFault } = session;
  if (configurationFault !== undefined || !(configuration instanceof ResolvedConfiguration)) {
    const logs = {
      log_file: session.log.file,
      session_id: session.id,
      run_id: `${session.name.replace(/[^A-Za-z0-9_-]+/g, "_")}_${runSuffix}`,
    };
    const envelope = session.masker.maskJson({
      ...failureEnvelope(configurationFault, { executionTime: 0, logs }),
      steps: [],
    });
    for (const text of envelope.errors) session.log.lifecycle("error", text);
    return { exitCode: envelope.exit_code, envelope, session };
  }
  const job: JobRequest = {
    configuration,
    selection: selectionOf(request, prepared.selection),
    maxParallel: request.maxParallel ?? prepared.maxParallel,
    timeoutMs:
      request.timeoutMs === undefined ? prepared.timeoutMs : Math.max(1, request.timeoutMs - (Date.now() - sentAt)),
    onEmpty: request.onEmpty ?? prepared.onEmpty,
    runSuffix,
    earlier: prepared.earlier,
    onSteps: (steps) => void channel.send({ kind: "steps", steps }),
    onStep: (summary) => void channel.send({ kind: "step-ended", summary: session.masker.maskJson(summary) }),
    onCleanUp: (graceMs) => void channel.send({ kind: "cleaning-up", graceMs }),
  };
  const { envelope, exitCode } = await executeJob(session, job);
  return { exitCode, envelope, session };
}

function selectionOf(request: RunJobRequest, earlier: JobRequest["selection"]): JobRequest["selection"] {
  const { step, select, from } = request;
  if (step === undefined && select === undefined && from === undefined) return earlier;
  return {
    ...(step === undefined ? {} : { step }),
    ...(select === undefined ? {} : { select }),
    ...(from === undefined ? {} : { from }),
  };
}
