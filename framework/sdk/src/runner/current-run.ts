import { AsyncLocalStorage } from "node:async_hooks";
import type { Session } from "./session-types.js";

/** The run that code belongs to. */
export interface CurrentRun {
  readonly session: Session;
  readonly run: { readonly id: string; readonly mod: string };
  /** Ends the run with an error that reached no one: an uncaught exception, an unhandled rejection. */
  fail(error: unknown): void;
}

const STORAGE = Symbol.for("datapy.current-run.1");

/** One for all loaded copies of the sdk. */
function storage(): AsyncLocalStorage<CurrentRun> {
  const shared = globalThis as Partial<Record<symbol, AsyncLocalStorage<CurrentRun>>>;
  return (shared[STORAGE] ??= new AsyncLocalStorage<CurrentRun>());
}

/** The run that the caller belongs to, also after any `await`. */
export function currentRun(): CurrentRun | undefined {
  return storage().getStore();
}

/** Runs `action` as part of `run`. */
export function withCurrentRun<Result>(run: CurrentRun, action: () => Result): Result {
  return storage().run(run, action);
}
