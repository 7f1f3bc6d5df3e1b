/** A number of places, of which each run takes one. */
export interface Slots {
  /** Takes a place, waiting for one in turn; gives how to give it back. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Makes `count` places. */
export function makeSlots(count: number): Slots {
  let free = count;
  const waiting: ((taken: () => void) => void)[] = [];
  const giveBack = (): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next(giveBack());
    };
  };
  return {
    take(signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (free > 0) {
        free -= 1;
        return Promise.resolve(giveBack());
      }
      return new Promise((resolve, reject) => {
        const taken = (release: () => void): void => {
          signal.removeEventListener("abort", aborted);
          resolve(release);
        };
        const aborted = (): void => {
          waiting.splice(waiting.indexOf(taken), 1);
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", aborted, { once: true });
        waiting.push(taken);
      });
    },
  };
}

/** Takes a place of each, the narrowest first: the places of a sub-job, then those of the job around it. */
export function joinSlots(narrow: Slots, wide: Slots): Slots {
  return {
    async take(signal) {
      const giveBackNarrow = await narrow.take(signal);
      try {
        const giveBackWide = await wide.take(signal);
        return () => {
          giveBackWide();
          giveBackNarrow();
        };
      } catch (error) {
        giveBackNarrow();
        throw error;
      }
    },
  };
}
