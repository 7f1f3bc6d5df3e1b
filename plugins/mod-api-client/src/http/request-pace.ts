import { setTimeout as sleep } from "node:timers/promises";

/** Spaces requests out: at most `perSecond`, and none before a time that the server has asked for. */
export class RequestPace {
  readonly #gap: number;
  #next = 0;

  constructor(perSecond: number | undefined) {
    this.#gap = perSecond === undefined ? 0 : 1_000 / perSecond;
  }

  /** Waits for the turn of one request. Rejects with the signal's reason. */
  async turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const now = performance.now();
      if (this.#next <= now) {
        this.#next = now + this.#gap;
        return;
      }
      if (this.#gap > 0) {
        const mine = this.#next;
        this.#next += this.#gap;
        await pause(mine - now, signal);
        return;
      }
      await pause(this.#next - now, signal);
    }
  }

  /** No request of this client begins for so many milliseconds. */
  hold(milliseconds: number): void {
    this.#next = Math.max(this.#next, performance.now() + milliseconds);
  }
}

/** Waits; rejects with the signal's reason as soon as that is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
