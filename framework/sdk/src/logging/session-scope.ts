import { AsyncLocalStorage } from "node:async_hooks";
import { stderrTerminal } from "../progress/stderr-terminal.js";
import { isLevelEnabled } from "./log-level.js";
import { readRecord, renderJson, renderPretty } from "./log-line.js";
import type { LogInput } from "./log-line.js";
import type { SessionLog } from "./session-log-types.js";

/** What a line logged from here belongs to. */
export interface LogScope {
  readonly log: SessionLog;
  /** `mod`, `run_id` and whatever else each line of this scope carries. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** State of the process, one for all loaded copies of the sdk. */
interface ScopeState {
  readonly storage: AsyncLocalStorage<LogScope>;
  /** Sessions that are open in this process, oldest first: lines from outside every scope belong to the newest. */
  readonly sessions: SessionLog[];
  /** Lines that were logged before any session was open. */
  early: LogInput[];
  openImplicit: (() => Promise<unknown>) | undefined;
  opening: boolean;
  flushAtExit: boolean;
}

const STATE = Symbol.for("datapy.log-scope.1");

/** Lines that wait for the session to open; past that, the oldest go to stderr alone. */
const MOST_EARLY_LINES = 10_000;

function state(): ScopeState {
  const shared = globalThis as typeof globalThis & { [STATE]: ScopeState | undefined };
  return (shared[STATE] ??= {
    storage: new AsyncLocalStorage(),
    sessions: [],
    early: [],
    openImplicit: undefined,
    opening: false,
    flushAtExit: false,
  });
}

/** Runs `action` so that whatever it logs through `setupLogger`, also later and in modules that it imports, belongs to `scope`. */
export function withLogScope<Result>(scope: LogScope, action: () => Result): Result {
  return state().storage.run(scope, action);
}

/** The scope that a line logged here and now belongs to: the one entered, else the newest open session of the process. */
export function currentLogScope(): LogScope | undefined {
  const { storage, sessions } = state();
  const entered = storage.getStore();
  if (entered !== undefined) return entered;
  const log = sessions.at(-1);
  return log === undefined ? undefined : { log, context: {} };
}

/**
 * Makes `log` the one that lines from outside every scope go to, until {@link leaveSession}. Lines that were logged before the
 * process had a session are written to it first, with their own times.
 */
export function enterSession(log: SessionLog): void {
  const shared = state();
  shared.sessions.push(log);
  const waiting = shared.early;
  shared.early = [];
  for (const line of waiting) log.write(line);
}

/** Ends what {@link enterSession} began. */
export function leaveSession(log: SessionLog): void {
  const { sessions } = state();
  const index = sessions.lastIndexOf(log);
  if (index >= 0) sessions.splice(index, 1);
}

/**
 * Says how to open the session of a script that has none: called when such a script logs its first line. The opener ends in
 * {@link enterSession}; until then lines wait.
 */
export function onFirstLine(open: () => Promise<unknown>): void {
  state().openImplicit = open;
}

/** Keeps a line until a session opens. A process that ends without one writes them to stderr. */
export function keepEarlyLine(line: LogInput): void {
  const shared = state();
  shared.early.push(line);
  if (shared.early.length > MOST_EARLY_LINES) writeToStderr(shared.early.splice(0, 1));
  if (!shared.flushAtExit) {
    shared.flushAtExit = true;
    process.once("exit", () => writeToStderr(shared.early.splice(0)));
  }
  if (shared.opening || shared.openImplicit === undefined) return;
  shared.opening = true;
  shared
    .openImplicit()
    // Whoever runs the first mod gets the same error; here the lines matter.
    .catch(() => undefined)
    .finally(() => {
      shared.opening = false;
      if (shared.sessions.length === 0) writeToStderr(shared.early.splice(0));
    });
}

function writeToStderr(lines: readonly LogInput[]): void {
  const terminal = stderrTerminal();
  for (const line of lines) {
    if (!isLevelEnabled(line.level, "info")) continue;
    const record = readRecord(line, (text) => text);
    terminal.writeLine(terminal.isTerminal ? renderPretty(record, terminal.hasColor) : renderJson(record));
  }
}
