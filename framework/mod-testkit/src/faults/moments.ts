import { appendFileSync } from "node:fs";

/** What is to happen at the moments of this process. */
interface Plan {
  /** File that the names of all moments go to, one a line. */
  readonly record?: string;
  /** The moment at which the process ends: the `nth` (from 1) of a name. */
  readonly kill?: { readonly name: string; readonly nth: number };
}

interface Moments {
  plan: Plan;
  readonly seen: Map<string, number>;
}

// On the global object, so that a preload and the runner agree though each may load a copy of this file.
const KEY: unique symbol = Symbol.for("datapy.testkit.moments");
const shared = globalThis as { [KEY]?: Moments | undefined };

function moments(): Moments {
  shared[KEY] ??= { plan: {}, seen: new Map() };
  return shared[KEY];
}

/** Says what is to happen, and begins to count anew. */
export function planMoments(plan: Plan): void {
  const all = moments();
  all.plan = plan;
  all.seen.clear();
}

/**
 * A moment at which a suite may end this process for real. A preload calls it wherever its mod is about to do, or has just done, something
 * that changes its target: it wraps functions of the driver that the mod uses, so that the mod's own code is what is tested.
 *
 * Names that {@link testSink} asks for: `open`, `batch`, `before commit`, `after commit`; others are free.
 */
export function moment(name: string): void {
  const { plan, seen } = moments();
  const count = (seen.get(name) ?? 0) + 1;
  seen.set(name, count);
  if (plan.record !== undefined) appendFileSync(plan.record, `${name}\n`);
  if (plan.kill?.name !== name || plan.kill.nth !== count) return;
  process.kill(process.pid, "SIGKILL");
  // The signal may take a moment of its own; nothing goes on meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
