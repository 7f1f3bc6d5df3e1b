/** What a suite needs of a test runner. Those of jest, vitest (with `globals`) and `node:test` fit. */
export interface TestApi {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => Promise<void> | void, timeout?: number) => void;
  readonly beforeAll: (action: () => Promise<void> | void, timeout?: number) => void;
  readonly afterAll: (action: () => Promise<void> | void, timeout?: number) => void;
}

type Body = () => Promise<void> | void;
type Globals = Partial<Record<keyof TestApi, (...args: unknown[]) => void>>;

/** The runner that a file is being run by: the globals of jest or vitest, else `node:test`. */
export function testApi(): TestApi {
  const { describe, test, beforeAll, afterAll } = globalThis as Globals;
  if (describe !== undefined && test !== undefined && beforeAll !== undefined && afterAll !== undefined)
    return { describe, test, beforeAll, afterAll };
  // Only where it is needed: to load it makes node print a report of tests when the process ends.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a suite is declared at once, without waiting
  const own = require("node:test") as typeof import("node:test");
  const limit = (timeout?: number): { timeout?: number } => (timeout === undefined ? {} : { timeout });
  return {
    describe: (name, body) => void own.describe(name, body),
    test: (name, body: Body, timeout) => void own.test(name, limit(timeout), async () => body()),
    beforeAll: (action: Body, timeout) => own.before(async () => action(), limit(timeout)),
    afterAll: (action: Body, timeout) => own.after(async () => action(), limit(timeout)),
  };
}
