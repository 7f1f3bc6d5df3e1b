import { localEngine } from "../jobs/engine/local-engine.js";
import type { JobEngine, StepTask, TaskResult } from "../jobs/engine/engine-types.js";
import { findMod } from "../registry/find-mod.js";
import type { Session } from "../runner/session-types.js";

/** A step that a preview left out. */
export interface LeftOutStep {
  readonly step: string;
  readonly mod: string;
  readonly category: string;
}

/**
 * Runs sources and transformers as the local engine does, and leaves out sinks and whatever may change something outside: they succeed
 * without having been opened. `onLeftOut` is told of them.
 */
export function previewEngine(onLeftOut: (step: LeftOutStep) => void): JobEngine {
  return {
    name: "preview",
    async open(environment, host) {
      const local = await localEngine.open(environment, host);
      return {
        async run(task, controls) {
          const { session } = host;
          const { step } = task;
          const mod = findMod(step.mod, {
            cwd: session.cwd,
            env: session.env,
            version: step.version,
            registry: session.registry,
          });
          // Of a mod that is no package the category is known from its code alone.
          const category = mod.origin === "path" ? await categoryOf(mod) : mod.category;
          // Isolated steps would not know that this is a preview.
          if (category === "source" || category === "transformer")
            return local.run({ ...task, isolate: false, cache: null }, controls);
          onLeftOut({ step: step.path ?? step.stepId ?? mod.name, mod: mod.name, category });
          return leftOut(session, task, mod.name, mod.version);
        },
        close: () => local.close(),
      };
    },
  };
}

async function categoryOf(mod: ReturnType<typeof findMod>): Promise<string> {
  const { loadMod } = await import("../contract/load-mod.js");
  return (await loadMod(mod)).metadata.category ?? "solo";
}

function leftOut(session: Session, task: StepTask, mod: string, version: string): TaskResult {
  return {
    envelope: {
      status: "success",
      execution_time: 0,
      metrics: {},
      artifacts: {},
      globals: {},
      warnings: [],
      errors: [],
      logs: { log_file: session.log.file, session_id: session.id, run_id: `${mod}_${task.runSuffix}` },
    },
    mod,
    version,
    failures: [],
    artifacts: [],
    bookmarks: [],
    cached: false,
  };
}
