import { setTimeout as sleep } from "node:timers/promises";
import { DatapyError } from "@datapy/mod-kit";
import { ConnectionPool, withRetry } from "../src/index.js";
import type { DatabaseConnection } from "../src/index.js";

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe("connection pool", () => {
  test("never opens more than its size; waits; replaces broken ones; closes all", async () => {
    let open = 0;
    let opened = 0;
    // Only `close` is used by the pool.
    const connect = (): Promise<DatabaseConnection> => {
      open += 1;
      opened += 1;
      return Promise.resolve({ close: () => Promise.resolve(void (open -= 1)) } as DatabaseConnection);
    };
    const pool = new ConnectionPool(connect, 2);
    const first = await pool.acquire();
    await pool.acquire();
    let third: DatabaseConnection | undefined;
    void pool.acquire().then((connection) => (third = connection));
    await sleep(10);
    expect([open, third]).toEqual([2, undefined]);
    await pool.release(first, true);
    await sleep(10);
    expect([open, opened, third !== undefined]).toEqual([2, 3, true]);
    await pool.close();
    expect(open).toBe(0);
  });
});

describe("retry", () => {
  const policy = { maxRetries: 2, delay: 1, signal: new AbortController().signal, log };
  test("tries again only what says that it may pass, and not for ever", async () => {
    let tries = 0;
    const failing = (retryable: boolean) => (): Promise<never> => {
      tries += 1;
      return Promise.reject(new DatapyError({ code: "X", message: "x", retryable }));
    };
    await expect(withRetry(failing(true), policy)).rejects.toMatchObject({ code: "X" });
    expect(tries).toBe(3);
    await expect(withRetry(failing(false), policy)).rejects.toMatchObject({ code: "X" });
    expect(tries).toBe(4);
    const aborted = AbortSignal.abort(new Error("stop"));
    await expect(withRetry(failing(true), { ...policy, signal: aborted })).rejects.toThrow("stop");
    expect(tries).toBe(4);
  });
});
