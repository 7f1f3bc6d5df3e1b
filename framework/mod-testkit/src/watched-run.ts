import type { Envelope, ModContext, ModDefinition } from "@datapy/mod-kit";
import type { Workplace } from "./workplace.js";

/** A run, and what the mod did in it. */
export interface WatchedRun {
  readonly envelope: Envelope;
  /** Names of all metrics that the mod added, those that the host does not take too. */
  readonly metrics: ReadonlySet<string>;
  /** Settles when the mod itself has ended, which may be after the envelope; `undefined` when it was not begun. */
  readonly ended: Promise<void> | undefined;
}

/** Runs a mod and watches it. With `cancel` the run is canceled as soon as the mod has begun. */
export async function watchedRun(
  definition: ModDefinition,
  place: Workplace,
  params: Readonly<Record<string, unknown>>,
  options: { readonly cancel?: boolean } = {},
): Promise<WatchedRun> {
  const metrics = new Set<string>();
  const controller = new AbortController();
  let ended: Promise<void> | undefined;
  const watched: ModDefinition = {
    ...definition,
    run(given, ctx) {
      const running = Promise.resolve(definition.run(given, noting(ctx, metrics)));
      ended = running.then(
        () => undefined,
        () => undefined,
      );
      // After the mod's first steps, and before most of its work.
      if (options.cancel === true) setImmediate(() => controller.abort());
      return running;
    },
  };
  const envelope = await place.run(watched, { params, signal: controller.signal });
  return { envelope, metrics, ended };
}

/** The context with a note of every metric that is added. */
function noting(ctx: ModContext, metrics: Set<string>): ModContext {
  const { result } = ctx;
  const addMetric = (key: string, value: unknown): void => {
    metrics.add(key);
    result.addMetric(key, value);
  };
  const noted = Object.create(result, { addMetric: { value: addMetric } }) as typeof result;
  return Object.create(ctx, { result: { value: noted } }) as ModContext;
}
