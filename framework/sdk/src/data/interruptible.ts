import { isDatapyError } from "@datapy/mod-kit";
import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbError, isInterrupt } from "./duckdb-error.js";

/** How often an interrupt is repeated until the statement has ended, in milliseconds. */
const REPEAT_MS = 20;

/**
 * Runs `operation` on `connection`, and interrupts it when `signal` aborts. Throws the signal's reason then, and otherwise DuckDB's
 * error as a `DatapyError`.
 */
export async function interruptible<Result>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  operation: () => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  let repeating: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    // An interrupt that comes just before the statement starts in its own thread is lost.
    repeating = setInterval(() => connection.interrupt(), REPEAT_MS);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    return await operation();
  } catch (error) {
    if (signal.aborted && isInterrupt(error)) throw signal.reason;
    throw isDatapyError(error) ? error : duckdbError(error);
  } finally {
    signal.removeEventListener("abort", interrupt);
    clearInterval(repeating);
  }
}
