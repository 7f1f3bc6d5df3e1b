import { startRunner } from "@datapy/sdk/start-runner";
import type { StartedRunner } from "@datapy/sdk/start-runner";

/**
 * The runner process of this invocation, started before oclif was loaded so that both load at the same time. It is state of the
 * process, as the process itself is: there is one command line, and oclif makes the command object that will ask for it.
 */
let started: StartedRunner | undefined;

/** Starts a runner where the command line looks as if it will need one. Called first of all by `bin/run.js`. */
export function startEarly(argv: readonly string[]): void {
  const [command = "", ...rest] = argv;
  const end = rest.indexOf("--");
  const own = end === -1 ? rest : rest.slice(0, end);
  if (
    !(command.startsWith("run-") || command === "replay") ||
    own.length === 0 ||
    own.includes("--help") ||
    own.includes("-h")
  )
    return;
  started = startRunner();
}

/** The runner of this invocation; started now where that did not happen early. */
export function takeRunner(): StartedRunner {
  const runner = started ?? startRunner();
  started = undefined;
  return runner;
}

/** Ends a runner that was started early and is not needed. */
export function discardRunner(): void {
  started?.dispose();
  started = undefined;
}

/** Whether a runner was started early: it then owns this process's signals. */
export function runnerStarted(): boolean {
  return started !== undefined;
}
