/**
 * A process that does a task of the sdk that runs code of mods, for a command that is not to run it itself. What the code prints goes to
 * stderr, and it may hang or end its process.
 */
import { toFaults } from "../errors/to-faults.js";
import type { TaskOutcome, TaskRequest } from "./run-task.js";

const canceled = new AbortController();
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => canceled.abort());

async function perform({ task, request }: TaskRequest): Promise<unknown> {
  const shared = { env: process.env, signal: canceled.signal };
  switch (task) {
    case "guess": {
      const { guessParameters } = await import("@datapy/sdk/guess");
      return guessParameters({ ...request, ...shared });
    }
    case "test": {
      const { runTestCase } = await import("@datapy/sdk/pipeline-tests");
      return runTestCase({ ...request, ...shared });
    }
    case "replay": {
      const { replayQuarantine } = await import("@datapy/sdk/quarantine");
      return replayQuarantine({ ...request, ...shared });
    }
    case "check": {
      const { checkJob } = await import("@datapy/sdk/check");
      return checkJob({ ...request, ...shared });
    }
    case "preview": {
      const { previewJob } = await import("@datapy/sdk/preview");
      return previewJob({ ...request, ...shared });
    }
  }
}

async function answer(message: TaskRequest): Promise<TaskOutcome> {
  try {
    return { ok: true, result: await perform(message) };
  } catch (error) {
    const faults = toFaults(error).map(({ code, message, hint, exitCode, location }) => ({
      code,
      message,
      exitCode,
      ...(hint === undefined ? {} : { hint }),
      ...(location === undefined ? {} : { location }),
    }));
    return { ok: false, faults };
  }
}

process.once("message", (message: TaskRequest) => {
  void answer(message).then((outcome) =>
    // eslint-disable-next-line no-restricted-properties -- the answer is sent, and what a mod left open is not to keep the process
    process.send?.(outcome, () => process.exit(0)),
  );
});
