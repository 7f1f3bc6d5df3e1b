import type { Envelope } from "@datapy/mod-kit";
import type { RunSummary } from "./runner-protocol.js";

/** What happens in a session, as `runEvents()` of the sdk tells it. */
export type RunEvent =
  | {
      readonly kind: "run-started";
      readonly runId: string;
      readonly mod: string;
      readonly step: string | undefined;
      readonly at: Date;
      readonly timeoutMs: number | undefined;
    }
  | {
      readonly kind: "progress";
      readonly runId: string;
      readonly mod: string;
      readonly done: number;
      readonly total: number | undefined;
      readonly unit: "rows" | "bytes" | "files";
    }
  | {
      readonly kind: "run-ended";
      readonly runId: string;
      readonly mod: string;
      readonly step: string | undefined;
      readonly at: Date;
      readonly envelope: Envelope;
      readonly summary: RunSummary;
    };

/** Hands events to any number of readers, each at its own pace. */
export interface RunEventChannel {
  emit(event: RunEvent): void;
  /** Calls `listener` for every event, at once. Returns how to end that. */
  listen(listener: (event: RunEvent) => void): () => void;
  /** Events from now on, until {@link close}. What a reader has not taken yet is kept for it; of progress, the latest of each run. */
  events(): AsyncIterableIterator<RunEvent>;
  close(): void;
}

/** Makes a channel. */
export function createRunEventChannel(): RunEventChannel {
  const listeners = new Set<(event: RunEvent) => void>();
  const endings = new Set<() => void>();
  let closed = false;
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      for (const end of endings) end();
      listeners.clear();
    },
    events() {
      const waiting: RunEvent[] = [];
      let taker: ((result: IteratorResult<RunEvent>) => void) | undefined;
      let over = closed;
      const listener = (event: RunEvent): void => {
        if (taker !== undefined) {
          taker({ done: false, value: event });
          taker = undefined;
          return;
        }
        const stale =
          event.kind === "progress"
            ? waiting.findIndex((one) => one.kind === "progress" && one.runId === event.runId)
            : -1;
        if (stale >= 0) waiting.splice(stale, 1);
        waiting.push(event);
      };
      const end = (): void => {
        over = true;
        listeners.delete(listener);
        endings.delete(end);
        taker?.({ done: true, value: undefined });
        taker = undefined;
      };
      if (!over) {
        listeners.add(listener);
        endings.add(end);
      }
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        next() {
          const event = waiting.shift();
          if (event !== undefined) return Promise.resolve({ done: false, value: event });
          if (over) return Promise.resolve({ done: true, value: undefined });
          return new Promise((resolve) => (taker = resolve));
        },
        return() {
          waiting.length = 0;
          end();
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}
