import { localEngine } from "../jobs/engine/local-engine.js";
import type { JobEngine, Outcome } from "../jobs/engine/engine-types.js";

/** What a replay changes of a job. */
export interface ReplayChanges {
  /** The step that set the rows aside. */
  readonly step: string;
  /** Its parameters, over all others: those that name the corrected rows. */
  readonly params: Readonly<Record<string, unknown>>;
  /** What other steps gave in the session that set them aside. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** Runs steps as the local engine does, one of them on other rows. */
export function replayEngine({ step, params, outcomes }: ReplayChanges): JobEngine {
  return {
    name: "replay",
    async open(environment, host) {
      const local = await localEngine.open(environment, host);
      const ran = new Set<string>();
      return {
        run(task, controls) {
          const own = task.step.path ?? task.step.stepId ?? "";
          ran.add(own);
          const then = Object.entries(task.outcomes).map(
            ([id, outcome]) => [id, ran.has(id) ? outcome : (outcomes.get(id) ?? outcome)] as const,
          );
          return local.run(
            {
              ...task,
              cache: null,
              outcomes: Object.fromEntries(then),
              step: own === step ? { ...task.step, params: { ...task.step.params, ...params } } : task.step,
            },
            controls,
          );
        },
        close: () => local.close(),
      };
    },
  };
}
