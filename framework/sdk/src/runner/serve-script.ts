import path from "node:path";
import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { LONGEST_MS, TIMEOUT_GRACE_MS, timeoutFault } from "./run-deadline.js";
import { runScript } from "./run-script.js";
import type { RunnerChannel } from "./runner-channel.js";
import type { RunScriptRequest } from "./runner-protocol.js";
import { announce, takeStrayErrors } from "./runner-service.js";
import type { ServedRequest } from "./runner-service.js";
import { scriptState } from "./script-session.js";
import type { SessionOptions } from "./session-types.js";

/** How long a canceled script may go on when no mod of it is running, in milliseconds. */
const IDLE_GRACE_MS = 1_000;

/**
 * Runs a script in this process. Its session is opened by what needs one first, so that the script can still say where its log is to
 * go. When it is canceled, or its time is up, the mods that run end first; then the script has a second to end by itself.
 */
export async function serveScript(
  channel: RunnerChannel,
  request: RunScriptRequest,
  runSuffix: string,
  options: SessionOptions,
): Promise<ServedRequest> {
  const file = path.resolve(request.cwd, request.script);
  const state = scriptState();
  state.options = { ...options, script: file };

  let ending: { readonly reason: DatapyError; readonly graceMs: number | undefined } | undefined;
  let reject: (error: unknown) => void = () => undefined;
  const over = new Promise<never>((_, rejected) => (reject = rejected));
  over.catch(() => undefined);
  const leaveWhenIdle = (reason: DatapyError): void => {
    if (state.session === undefined || state.session.active.size === 0)
      setTimeout(() => reject(reason), reason.exitCode === 40 ? TIMEOUT_GRACE_MS : IDLE_GRACE_MS);
  };
  const end = (reason: DatapyError, graceMs?: number): void => {
    if (ending !== undefined) return;
    ending = { reason, graceMs };
    state.session?.abort(reason, graceMs);
    leaveWhenIdle(reason);
  };
  state.onOpen = (session) => {
    announce(channel, session);
    session.listen((event) => {
      // The run itself leaves the list after it has told of its end.
      if (event.kind === "run-ended" && ending !== undefined) setImmediate(leaveWhenIdle, ending.reason);
    });
    if (ending !== undefined) session.abort(ending.reason, ending.graceMs);
  };
  channel.onCancel(({ cause, graceMs }) => end(fault("DATAPY_CANCELED", { cause }), graceMs));
  if (request.timeoutMs !== undefined) {
    const { timeoutMs } = request;
    setTimeout(() => end(timeoutFault(path.parse(file).name, timeoutMs)), Math.min(timeoutMs, LONGEST_MS)).unref();
  }
  takeStrayErrors(reject);

  const { envelope, exitCode, session } = await runScript({
    file,
    arguments: request.arguments,
    runSuffix,
    over,
    ended: () => ending?.reason,
  });
  return { exitCode, envelope, session };
}
