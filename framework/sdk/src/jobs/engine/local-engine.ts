import type { EngineHost, JobEngine, JobEnvironment, OpenEngine } from "./engine-types.js";
import { runTask } from "./run-task.js";

/**
 * The engine that is built in: tasks run in this process, side by side as far as they wait for DuckDB, databases and networks; those that
 * ask for it (`isolate`) in a process of their own.
 */
export const localEngine: JobEngine = {
  name: "local",
  open: (environment, host) => Promise.resolve(openLocal(environment, host)),
};

function openLocal(environment: JobEnvironment, host: EngineHost): OpenEngine {
  return {
    run: async (task, controls) => {
      if (!task.isolate) return runTask(host.session, host.configuration(task.scope), task, controls);
      const { runIsolated } = await import("./isolated-task.js");
      return runIsolated(environment, host, task, controls);
    },
    close: () => Promise.resolve(),
  };
}
