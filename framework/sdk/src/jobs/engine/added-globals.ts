import { isDeepStrictEqual } from "node:util";

/** Globals that steps of a job have added, and who sees them. */
export interface AddedGlobals {
  /** What a step sees: what was given to the job, then what the steps before it added, the later one deciding. */
  seenBy(step: number): Readonly<Record<string, unknown>>;
  /**
   * Notes what a step added. Gives the first step that added another value under one of the keys though neither of the two comes after the
   * other: which of the values held would be a matter of chance.
   */
  add(
    step: number,
    globals: Readonly<Record<string, unknown>>,
  ): { readonly key: string; readonly by: number } | undefined;
  /** What the job as a whole added. */
  all(): Readonly<Record<string, unknown>>;
}

/**
 * @param isBefore whether a step comes before another, by their places in running order
 * @param given what was there before the job
 */
export function addedGlobals(
  isBefore: (one: number, other: number) => boolean,
  given: Readonly<Record<string, unknown>>,
): AddedGlobals {
  const writers = new Map<number, Readonly<Record<string, unknown>>>();
  const inOrder = (): [number, Readonly<Record<string, unknown>>][] =>
    [...writers].sort(([one], [other]) => one - other);
  return {
    seenBy(step) {
      if (writers.size === 0) return given;
      const seen: Record<string, unknown> = { ...given };
      for (const [writer, globals] of inOrder()) if (isBefore(writer, step)) Object.assign(seen, globals);
      return seen;
    },
    add(step, globals) {
      if (Object.keys(globals).length === 0) return undefined;
      const conflict = inOrder().flatMap(([by, others]) => {
        if (by === step || isBefore(by, step) || isBefore(step, by)) return [];
        const key = Object.keys(globals).find(
          (one) => Object.hasOwn(others, one) && !isDeepStrictEqual(others[one], globals[one]),
        );
        return key === undefined ? [] : [{ key, by }];
      })[0];
      writers.set(step, globals);
      return conflict;
    },
    all: () => Object.assign({}, ...inOrder().map(([, globals]) => globals)) as Record<string, unknown>,
  };
}
