import path from "node:path";
import type { ConfigurationRequest } from "../config/configuration-types.js";
import { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { fault } from "../errors.js";
import { openSession } from "../runner/session.js";
import type { Session, SessionOptions } from "../runner/session-types.js";

/** A job file and what it is read with. */
export interface JobFileRequest extends Pick<ConfigurationRequest, "cwd" | "env"> {
  readonly file: string;
  readonly environmentName?: string | undefined;
  /** `--set` arguments. */
  readonly sets?: readonly string[] | undefined;
  /** Level of the log lines that are shown on stderr. Default none. */
  readonly logLevel?: string | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens a session for a job file, and closes it after `use`. Throws where the file cannot be read. */
export async function withJobSession<Result>(
  request: JobFileRequest,
  options: Partial<SessionOptions>,
  use: (session: Session, configuration: ResolvedConfiguration) => Promise<Result>,
): Promise<Result> {
  const { file, cwd, env, sets, environmentName, signal } = request;
  const session = await openSession({
    name: path.parse(file).name,
    cwd,
    env,
    logLevel: request.logLevel,
    isQuiet: request.logLevel === undefined,
    progress: false,
    configuration: {
      file: { path: file },
      ...(sets === undefined ? {} : { sets }),
      ...(environmentName === undefined ? {} : { environmentName }),
    },
    ...options,
  });
  const abort = (): void => session.abort(fault("DATAPY_CANCELED", { cause: "the caller" }));
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const { configuration, configurationFault } = session;
    if (configurationFault !== undefined || !(configuration instanceof ResolvedConfiguration)) throw configurationFault;
    return await use(session, configuration);
  } finally {
    signal?.removeEventListener("abort", abort);
    await session.close(signal?.aborted === true ? 50 : 0);
  }
}
