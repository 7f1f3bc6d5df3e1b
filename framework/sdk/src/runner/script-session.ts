import path from "node:path";
import type { ExitCode } from "@datapy/mod-kit";
import { onFirstLine } from "../logging/session-scope.js";
import { currentRun } from "./current-run.js";
import { attachToProcess } from "./plain-script.js";
import { openSession } from "./session.js";
import type { Session, SessionOptions } from "./session-types.js";

/** What a script has said and done so far in this process. */
export interface ScriptState {
  /** How its session will be opened; `run-script` sets more than a plain script can. */
  options: SessionOptions;
  globals: Readonly<Record<string, unknown>>;
  /** Whether `globals` have changed since the session read its configuration. */
  stale: boolean;
  opening: Promise<Session> | undefined;
  session: Session | undefined;
  /** The worst exit code among the results that the script left to the session. */
  worst: ExitCode;
  /** Errors and warnings of those results. */
  readonly errors: string[];
  readonly warnings: string[];
  /** Parameters that the script was given with `-p` and `--set`. */
  params: Readonly<Record<string, unknown>>;
  /** Globals of its configuration, as far as they are known before its session is open. */
  configured: Readonly<Record<string, unknown>>;
  /** Called once, when the session has been opened. */
  onOpen: (session: Session) => void;
}

const STATE = Symbol.for("datapy.script.1");

/** The state of the script of this process, one for all loaded copies of the sdk. */
export function scriptState(): ScriptState {
  const shared = globalThis as { [STATE]?: ScriptState };
  if (shared[STATE] === undefined) {
    shared[STATE] = {
      options: { name: scriptName(process.argv[1]), script: process.argv[1] },
      globals: {},
      stale: false,
      opening: undefined,
      session: undefined,
      worst: 0,
      errors: [],
      warnings: [],
      params: {},
      configured: {},
      onOpen: (session) => attachToProcess(session, () => scriptState().worst),
    };
    // A moment later, so that a script which logs a line first can still say where its log is to go.
    onFirstLine(() => new Promise((resolve) => setImmediate(() => resolve(currentSession()))));
  }
  return shared[STATE];
}

/** The session that the caller belongs to; a script's own is opened by the first call. */
export async function currentSession(): Promise<Session> {
  const running = currentRun();
  if (running !== undefined) return running.session;
  const state = scriptState();
  state.opening ??= openSession({ ...state.options, globals: state.globals }).then((session) => {
    state.session = session;
    state.onOpen(session);
    return session;
  });
  const session = await state.opening;
  if (state.stale) {
    state.stale = false;
    await session.reconfigure(state.globals);
    warnOfLateGlobals(state, session);
  }
  return session;
}

/** Globals as the script sees them: of configuration and `setGlobalConfig`, and what its runs have added. */
export function scriptGlobals(): Readonly<Record<string, unknown>> {
  const { session, globals, configured } = scriptState();
  return { ...configured, ...session?.globals, ...globals };
}

/** Globals that count only until the session is open. */
const EARLY_GLOBALS = ["log_path", "log_level", "log_format", "work_path"];

function warnOfLateGlobals(state: ScriptState, session: Session): void {
  const late = EARLY_GLOBALS.filter((name) => state.globals[name] !== session.options.globals?.[name]);
  if (late.length === 0) return;
  session.log.lifecycle("warn", `${late.join(", ")} came after the first run or log line and has no effect`, {}, {});
}

/** Sets globals of the script's session. */
export function setGlobals(globals: Readonly<Record<string, unknown>>): void {
  const state = scriptState();
  state.globals = { ...state.globals, ...globals };
  state.stale = state.opening !== undefined;
}

/** A script's file name without its ending. */
export function scriptName(file: string | undefined): string {
  const name = file === undefined ? "" : path.parse(file).name;
  return name === "" || name === "-" ? "script" : name;
}
